"""Kills of `train compare --jobs 2`: every trial must end in the weights of one never killed."""

from __future__ import annotations

import json
import random
import shutil
import sys
import time
from pathlib import Path

from benchmarks.faults.processes import KILLS, Table, draw_images, kill_often, run


def weights(out: Path) -> dict[str, tuple[str, float]]:
    """Return the weights' hash and the accuracy of each trial."""
    results = {path.name: json.loads(path.read_text()) for path in (out / "runs").glob("*.json")}
    return {name: (result["weights"], result["accuracy"]) for name, result in results.items()}


def campaign(folder: Path, times: int, seed: int, table: Table) -> None:
    """Kill a comparison at least `times` times, and compare what came out."""
    rng = random.Random(seed)
    data, test = draw_images(folder / "data", 60), folder / "test"
    for path in sorted(data.rglob("*.png"))[:24]:
        (test / path.parent.name).mkdir(parents=True, exist_ok=True)
        path.rename(test / path.parent.name / f"test-{path.name}")
    common = ["train", "compare", data, "--test", test, "--factor", 2, "--epochs", "4,8"]
    common += ["--seeds", 3, "--jobs", 2, "--device", "cpu", "--cache", folder / "cache", "--quiet"]
    begun = time.monotonic()
    first = run([*common, "--out", folder / "whole"])
    seconds = time.monotonic() - begun
    whole = weights(folder / "whole")
    killed, episode = 0, 0
    while killed < times:
        out = folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        hits, seconds = kill_often([*common, "--out", out], KILLS, seconds, rng, table)
        killed += hits
        again = run([*common, "--out", out])
        same = again == first == "0" and bool(whole) and weights(out) == whole
        table.compare(same, f"episode {episode}: {again} (first run: {first})")
        print(f"{killed} kills, {len(table.different)} differences", file=sys.stderr, flush=True)
        episode += 1
