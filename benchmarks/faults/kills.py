"""Kills of `expand` at random moments: the tree must end as that of a run never killed."""

from __future__ import annotations

import json
import random
import shutil
import sys
import time
from hashlib import sha256
from pathlib import Path

from benchmarks.faults.processes import KILLS, Table, draw_images, ending, run, start, strike

SOURCES, FACTOR = 200, 8
ALONE = [kill for kill in KILLS if kill != "kill -9 worker"]
SITUATIONS = ("fresh", "overwrite", "growth")
FREE = ("cost", "platform", "source")
"""Keys of the run card that hold times and places."""


def contents(folder: Path) -> dict[str, str]:
    """Return a hash of every file, temporary ones and records included."""
    result = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            if path.name == "expand.json":
                card = {key: value for key, value in json.loads(data).items() if key not in FREE}
                data = json.dumps(card, sort_keys=True).encode()
            result[path.relative_to(folder).as_posix()] = sha256(data).hexdigest()
    return result


def campaign(folder: Path, times: int, seed: int, table: Table) -> None:
    """Kill `expand` at least `times` times in several situations, and compare what came out."""
    rng = random.Random(seed)
    src = draw_images(folder / "src", SOURCES)
    begun = time.monotonic()
    assert run(["expand", src, folder / "whole", "--factor", FACTOR, "--workers", 2]) == "0"
    seconds = time.monotonic() - begun
    whole = contents(folder / "whole")
    _prepare(folder, src)
    killed, episode = 0, 0
    while killed < times:
        situation = SITUATIONS[episode % len(SITUATIONS)]
        out = folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        if situation != "fresh":
            shutil.copytree(folder / situation, out)
        command = ["expand", src, out, "--factor", FACTOR, "--workers", 1 + episode % 2]
        extra = ["--overwrite"] if situation == "overwrite" else []
        killed += _kill_often(command, extra, situation, seconds, rng, table)
        again = run([*command, *extra])
        table.compare(
            again == "0" and contents(out) == whole, f"episode {episode}, {situation}: {again}"
        )
        print(f"{killed} kills, {len(table.different)} differences", file=sys.stderr, flush=True)
        episode += 1


def _prepare(folder: Path, src: Path) -> None:
    """Write what the situations begin with: another expansion, and a smaller one."""
    run(["expand", src, folder / "overwrite", "--factor", FACTOR, "--seed", 1, "--workers", 1])
    run(["expand", src, folder / "growth", "--factor", FACTOR // 2, "--workers", 1])


def _kill_often(
    command: list[object],
    extra: list[str],
    situation: str,
    seconds: float,
    rng: random.Random,
    table: Table,
) -> int:
    """Start a command up to four times, and kill it each time; return how many kills hit it."""
    hits = 0
    for _ in range(4):
        process = start([*command, *extra])
        kill = rng.choice(KILLS if command[-1] == 2 else ALONE)
        time.sleep(rng.uniform(0.05, 0.9) * seconds)
        hit = strike(process, kill)
        outcome = ending(process)
        if not hit and outcome == "0":
            break  # done before the kill came
        hits += hit
        if hit:
            table.add(f"{kill}, {situation}", outcome)
    return hits
