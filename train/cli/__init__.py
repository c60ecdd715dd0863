"""The command `train`."""

from train.cli.command import main

__all__ = ["main"]
