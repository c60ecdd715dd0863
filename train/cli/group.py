"""The group of the commands of `train`."""

from __future__ import annotations

from typing import Any

import click

from expand.cli.terminal import FolderFirst


class TrainCommands(FolderFirst):
    """A group whose commands use torch."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Memory that runs out anywhere, and a GPU that fails, are explained."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.exceptions.Abort):
            raise  # both are RuntimeErrors: --help of a command ends by the first one
        except RuntimeError as error:
            # not at the top: --help does not load torch
            from train.runtime.memory import explained

            raise explained(error) from error
