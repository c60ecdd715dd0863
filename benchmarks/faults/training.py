"""Kills of `train` at random moments: weights and metrics must be those of a run never killed."""

from __future__ import annotations

import random
import shutil
import sys
import time
from pathlib import Path

from benchmarks.faults.processes import KILLS, Table, draw_images, kill_often, run

KEPT = ("model.safetensors", "metrics.jsonl")
KINDS = [kill for kill in KILLS if kill != "kill -9 worker"]


def campaign(folder: Path, times: int, seed: int, table: Table) -> None:
    """Kill `train` at least `times` times, and compare what came out."""
    rng = random.Random(seed)
    data = draw_images(folder / "data", 90)
    common = ["train", data, "--strategy", "fly", "--epochs", 30, "--threads", 1, "--quiet"]
    common += ["--device", "cpu", "--precision", "fp32", "--cache", folder / "cache"]
    begun = time.monotonic()
    whole = run([*common, "--out", folder / "whole"])
    seconds = time.monotonic() - begun
    killed, episode = 0, 0
    while killed < times:
        out = folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        hits, seconds = kill_often([*common, "--out", out], KINDS, seconds, rng, table)
        killed += hits
        again = run([*common, "--out", out])
        same = again == whole == "0" and all(
            (out / name).read_bytes() == (folder / "whole" / name).read_bytes() for name in KEPT
        )
        same = same and {path.name for path in out.iterdir()} == {
            path.name for path in (folder / "whole").iterdir()
        }
        table.compare(same, f"episode {episode}: {again}")
        print(f"{killed} kills, {len(table.different)} differences", file=sys.stderr, flush=True)
        episode += 1
