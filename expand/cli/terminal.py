"""The terminal: how a command starts (a subcommand or a folder) and ends (message, status)."""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from expand import interrupts
from expand.cli.groups import PlainCommand
from expand.cli.output import (
    NobodyReadsError,
    discard_output,
    echo,
    encodable,
    flush_output,
    prepare_streams,
    visible,
)
from expand.errors import REFUSED, STOPPED, ExpandError
from expand.interrupts import INTERRUPTED

NO_FOLDER = "the current folder does not exist any more; change to another one"

NO_MEMORY = ("failed to map segment", "annot allocate memory")
"""What the system says of a library that it has no memory for."""


class _RunContext(click.Context):
    """The context of the default command, which usage errors name as the user calls it."""

    @property
    def command_path(self) -> str:
        """The name of the program, without that of the default command."""
        return self.parent.command_path if self.parent else super().command_path


class FolderFirst(click.Group):
    """A group whose first argument is a subcommand or a folder; the default command is `run`."""

    command_class = PlainCommand

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command."""
        if (name or cmd.name) == "run":
            cmd.context_class = _RunContext
        super().add_command(cmd, name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. A pipe that broke is not that of standard output, as click takes it."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ExpandError("a pipe to another process broke", STOPPED) from error

    def get_help(self, ctx: click.Context) -> str:
        """Return the text of `--help`, in characters that standard output can encode."""
        return encodable(super().get_help(ctx), sys.stdout)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Insert `run` where no subcommand is named, unless a shell completes the first word."""
        own = [*self.commands, "--help", "-h", "--version"]
        if args and args[0] not in own and not ctx.resilient_parsing:
            self._check_first(args[0])
        if args[0] not in own if args else not ctx.resilient_parsing:
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def _check_first(self, word: str) -> None:
        """Refuse a misspelt subcommand, which would be taken for a folder that does not exist."""
        from difflib import get_close_matches

        close = get_close_matches(word, self.commands.keys() - {"run"}, n=1, cutoff=0.75)
        if close and not os.path.lexists(word):
            raise ExpandError(
                f'"{word}" is neither a command nor a folder; did you mean "{close[0]}"?'
            )

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the subcommands, the options of `run`, and folders."""
        run = self.commands["run"]
        items = super().shell_complete(ctx, incomplete)
        with click.Context(run, parent=ctx, resilient_parsing=True) as inner:
            if incomplete.startswith("-"):
                known = {item.value for item in items}
                more = run.shell_complete(inner, incomplete)
                return items + [item for item in more if item.value not in known]
            return items + _arguments(run)[0].shell_complete(inner, incomplete)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show both ways to call the command."""
        with click.Context(self.commands["run"], parent=ctx) as inner:
            folders = [argument.make_metavar(inner) for argument in _arguments(inner.command)]
        formatter.write_usage(ctx.command_path, " ".join([*folders, "[OPTIONS]"]))
        formatter.write_usage(ctx.command_path, "COMMAND …", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the options of `run`, then the subcommands."""
        with click.Context(self.commands["run"], parent=ctx) as inner:
            inner.command.format_options(inner, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands, each with the whole first sentence of its help."""
        listed = [(name, command) for name, command in self.commands.items() if name != "run"]
        with formatter.section("Commands"):
            rows = [(name, each.get_short_help_str(limit=999)) for name, each in sorted(listed)]
            formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Say in one line how a shell completes this command."""
        name = ctx.find_root().info_name or ""
        variable = f"_{name.replace('-', '_').upper()}_COMPLETE"
        formatter.write_paragraph()
        formatter.write(
            f'Shell completion: eval "$({variable}=bash_source {name})"; '
            "also zsh_source, fish_source.\n"
        )


def _arguments(command: click.Command) -> list[click.Argument]:
    return [param for param in command.params if isinstance(param, click.Argument)]


def program_name(*names: str) -> str:
    """Return the name by which the program was called, if it is one of `names`; else the first."""
    called = Path(sys.argv[0]).stem
    return called if called in names else names[0]


def run_to_exit(
    command: click.Command, name: str, hint: str, also: type[Exception] = ExpandError
) -> NoReturn:
    """Run a command and exit; every failure is one message on stderr and an exit status.

    `hint` is printed after an interruption, "" prints nothing; `also` is another exception that has a status.
    """
    interrupts.listen()
    prepare_streams()
    try:
        status = command.main(standalone_mode=False, prog_name=name)
        interrupts.check()
        flush_output()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # raised again if unknown
        status = _report(error, name, hint, also)
    finally:
        interrupts.settle()
    sys.exit(status if isinstance(status, int) else 0)


def _report(error: BaseException, name: str, hint: str, also: type[Exception]) -> int:
    """Say why a command ended, and return its exit status; raise what is not expected again."""
    # What fails after a signal usually fails because of it: other processes got it too.
    if interrupts.pending() or isinstance(error, click.Abort | KeyboardInterrupt):
        interrupts.settle()
        if hint:
            echo(f"{name}: interrupted. {hint}", err=True)
        return INTERRUPTED
    if isinstance(error, ExpandError | also):
        echo(visible(f"{name}: {error}"), err=True)
        return int(getattr(error, "status", 1))
    if isinstance(error, click.ClickException):
        shown = io.StringIO()
        error.show(shown)
        echo(shown.getvalue().removesuffix("\n"), err=True)
        return REFUSED
    if isinstance(error, NobodyReadsError):
        return 0
    if isinstance(error, ImportError) and not _lacks_memory(error):
        echo(visible(f'{name}: a library is missing: pip install ".[train]" ({error})'), err=True)
        return REFUSED
    if isinstance(error, OSError | MemoryError | ImportError):
        discard_output()
        echo(visible(f"{name}: {explain(error)}"), err=True)
        return STOPPED
    raise error


def need_folder(name: str) -> None:
    """Exit with a message if there is no current folder, without which some libraries abort."""
    if not _has_folder():
        prepare_streams()
        echo(f"{name}: {NO_FOLDER}", err=True)
        sys.exit(REFUSED)


def _lacks_memory(error: BaseException | None) -> bool:
    """Tell whether a library could not be loaded because the system gave it no memory."""
    while error:
        if any(words in str(error) for words in NO_MEMORY) or isinstance(error, MemoryError):
            return True
        error = error.__cause__ or error.__context__
    return False


def explain(error: OSError | MemoryError | ImportError) -> str:
    """Say what the system refused, and to which file."""
    if isinstance(error, ImportError):
        return "a library cannot be loaded: there is not enough memory (see ulimit -v)"
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "too many open files; raise the limit (ulimit -n), or use fewer --workers"
    if not _has_folder():
        return NO_FOLDER
    reason = error.strerror or str(error) or type(error).__name__
    if not isinstance(error.filename, (str, bytes)):
        return reason
    return f'"{os.fsdecode(error.filename)}" cannot be used: {reason}'


def _has_folder() -> bool:
    """Tell whether there is a current folder."""
    try:
        Path.cwd()
    except OSError:
        return False
    return True
