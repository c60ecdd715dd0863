"""`python -m benchmarks [NAME ...]`: run the named benchmarks, or all of them in turn."""

from __future__ import annotations

import sys
from importlib import import_module

ALL = ("startup", "coverage", "expanding", "training")

if __name__ == "__main__":
    for name in sys.argv[1:] or ALL:
        print(f"== {name}")
        import_module(f"benchmarks.{name}").main()
