"""What augmentation is worth in images on several sets: one command, which resumes.

    python -m benchmarks.worth cut FOLDER SETS/NAME/train 1200
    python -m benchmarks.worth run SETS OUT --minutes 9

`cut` copies the first images of each class, so many, spread over the files of the class. `run`
studies every set NAME of SETS (NAME/train and NAME/test, class folders) in turn: draws of 2,000
sources, six seeds, 8 trials side by side. A name that ends in `-64px` trains at 64×64 pixels. After
that many minutes the study that is running is interrupted; the same command goes on where it ended.
Every trial is kept in OUT/NAME as it ends, beside the page. Options after `--` are passed on to
`train worth` and replace the ones below:

    python -m benchmarks.worth run SETS OUT -- --sources 80 --sizes 1/2,1 --seeds 2 --epochs 2
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

OPTIONS = (
    *("--arms", "none,fly,disk", "--factor", "4", "--sources", "2000", "--sizes", "1/8,1/4,1/2,1"),
    *("--epochs", "10,40", "--seeds", "6", "--jobs", "8"),
)
AT_64 = "-64px"
END_SECONDS = 60
"""How long an interrupted study has to end its trials."""


def cut(folder: Path, to: Path, most: int) -> int:
    """Copy at most so many images of each class, spread over its files; return how many."""
    copied = 0
    for own in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = sorted(path for path in own.iterdir() if path.is_file())
        chosen = np.unique(np.linspace(0, len(files) - 1, min(most, len(files))).astype(int))
        (to / own.name).mkdir(parents=True, exist_ok=True)
        for index in chosen:
            shutil.copyfile(files[index], to / own.name / files[index].name)
        copied += len(chosen)
    return copied


def study(own: Path, out: Path, deadline: float, more: Sequence[str]) -> bool:
    """Run or resume the study of one set; return whether it ended before the deadline."""
    size = ["--image-size", "64"] if own.name.endswith(AT_64) else []
    command = [
        *(sys.executable, "-m", "train", "worth", str(own / "train"), "--test", str(own / "test")),
        *(*OPTIONS, *size, "--out", str(out), "--cache", str(out.parent / "packs"), *more),
    ]
    with subprocess.Popen(command) as process:
        try:
            status = process.wait(max(1.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            try:
                status = process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                return False
    if status not in (0, 1, 130):
        raise SystemExit(f"{own.name}: train worth ended with status {status}")
    return status != 130


def report(out: Path) -> None:
    """Print how many trials there are, and what was found."""
    trials = len(list((out / "runs").glob("*.json")))
    print(f"\n{out.name}: {trials} trials", flush=True)
    if (out / "worth.json").is_file():
        found = json.loads((out / "worth.json").read_text())
        lines = [*found["headline"], *(f"  {rate['words']}" for rate in found["rates"])]
        print("\n".join(lines), flush=True)


def main() -> None:
    """Cut a set, or study all of them."""
    words = sys.argv[1:]
    more = words[words.index("--") + 1 :] if "--" in words else []
    parser = argparse.ArgumentParser(prog="benchmarks.worth")
    commands = parser.add_subparsers(dest="command", required=True)
    cutting = commands.add_parser("cut")
    cutting.add_argument("folder", type=Path)
    cutting.add_argument("to", type=Path)
    cutting.add_argument("most", type=int)
    running = commands.add_parser("run")
    running.add_argument("sets", type=Path)
    running.add_argument("out", type=Path)
    running.add_argument("--minutes", type=float, default=9.0)
    asked = parser.parse_args(words[: words.index("--")] if "--" in words else words)
    if asked.command == "cut":
        print(f"{cut(asked.folder, asked.to, asked.most):,} images in {asked.to}")
        return
    deadline = time.monotonic() + 60 * asked.minutes
    names = sorted(path.name for path in asked.sets.iterdir() if (path / "train").is_dir())
    for name in names:
        ended = study(asked.sets / name, asked.out / name, deadline, more)
        report(asked.out / name)
        if not ended:
            print("Run the same command again to resume.", flush=True)
            return


if __name__ == "__main__":
    main()
