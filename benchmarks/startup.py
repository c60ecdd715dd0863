"""Start-up time of `--help`; the goal is under 0.3 s."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.timing import time_arms


def main() -> None:
    """Print the median and the slowest of twenty starts of each command."""
    arms = {
        f"{name} --help": lambda name=name: subprocess.run(
            [sys.executable, "-m", name, "--help"], capture_output=True, check=True
        )
        for name in ("expand", "train")
    }
    for name, seconds in time_arms(arms, 20).items():
        print(f"{name:44} {sorted(seconds)[10]:.3f} s  (slowest {max(seconds):.3f} s; n=20)")


if __name__ == "__main__":
    main()
