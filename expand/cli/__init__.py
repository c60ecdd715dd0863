"""The command `expand`."""

from expand.cli.command import main

__all__ = ["main"]
