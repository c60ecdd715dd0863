"""Options in titled groups, and arguments that a shell can complete."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from expand.cli.output import encodable
from expand.storage.stores.url import is_url

Command = TypeVar("Command", bound=Callable[..., Any])
COMMON, OTHER = "Common options", "Other options"
COLUMN = 30
"""The widest first column of `--help`; a longer option puts its description on the next line."""


class PlainCommand(click.Command):
    """A command whose `--help` has only characters that standard output can encode."""

    def get_help(self, ctx: click.Context) -> str:
        """Return the text of `--help`."""
        return encodable(super().get_help(ctx), sys.stdout)


class GroupedCommand(PlainCommand):
    """A command whose `--help` shows options under titles; those named in `common` come first."""

    def __init__(self, *args: Any, common: tuple[str, ...] = (), **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.common = common

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section for each title, all with one width of the first column."""
        sections = self._sections(ctx)
        rows = [row for section in sections.values() for row in section]
        width = max(min(len(names), COLUMN) for names, _ in rows)
        for title, section in sections.items():
            with formatter.section(title):
                formatter.write_dl([(names.ljust(width), text) for names, text in section], COLUMN)

    def _sections(self, ctx: click.Context) -> dict[str, list[tuple[str, str]]]:
        """Return the rows of each section by its title."""
        sections: dict[str, list[tuple[str, str]]] = {COMMON: []} if self.common else {}
        options = [option for option in self.get_params(ctx) if isinstance(option, click.Option)]
        for parameter in sorted(options, key=self._rank):
            title = COMMON if parameter.name in self.common else getattr(parameter, "title", OTHER)
            if row := parameter.get_help_record(ctx):
                sections.setdefault(title, []).append(row)
        return {**sections, OTHER: sections.pop(OTHER)} if OTHER in sections else sections

    def _rank(self, parameter: click.Parameter) -> int:
        """Sort the common options first, in the order in which they are named."""
        return self.common.index(parameter.name) if parameter.name in self.common else 999


def titled(title: str, options: Iterable[Callable[[Any], Any]]) -> Callable[[Command], Command]:
    """Add options to a command, under a title in its `--help`."""

    def add(command: Any) -> Any:
        """Add the options, and name the group of each."""
        for option in reversed(list(options)):
            command = option(command)
            command.__click_params__[-1].title = title
        return command

    return add


class Folder(click.Path):
    """A path that a shell completes with folders."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take a path; refuse one that no file system has, and "", which would mean this folder."""
        if not os.fspath(value):
            self.fail("a path cannot be empty.", param, ctx)
        if "\0" in os.fspath(value):
            self.fail("a path cannot contain a null character.", param, ctx)
        if isinstance(value, str) and is_url(value):
            self.fail("a path on this machine is needed, not a URL.", param, ctx)
        return super().convert(value, param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Let the shell list folders."""
        return [CompletionItem(incomplete, type="dir")]


class FileOrFolder(Folder):
    """A path that a shell completes with files and folders."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Let the shell list files."""
        return [CompletionItem(incomplete, type="file")]


class NameOrFile(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    """One of some names, or a file: free text that a shell completes with both.

    The names may come from a function, which is called only when a shell completes. Plain data,
    which a configuration file may hold instead of a name, is left as it is.
    """

    name = "text"

    def __init__(
        self, names: Iterable[str] | Callable[[], Iterable[str]], *, files: bool = True
    ) -> None:
        self.names, self.files = names, files

    def matching(self, start: str) -> list[str]:
        """List the names that begin with `start`."""
        names = self.names() if callable(self.names) else self.names
        return [name for name in names if name.startswith(start)]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take any text, or plain data."""
        return value if isinstance(value, dict) else os.fspath(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """List the names that fit, and let the shell list files."""
        known = [CompletionItem(name) for name in self.matching(incomplete)]
        return [*known, CompletionItem(incomplete, type="file")] if self.files else known


class NameList(NameOrFile):
    """A list of names, as in flip,translate: a shell completes the last one."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """List what the last name of the list may become."""
        before, comma, last = incomplete.rpartition(",")
        return [CompletionItem(before + comma + name) for name in self.matching(last)]
