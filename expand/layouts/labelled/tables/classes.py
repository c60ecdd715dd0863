"""The class of an image in a table: the column that says it, if there is exactly one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from posixpath import basename, dirname

from expand.layouts.labelled.tables.columns.moves import Values
from expand.layouts.labelled.tables.columns.vocabulary import CLASSES, NO_CLASSES
from expand.layouts.labelled.tables.survey import Row, Survey, Tally
from expand.layouts.recognition.words import is_numbered, is_version, part_of, words
from expand.layouts.spooled.sets import TextSet

SEPARATOR = re.compile(r"\s*[|;,]\s*")
FRACTION = re.compile(r"[+-]?\d*\.\d*[1-9]\d*([eE][+-]?\d+)?")
NUMBERS = 20
"""The most different whole numbers of a column that is not called a label."""


@dataclass(frozen=True)
class Classes:
    """What says the class of an image."""

    columns: Mapping[int, str] = field(default_factory=dict)
    """The column of the class in each table, by its number."""
    folders: bool = False
    """Whether the folder of an image is its class."""
    names: frozenset[str] = frozenset()
    """The classes of images; empty if none of these has one, or rows are objects."""
    conflicts: Tally = field(default_factory=Tally)
    """Images whose rows differ."""
    objects: bool = False
    """Whether rows are objects, and an image has no class of its own."""

    def of(self, survey: Survey, path: str, rows: Iterable[Row]) -> str:
        """Return the class of an image; empty if it has none."""
        if self.folders:
            return _folder(path)
        said = set[str]() if self.objects else _said_in(survey, self.columns, rows)
        return said.pop() if len(said) == 1 else ""

    def of_objects(self) -> Classes:
        """Return the columns alone: rows are objects."""
        return Classes(self.columns, objects=True)


def find_classes(survey: Survey, ignored: Collection[str], chosen: TextSet) -> Classes:
    """Return the classes of the `chosen` images; none if several columns, or tables, can be it.

    `ignored` are columns of places and of parts of a split. A sample submission has no classes: its
    labels are placeholders.
    """
    found = []
    for number, values in enumerate(survey.values):
        if survey.tables[number].is_sample_submission:
            continue
        if survey.tables[number].names_any(chosen):
            free = {name: counts for name, counts in values.items() if name not in ignored}
            if column := _find_column(survey, number, free):
                found.append((number, column))
    columns = {column for _, column in found}
    if not columns and not survey.tables[0].exact:
        return _folders(chosen)
    if len(columns) != 1:
        return Classes()
    return _read(survey, dict(found), chosen)


def _folders(chosen: Iterable[str]) -> Classes:
    """Return the folder of each image, if these are class folders.

    There are several then, and none is named as a part of the images or of a split.
    """
    names = frozenset(map(_folder, chosen))
    plain = all(name and (name.isdigit() or not _is_no_class(name)) for name in names)
    return Classes(folders=True, names=names) if plain and len(names) > 1 else Classes()


def _folder(path: str) -> str:
    return basename(dirname(path))


def _is_no_class(name: str) -> bool:
    return is_version(name) or is_numbered(name) or part_of(name) is not None


def _read(survey: Survey, columns: Mapping[int, str], chosen: TextSet) -> Classes:
    names, conflicts = set[str](), Tally()
    for path, rows in survey.items():
        if path in chosen:
            said = _said_in(survey, columns, rows)
            if len(said) > 1:
                conflicts.add(path)
            else:
                names |= said
    return Classes(columns, names=frozenset(names), conflicts=conflicts)


def _said_in(survey: Survey, columns: Mapping[int, str], rows: Iterable[Row]) -> set[str]:
    return {
        survey.cells(number, record).get(columns[number], "")
        for number, record in rows
        if number in columns
    }


def _find_column(survey: Survey, number: int, values: Values) -> str:
    named = [name for name in values if "".join(words(name)) in CLASSES and _can_be(values[name])]
    if len(named) > 1:
        return _same_classes(survey, number, named)
    if named:
        return named[0]
    others = [name for name in values if not NO_CLASSES & {*words(name)}]
    if len(values) == len(others) == 1 and _are_few(values[others[0]]):
        return others[0]
    return ""


def _same_classes(survey: Survey, number: int, named: list[str]) -> str:
    """Return the column with the names of classes, if the others are their numbers."""
    rows = {
        tuple(survey.cells(number, record).get(name, "") for name in named)
        for record in survey.tables[number].body()
    }
    if any(len({row[index] for row in rows}) != len(rows) for index in range(len(named))):
        return ""
    texts = [name for name in named if not all(map(str.isdigit, survey.values[number][name]))]
    return (texts or named)[0]


def _can_be(counts: Counter[str]) -> bool:
    """Tell whether values can be classes: no fractions, and no lists of several."""
    filled = [value for value in counts if value]
    if not filled or any(FRACTION.fullmatch(value) for value in filled):
        return False
    return not (_share_parts(filled) or _are_combined(filled))


def _share_parts(values: list[str]) -> bool:
    """Tell whether values are lists of labels ("cat|dog"): a label is in more than one of them."""
    lists = [set(SEPARATOR.split(value)) for value in values]
    parts = Counter(part for each in lists for part in each if part)
    return any(len(each) > 1 and any(parts[part] > 1 for part in each) for each in lists)


def _are_combined(values: list[str]) -> bool:
    """Tell whether values are labels with blanks between them: each one is a value by itself."""
    known = set(values)
    several = [value.split() for value in values if " " in value]
    return bool(several) and all(part in known for parts in several for part in parts)


def _are_few(counts: Counter[str]) -> bool:
    """Tell whether the values of a column without a known name are few enough for classes."""
    filled = [value for value in counts if value]
    if not _can_be(counts) or 2 * len(filled) > counts.total():
        return False
    return not all(re.fullmatch(r"-?\d+", each) for each in filled) or len(filled) <= NUMBERS
