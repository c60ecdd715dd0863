"""The command `expand`."""

from __future__ import annotations

from typing import NoReturn

from expand import interrupts

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command, and exit; signals are noted before anything else is imported."""
    interrupts.listen()
    from expand.cli.command import main as run

    run()
