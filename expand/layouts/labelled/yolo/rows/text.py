"""Rows of a label file: a class and numbers, one object a row."""

from __future__ import annotations

import math
from itertools import count
from typing import NamedTuple

from expand.errors import BadImageError, cut
from expand.storage.json import decode

MOST_BYTES = 16 << 20
"""The largest label file that is read."""
MOST_CLASSES = 1 << 24
"""Whole numbers that 32 bits of a floating-point number tell apart: Ultralytics reads such ones."""
FURTHEST = 1.0
"""Widths or heights by which a coordinate can lie outside; one further away is in pixels."""
UTF16 = (b"\xff\xfe", b"\xfe\xff")
USUAL = b"0123456789. \n"
"""The characters of a file that programs write: digits, points, and a blank between numbers."""


class Row(NamedTuple):
    """One object of a label file."""

    line: int
    """The number of its line, from 1."""
    kind: str
    """Its class, as written."""
    numbers: tuple[float, ...]
    written: str
    """The row as written."""

    @property
    def text(self) -> str:
        """The row with single blanks."""
        return " ".join(self.written.split())


class Rows(NamedTuple):
    """What a label file says."""

    name: str
    rows: list[Row]
    plain: bool
    """Whether all versions of Ultralytics can take the text apart: it is UTF-8 without a byte order
    mark, and has no line of blanks between rows."""

    def bad(self, row: Row, problem: str) -> BadImageError:
        """Return the error for a row."""
        return BadImageError(f'"{self.name}", line {row.line}: {problem}')


def read_rows(name: str, data: bytes) -> Rows:
    """Read a label file; raise BadImageError with its name and the line if that is not possible."""
    if len(data) > MOST_BYTES:
        raise BadImageError(f'"{name}" has more than {MOST_BYTES:,} bytes')
    if rows := _read_usual(data):
        return Rows(name, rows, True)
    encoding = "utf-16" if data.startswith(UTF16) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadImageError(f'"{name}" is not UTF-8 text') from error
    if "\0" in text:
        raise BadImageError(f'"{name}" is not text: it has zero bytes')
    lines = text.splitlines()
    words = [line.split() for line in lines]
    rows = [_read(name, *each) for each in zip(count(1), lines, words, strict=False) if each[2]]
    blank = len(rows) < len(lines) and any(
        line and not line.strip() for line in text.strip().splitlines()
    )
    return Rows(name, rows, encoding == "utf-8-sig" and not data.startswith(b"\xef") and not blank)


def _read_usual(data: bytes) -> list[Row]:
    """Return the rows of a file in the usual form, read as JSON in a third of the time.

    Any other file gives none, and so does one with something wrong in it.
    """
    if data.translate(None, USUAL):
        return []
    lines = data.decode().removesuffix("\n").split("\n")
    listed = "],[".join(lines).replace(" ", ",")
    try:
        return [
            Row(line, _kind(numbers[0], text), tuple(map(float, numbers[1:])), text)
            for line, (text, numbers) in enumerate(
                zip(lines, decode(f"[[{listed}]]"), strict=True), 1
            )
        ]
    except (ValueError, IndexError, OverflowError):
        return []


def _kind(number: float, text: str) -> str:
    """Return the class of a row as written; raise ValueError if it is none."""
    if number >= MOST_CLASSES or not float(number).is_integer():
        raise ValueError
    return text.partition(" ")[0]


def _read(name: str, number: int, line: str, words: list[str]) -> Row:
    kind, *words = words
    try:
        class_number = float(kind)
    except ValueError:
        wrong = f'must be a number, got "{cut(kind)}"'
        raise BadImageError(f'"{name}", line {number}: the class {wrong}') from None
    if not class_number.is_integer() or not 0 <= class_number < MOST_CLASSES or "_" in kind:
        wrong = f'must be a whole number from 0, got "{cut(kind)}"'
        raise BadImageError(f'"{name}", line {number}: the class {wrong}')
    try:
        numbers = tuple(map(float, words))
        # a sum is finite only if all are
        if math.isfinite(sum(numbers)) and "_" not in line:
            return Row(number, kind, numbers, line)
    except ValueError:
        pass
    for word in words:
        if not _is_number(word):
            raise BadImageError(f'"{name}", line {number}: "{cut(word)}" is not a number')
    return Row(number, kind, numbers, line)


def _is_number(word: str) -> bool:
    try:
        return math.isfinite(float(word)) and "_" not in word
    except ValueError:
        return False


def check_shares(rows: Rows, row: Row) -> None:
    """Raise BadImageError if numbers are not shares of the image's width and height.

    The visibility of a point (0, 1 or 2) is within the same limits.
    """
    if not row.numbers or (min(row.numbers) >= -FURTHEST and max(row.numbers) <= 1 + FURTHEST):
        return
    far = next(number for number in row.numbers if not -FURTHEST <= number <= 1 + FURTHEST)
    raise rows.bad(
        row,
        f"{far:g} is far outside the image; coordinates are shares of its width and height "
        "(0 to 1), not pixels",
    )
