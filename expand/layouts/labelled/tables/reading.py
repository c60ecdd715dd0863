"""Read tables: the separator, the heading, and the columns that name images are found out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from posixpath import dirname

from expand.errors import ExpandError
from expand.layouts.directory import is_image
from expand.layouts.labelled.tables.images import ABSOLUTE, Images
from expand.layouts.labelled.tables.table import Table
from expand.layouts.labelled.tables.text import delimited, lines
from expand.layouts.labelled.tables.text.delimited import (
    BLANKS,
    SEPARATORS,
    Delimited,
    name_columns,
)
from expand.layouts.labelled.tables.text.encoding import Encoding, read_text
from expand.layouts.labelled.tables.text.lines import Lines
from expand.layouts.labelled.tables.text.record import Record, RecordError, Records, TableError
from expand.layouts.recognition.words import words

JSON = ("jsonl", "ndjson", "parquet")
"""Suffixes of tables whose rows are read as lines of JSON."""
LOOKED, SAMPLE = 2000, 200
"""Rows at the beginning of a table that are looked at, and how many of them."""
SAMPLE_BYTES = 1 << 16
CHECKSUM = re.compile(r"[0-9a-fA-F]{16,}")
USUAL = ("filename", "file", "filepath", "filepaths", "image", "imagename", "path", "imageid", "id")
"""Names of columns that name images, the surest first."""


def read_table(root: Path, name: str, images: Images) -> Table | None:
    """Read a table; return None if it does not name images of the dataset.

    Raise ExpandError if it cannot be read.
    """
    text, encoding = read_text(root, name)
    suffix = name.lower().rpartition(".")[2]
    if suffix in JSON:
        return _read_lines(text, encoding, name, images)
    loose = suffix in ("txt", "lst")
    separators = (*SEPARATORS, BLANKS) if loose else SEPARATORS
    tried = [_try(text, name, separator, images) for separator in separators]
    best = max(tried, key=lambda each: each.score)
    if not best.names and (error := next((each.error for each in tried if each.error), None)):
        raise error
    if not best.names or (loose and 2 * best.named < best.rows):
        return None
    table = best.table(text, encoding, name)
    return None if loose and _are_checksums(table) else table


def find_absolute(root: Path, name: str) -> str:
    """Return an absolute path or address of an image among the first rows of a table."""
    return next(filter(ABSOLUTE.match, _image_names(root, name)), "")


def find_misspelt(root: Path, name: str, images: Images) -> tuple[str, str]:
    """Return a name among the first rows of a table, and the image called so but for its case."""
    pairs = ((cell, images.respelt(cell)) for cell in _image_names(root, name))
    return next((pair for pair in pairs if pair[1]), ("", ""))


def _image_names(root: Path, name: str) -> Iterator[str]:
    """Yield the names of images among the first rows of a table."""
    text, _ = read_text(root, name)
    cells = (cell.strip(' "') for cell in re.split(r"[,;\t|\r\n]", text[:SAMPLE_BYTES]))
    return filter(is_image, cells)


def read_lines(root: Path, name: str) -> Table:
    """Return a table of JSON Lines; raise ExpandError if a line is malformed."""
    return _lines(*read_text(root, name), name)


def read_delimited(root: Path, name: str, separator: str) -> Table:
    """Return a delimited table whose first row has the names of its columns."""
    text, encoding = read_text(root, name)
    records = Records(delimited.records(text, separator, name))
    filled = ((i, each.text) for i, each in enumerate(records) if each.text.strip())
    first, row = next(filled, (-1, ""))
    heading = delimited.split(row, separator) if first >= 0 else []
    format_ = Delimited(separator, name_columns(heading))
    return Table(name, encoding, format_, (), records, first + 1)


def _lines(text: str, encoding: Encoding, name: str) -> Table:
    if encoding.codec == "latin-1":
        raise TableError(f'"{name}" is not UTF-8, as JSON must be')
    records, columns = Records(lines.records(text)), dict[str, None]()
    for record in records:
        try:
            columns.update(dict.fromkeys(Lines(()).values(record.text)))
        except RecordError as error:
            raise TableError(f'"{name}", line {record.line}: {error}') from error
    return Table(name, encoding, Lines(tuple(columns)), (), records)


def _read_lines(text: str, encoding: Encoding, name: str, images: Images) -> Table | None:
    table = _lines(text, encoding, name)
    rows = [table.format.values(each.text) for each in _sample(table.records)]
    columns = table.format.columns
    table.names = find_names(rows, columns, images, name)[0] if columns else ()
    return table if table.names else None


@dataclass
class _Trial:
    """A table as it is read with one separator."""

    separator: str
    columns: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    named: int = 0
    rows: int = 0
    headed: bool = False
    regular: float = 0.0
    remarks: int = 0
    """Lines before the heading: "sep=;" of Excel, and comments."""
    error: TableError | None = None

    @property
    def score(self) -> tuple[bool, float, int]:
        """What the best separator has most of."""
        return bool(self.names), self.regular, len(self.columns)

    def table(self, text: str, encoding: Encoding, name: str) -> Table:
        """Return the whole table."""
        records = Records(delimited.records(text, self.separator, name))
        filled = (i for i, each in enumerate(records) if not each.is_blank)
        heading = next(islice(filled, self.remarks, None)) + self.headed
        format_ = Delimited(self.separator, self.columns)
        return Table(name, encoding, format_, self.names, records, heading, self.headed)


def _try(text: str, name: str, separator: str, images: Images) -> _Trial:
    trial = _Trial(separator)
    try:
        records = _sample(list(islice(delimited.records(text, separator, name), LOOKED)))
    except TableError as error:
        trial.error = error
        return trial
    rows = [delimited.split(each.text, separator) for each in records]
    while len(rows) > 1 and _is_remark(rows):
        del rows[0]
        trial.remarks += 1
    if not rows:
        return trial
    numbers = tuple(str(number) for number in range(1, max(map(len, rows)) + 1))
    body = [dict(zip(numbers, row, strict=False)) for row in rows]
    found, trial.named = find_names(body, numbers, images, name)
    if not found:
        return trial
    first = rows[0][int(found[0]) - 1] if len(rows[0]) >= int(found[0]) else ""
    trial.headed = not is_image(first) and not images.find(first, dirname(name)).path
    width = len(rows[0]) if trial.headed else max(map(len, rows))
    trial.columns = name_columns(rows[0]) if trial.headed else numbers
    trial.names = tuple(trial.columns[int(each) - 1] for each in found if int(each) <= width)
    trial.rows = len(rows) - trial.headed
    trial.regular = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
    if trial.headed:
        trial.names = _by_usual_names(trial.names)
    return trial


def _is_remark(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first row is not a row: "sep=;", or a comment of another length."""
    first, second = rows[0], rows[1]
    comment = first[0].startswith("#") and len(first) != len(second)
    return comment or bool(re.fullmatch(r"sep=.?", first[0]))


