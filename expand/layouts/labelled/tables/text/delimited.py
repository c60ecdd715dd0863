"""Delimited text (CSV): rows and cells with their places, so that all else stays as it is written.

The rules are those of Python's csv module: a quoted cell begins with a quote, a quote in it is
written twice, and it may contain line ends. The module does not tell where a cell is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from expand.layouts.labelled.tables.text.record import Record, RecordError, TableError, splice

SEPARATORS = (",", "\t", ";", "|")
BLANKS = ""
"""The separator of a table whose cells are separated by any number of blanks, without quotes."""
LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")
QUOTED = r' *"[^"]*(?:""[^"]*)*"'


class Cell(NamedTuple):
    """A cell of a row, and where it is written."""

    value: str
    begin: int
    end: int


@lru_cache
def _cell(separator: str) -> re.Pattern[str]:
    plain = f"[^{re.escape(separator)}\r\n]*"
    return re.compile(f"{QUOTED}{plain}|{plain}")


def records(text: str, separator: str, name: str) -> Iterator[Record]:
    """Yield the rows of a text; raise TableError for a quote that is never closed."""
    position, line = 0, 1
    while position < len(text):
        match = LINE.match(text, position)
        assert match
        begin, end = position, match.end(1)
        if separator and '"' in match[1]:
            end = _end(text, begin, separator, name, line)
        ending = _line_end(text, end)
        yield Record(line, text[begin:end], ending)
        line += 1 + len(re.findall(r"\r\n|\n|\r", text[begin:end])) if end > match.end(1) else 1
        position = end + len(ending)


def _end(text: str, position: int, separator: str, name: str, line: int) -> int:
    """Return where a row ends that has quotes."""
    while True:
        match = _cell(separator).match(text, position)
        assert match
        if match[0].lstrip(" ").startswith('"') and not re.match(QUOTED, match[0]):
            raise TableError(f'"{name}", line {line}: a quote is opened and never closed')
        position = match.end()
        if not text.startswith(separator, position):
            return position
        position += 1


def _line_end(text: str, position: int) -> str:
    if text.startswith("\r\n", position):
        return "\r\n"
    return text[position : position + 1]


@dataclass(frozen=True)
class Delimited:
    """The format of a delimited table."""

    separator: str
    columns: tuple[str, ...]
    empty = ""

    def values(self, text: str) -> Mapping[str, str]:
        """Return the cells of a row; raise RecordError if it has more than there are columns."""
        found = split(text, self.separator)
        values = dict(zip(self.columns, found, strict=False))
        if len(found) > len(self.columns) and any(found[len(self.columns) :]):
            expected = f"there are {len(self.columns)} columns"
            raise RecordError(f"has {len(found)} cells, and {expected}", values)
        return values

    def replace(self, text: str, changes: Mapping[str, str]) -> str:
        """Return a row with other values in some cells; it becomes longer if it lacks one."""
        if not self.separator or '"' in text:
            return self._replace_quoted(text, changes)
        cells = text.split(self.separator)
        for name, new in changes.items():
            index = self.columns.index(name)
            cells += [""] * (index + 1 - len(cells))
            cells[index] = self._write(cells[index], new)
        return self.separator.join(cells)

    def _replace_quoted(self, text: str, changes: Mapping[str, str]) -> str:
        needed = 1 + max((self.columns.index(name) for name in changes), default=-1)
        text += self.separator * max(0, needed - len(split(text, self.separator)))
        cells = dict(zip(self.columns, cells_of(text, self.separator), strict=False))
        return splice(
            text,
            (
                (cell.begin, cell.end, self._write(text[cell.begin : cell.end], new))
                for name, new in changes.items()
                if (cell := cells.get(name))
            ),
        )

    def _write(self, old: str, new: str) -> str:
        """Return the text of a cell: quoted as before, or if it must be; blanks around it stay."""
        bare = old.strip(" ")
        quoted = bare.startswith('"') or any(each in new for each in ('"', "\r", "\n"))
        if self.separator and (quoted or self.separator in new):
            new = '"' + new.replace('"', '""') + '"'
        begin = len(old) - len(old.lstrip(" ")) if bare else 0
        return old[:begin] + new + (old[begin + len(bare) :] if bare else "")


def split(text: str, separator: str) -> list[str]:
    """Return the values of a row, without blanks around them."""
    if not separator:
        return text.split()
    if '"' not in text:
        return [each.strip() for each in text.split(separator)]
    return [cell.value for cell in cells_of(text, separator)]


def cells_of(text: str, separator: str) -> list[Cell]:
    """Return the cells of a row with their places."""
    if not separator:
        return [Cell(match[0], *match.span()) for match in re.finditer(r"\S+", text)]
    cells, position, pattern = list[Cell](), 0, _cell(separator)
    while True:
        match = pattern.match(text, position)
        assert match
        cells.append(Cell(_value(match[0]), *match.span()))
        position = match.end()
        if position >= len(text):
            return cells
        position += 1


def _value(raw: str) -> str:
    if quoted := re.match(QUOTED, raw):
        inner = quoted[0].lstrip(" ")[1:-1].replace('""', '"')
        return (inner + raw[quoted.end() :]).strip()
    return raw.strip()


def name_columns(heading: Sequence[str]) -> tuple[str, ...]:
    """Return different names for columns: a number for one without, ".1" added to the second.

    So pandas does it.
    """
    names: list[str] = []
    for number, each in enumerate(heading, 1):
        name, count = each or str(number), 0
        while name in names:
            count += 1
            name = f"{each or number}.{count}"
        names.append(name)
    return tuple(names)
