"""The terminal: how a command begins, a subcommand or a folder as its first word, and how it ends: a sentence, a status."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

import click

from expand.errors import ExpandError

INTERRUPTED = 130


class FolderFirst(click.Group):
    """A group whose first word is a subcommand or a folder: without a subcommand, the one called `run` is meant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `run` where no subcommand is named."""
        if not args or (
            args[0] not in self.commands and args[0] not in ("--help", "-h", "--version")
        ):
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show both ways to call."""
        with click.Context(self.commands["run"], parent=ctx) as inner:
            folders = [
                argument.make_metavar(inner)
                for argument in inner.command.params
                if isinstance(argument, click.Argument)
            ]
        formatter.write_usage(ctx.command_path, " ".join([*folders, "[OPTIONS]"]))
        formatter.write_usage(ctx.command_path, "COMMAND …", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the options of `run` beside the subcommands."""
        with click.Context(self.commands["run"], parent=ctx) as inner:
            inner.command.format_options(inner, formatter)
        self.format_commands(ctx, formatter)


def run_to_exit(
    command: click.Command, name: str, goes_on: str, also: type[Exception] = ExpandError
) -> NoReturn:
    """Run a command; every failure is one sentence on stderr and an exit status.

    `goes_on` is what to say after an interruption; `also` is another exception that carries a sentence and a status.
    """
    signal.signal(signal.SIGTERM, _stop)
    try:
        status = command.main(standalone_mode=False, prog_name=name)
    except (ExpandError, also) as error:
        status = getattr(error, "status", 1)
        click.echo(f"{name}: {error}", err=True)
    except click.ClickException as error:
        error.show()
        status = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo(f"{name}: interrupted; {goes_on}", err=True)
        status = INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except ImportError as error:
        click.echo(f'{name}: {error}; pip install ".[train]"', err=True)
        status = 2
    sys.exit(status if isinstance(status, int) else 0)


def _stop(_number: int, _frame: object) -> NoReturn:
    """Stop as after Ctrl-C; not through that signal, which a job in the background ignores."""
    raise KeyboardInterrupt