def _sample(records: Iterable[Record]) -> list[Record]:
    """Return the first row, and others spread over all."""
    count = sum(not each.is_blank for each in records)
    filled = (each for each in records if not each.is_blank)
    return [*islice(filled, 1), *islice(filled, 0, None, max(1, count // SAMPLE))]


def find_names(
    rows: Sequence[Mapping[str, str]], columns: Sequence[str], images: Images, name: str
) -> tuple[tuple[str, ...], int]:
    """Return the columns that name the image of a row, and how many rows they name one in.

    Raise ExpandError if there are several images in a row.
    """
    folder = dirname(name)
    found = {
        column: [_path(images, row.get(column, ""), folder) for row in rows] for column in columns
    }
    with_suffix = {c: sum(is_image(row.get(c, "")) for row in rows) for c in columns}
    distinct = {column: len({each for each in paths if each}) for column, paths in found.items()}
    best = max(columns, key=lambda c: (with_suffix[c] > 0 and distinct[c] > 0, distinct[c]))
    if not distinct[best]:
        return (), 0
    same = [c for c in columns if found[c] == found[best] and not _are_numbers(rows, c, best)]
    for column in columns:
        if column not in same and with_suffix[column] and distinct[column] > 1:
            one, other = (_shown(each, rows[0]) for each in (best, column))
            raise ExpandError(
                f'"{name}" names two images in a row: {one} and {other}. '
                "Images that must move together are not supported. For masks beside images: "
                "--as masks; to grow the images alone, remove the column"
            )
    return (best, *(each for each in same if each != best)), sum(map(bool, found[best]))


def _shown(column: str, first: Mapping[str, str]) -> str:
    """Return a column for a message: by the heading, if the first row may be one."""
    heading = first.get(column, "")
    headed = column.isdigit() and heading and not any(map(is_image, first.values()))
    return f'"{heading if headed else column}"'


def _path(images: Images, cell: str, folder: str) -> str:
    found = images.find(cell, folder)
    return found.path or "".join(found.several[:1])


def _are_numbers(rows: Sequence[Mapping[str, str]], column: str, best: str) -> bool:
    """Tell whether another column than the best one has bare numbers: they name no images then."""
    body = rows[1:] or rows  # the first row may be the heading
    return column != best and all(row.get(column, "0").isdigit() for row in body)


def _by_usual_names(names: tuple[str, ...]) -> tuple[str, ...]:
    def rank(name: str) -> int:
        joined = "".join(words(name))
        return USUAL.index(joined) if joined in USUAL else len(USUAL)

    return tuple(sorted(names, key=rank))


def _are_checksums(table: Table) -> bool:
    """Tell whether all that a table says of images are checksums."""
    rows = [table.cells(each) for each in islice(table.body(), SAMPLE)]
    cells = [row.get(name, "") for row in rows for name in table.others]
    return bool(cells) and all(CHECKSUM.fullmatch(each) for each in cells)
