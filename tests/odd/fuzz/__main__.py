"""Run the fuzzers: python -m tests.odd.fuzz --seconds 60 --only images --first 0.

A finding has a number; the same number makes the same input again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.odd.fuzz.pool import run_inputs
from tests.odd.fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.odd.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--only", choices=list(TARGETS))
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    options = parser.parse_args()
    chosen = [options.only] if options.only else list(TARGETS)
    found = 0
    for name in chosen:
        with tempfile.TemporaryDirectory() as folder:
            run = TARGETS[name](Path(folder))
            until = time.monotonic() + options.seconds / len(chosen)
            count, findings = run_inputs(run, options.first, until)
        print(f"{name}: {count:,} executions, {len(findings)} findings", flush=True)  # noqa: T201
        for finding in findings[:20]:
            print(f"  {finding.number}: {finding.what}")  # noqa: T201
        found += len(findings)
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
