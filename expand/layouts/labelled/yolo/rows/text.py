"""Rows of a label file: a class and numbers, one object a row."""

from __future__ import annotations

import math
from typing import NamedTuple

from expand.errors import BadImageError, cut

MOST_BYTES = 16 << 20
"""The largest label file that is read."""
FURTHEST = 1.0
"""Widths or heights by which a coordinate can lie outside; one further away is in pixels."""
UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Row(NamedTuple):
    """One object of a label file."""

    line: int
    """The number of its line, from 1."""
    kind: str
    """Its class, as written."""
    numbers: tuple[float, ...]
    text: str
    """The row as written, with single blanks."""


class Rows(NamedTuple):
    """What a label file says."""

    name: str
    rows: list[Row]
    plain: bool
    """Whether Ultralytics can take the text apart: UTF-8, and no line of blanks between rows."""

    def bad(self, row: Row, problem: str) -> BadImageError:
        """Return the error for a row."""
        return BadImageError(f'"{self.name}", line {row.line}: {problem}')


def read_rows(name: str, data: bytes) -> Rows:
    """Read a label file; raise BadImageError with its name and the line if that is not possible."""
    if len(data) > MOST_BYTES:
        raise BadImageError(f'"{name}" is larger than {MOST_BYTES >> 20} MiB')
    encoding = "utf-16" if data.startswith(UTF16) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadImageError(f'"{name}" is not UTF-8 text') from error
    if "\0" in text:
        raise BadImageError(f'"{name}" is not text: it has zero bytes')
    lines = text.splitlines()
    rows = [_read(name, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    blank = any(line and not line.strip() for line in text.strip().splitlines())
    return Rows(name, rows, encoding == "utf-8-sig" and not data.startswith(b"\xef") and not blank)


def _read(name: str, number: int, line: str) -> Row:
    kind, *words = line.split()
    where = f'"{name}", line {number}'
    try:
        class_number = float(kind)
    except ValueError:
        raise BadImageError(f'{where}: the class must be a number, got "{cut(kind)}"') from None
    if not class_number.is_integer() or class_number < 0 or "_" in kind:
        raise BadImageError(f'{where}: the class must be a whole number from 0, got "{cut(kind)}"')
    return Row(
        number, kind, tuple(_number(where, word) for word in words), " ".join([kind, *words])
    )


def _number(where: str, word: str) -> float:
    try:
        number = math.nan if "_" in word else float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadImageError(f'{where}: "{cut(word)}" is not a number')
    return number


def check_shares(rows: Rows, row: Row, numbers: tuple[float, ...]) -> None:
    """Raise BadImageError if coordinates are no shares of the image's width and height."""
    for number in numbers:
        if not -FURTHEST <= number <= 1 + FURTHEST:
            raise rows.bad(
                row,
                f"{number:g} is far outside the image; coordinates are shares of its width and "
                "height (0 to 1), not pixels",
            )
