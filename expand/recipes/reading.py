"""Read a recipe's file and its YAML within bounds: a hostile file costs neither time nor memory."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import yaml

from expand.errors import ExpandError, cut
from expand.recipes.entry import Entry

MOST_BYTES, MOST_ENTRIES, MOST_LEVELS = 256 * 1024, 10_000, 60
"""A recipe of 100 techniques has 10 KB, 1,500 entries and 5 levels; a pipeline nests deeper."""


class JsonLoader(yaml.SafeLoader):
    """Reads the 1e-05 of JSON as a number, which is a text in YAML."""


JsonLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"-?[0-9]+(\.[0-9]+)?[eE][-+]?[0-9]+$"),
    list("-0123456789"),
)


def read_text(path: Path) -> str:
    """Return the text of a recipe file; refuse what is not a regular file of a sensible size."""
    try:
        # a FIFO would block here without O_NONBLOCK
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise ExpandError(f'"{path}" is not a recipe: it is not a regular file')
            data = file.read(MOST_BYTES + 1)
    except IsADirectoryError as error:
        raise ExpandError(f'"{path}" is not a recipe: it is a folder') from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ExpandError(f'"{path}" cannot be read: {reason}') from error
    check_length(len(data), str(path))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExpandError(f'"{path}" cannot be read: it is not UTF-8 text') from error


def check_length(length: int, where: str) -> None:
    """Refuse a text that is too long for a recipe."""
    if length > MOST_BYTES:
        raise ExpandError(f'"{where}" is not a recipe: it is larger than {MOST_BYTES // 1024} KiB')


def compose(text: str, where: str) -> Entry:
    """Return the root of a YAML or JSON text; `where` names the text in error messages.

    Raises `ExpandError` for what is not valid, for one that is too large or too deep once its
    aliases are filled in, and for a key that is set twice.
    """
    check_length(len(text), where)
    try:
        _check_events(text, where)
        loader = JsonLoader if text.lstrip().startswith("{") else yaml.SafeLoader
        entry = Entry(where, yaml.compose(text, Loader=loader))
        _check_nodes(entry)
        entry.value  # noqa: B018  # tags that do not fit their values raise here
    except yaml.YAMLError as error:
        raise ExpandError(_describe(error, text, where)) from error
    except (ValueError, TypeError, ArithmeticError, AttributeError, LookupError) as error:
        # constructors of YAML tags: !!int abc, a date in month 13, a mapping as a key
        raise ExpandError(
            f'"{where}": a value is not what its tag says ({cut(str(error))})'
        ) from error
    return entry


def _check_events(text: str, where: str) -> None:
    """Refuse a text with too many entries or levels, before any of it is built."""
    entries = level = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            level += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            level -= 1
        entries += isinstance(event, yaml.NodeEvent)
        if level > MOST_LEVELS or entries > MOST_ENTRIES:
            place = f", line {event.start_mark.line + 1}" if event.start_mark else ""
            raise ExpandError(f'"{where}"{place}: {_bound(level)}')


def _check_nodes(root: Entry) -> None:
    """Refuse a tree that is too large or too deep with its aliases filled in, and double keys."""
    found, count = [(root, 1)], 0
    while found:
        entry, level = found.pop()
        count += 1
        if level > MOST_LEVELS or count > MOST_ENTRIES:
            raise entry.error(f"{_bound(level)} (aliases count as what they stand for)")
        children: list[yaml.Node] = []
        if isinstance(entry.node, yaml.MappingNode):
            entry.items()
            children = [part for pair in entry.node.value for part in pair]
        elif isinstance(entry.node, yaml.SequenceNode):
            children = entry.node.value
        found += [(Entry(root.where, child), level + 1) for child in children]


def _bound(level: int) -> str:
    if level > MOST_LEVELS:
        return f"nested too deeply: a recipe has at most {MOST_LEVELS} levels"
    return f"too many entries: a recipe has at most {MOST_ENTRIES:,}"


def _describe(error: yaml.YAMLError, text: str, where: str) -> str:
    """Return what is wrong with a YAML text, and in which line."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, int(error.position)) + 1
        return f'"{where}", line {line}: not valid YAML: a character that text cannot hold'
    mark = getattr(error, "problem_mark", None)
    place = f", line {mark.line + 1}" if mark else ""
    problem = getattr(error, "problem", None) or error
    return f'"{where}"{place}: not valid YAML: {cut(str(problem))}'
