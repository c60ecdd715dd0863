"""The command `expand`."""

from __future__ import annotations

import os
from typing import NoReturn

from expand import interrupts

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command, and exit; signals are noted before anything else is imported."""
    interrupts.listen()
    # numpy's library for matrices would start a thread per core, and never need one here; a process
    # with one thread starts sooner and can be copied
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from expand.cli.command import main as run

    run()
