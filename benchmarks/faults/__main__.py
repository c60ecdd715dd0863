"""`python -m benchmarks.faults kills|disks|train-kills|compare-kills [--times N] [--seed S]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from benchmarks.faults.processes import Table

CAMPAIGNS = {
    "kills": ("kills", 200),
    "disks": ("disks", 20),
    "train-kills": ("training", 50),
    "compare-kills": ("comparing", 20),
}


def main() -> int:
    """Run one campaign, print its table, and return 1 if anything came out different."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("campaign", choices=CAMPAIGNS)
    parser.add_argument("--times", type=int, help="Faults at least.")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    module, times = CAMPAIGNS[asked.campaign]
    times = asked.times or times
    with tempfile.TemporaryDirectory() as folder:
        table = Table()
        try:
            import_module(f"benchmarks.faults.{module}").campaign(
                Path(folder), times, asked.seed, table
            )
        except KeyboardInterrupt:
            print("interrupted; so far:")
    command = f"python -m benchmarks.faults {asked.campaign} --times {times} --seed {asked.seed}"
    print(table.text(command))
    return 1 if table.different else 0


if __name__ == "__main__":
    sys.exit(main())
