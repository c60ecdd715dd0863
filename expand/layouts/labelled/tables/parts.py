"""Parts of a split in tables: which images are for training."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from expand.errors import ExpandError, shown
from expand.layouts.labelled.splits.choose import no_part
from expand.layouts.labelled.tables.columns.vocabulary import PARTS, SURE_PARTS
from expand.layouts.labelled.tables.images import folder_part
from expand.layouts.labelled.tables.survey import Row, Survey, Tally
from expand.layouts.labelled.tables.table import Table
from expand.layouts.recognition.words import PART_OF, part_of, words
from expand.layouts.spooled.sets import TextSet

MOST = 20
"""Different values that a column of parts can have."""
ASKS = re.compile(r"is(train|training|val|valid|validation|test)")
"""Names of columns that ask for one part."""
TRUE = frozenset(("1", "true", "yes", "t", "1.0"))
FALSE = frozenset(("0", "false", "no", "f", "0.0"))
TRAIN = "train"
CODES = {"0": "train", "1": "validation", "2": "test"}
"""The numbers of parts in a table that is called a partition, as CelebA has it."""
FOLDS = frozenset(("fold", "folds", "kfold"))


class Parts(NamedTuple):
    """Which images grow."""

    grows: TextSet
    title: str
    """The part; empty if the dataset has none."""
    others: tuple[str, ...]
    """The other parts."""
    both: Tally
    """Images that are in two parts."""
    notes: tuple[str, ...] = ()
    """Sentences that are not faults."""


def split_parts(root: Path, survey: Survey, wanted: str) -> Parts:
    """Return the images of the training part, or of the one that is `wanted`.

    The part of an image is what a column of its rows says, or else the name of its table (train.csv
    and test.csv), or else its folder. Raise ExpandError if there is no such part.
    """
    columns = find_columns(survey, wanted)
    named, both = Counter[str](), Tally()
    chosen = _kind(wanted) if wanted else TRAIN
    only, whole = TextSet(), TextSet()
    for path, rows in survey.items():
        parts = _parts(survey, columns, path, rows)
        named.update(part for part in parts if part)
        if len(parts) > 1:
            both.add(path)
        if parts == {chosen}:
            only.add(path)
        elif not named:
            whole.add(path)
    if not named and not wanted:
        return Parts(whole, "", (), both, _folds(survey))
    if chosen not in named:
        raise no_part(root, sorted(named), wanted, "in its tables")
    others = tuple(sorted(each for each in named if each != chosen))
    if not only:
        raise ExpandError(f'each image of "{chosen}" is in another part too, so none can grow')
    return Parts(only, chosen, others, both)


def _folds(survey: Survey) -> tuple[str, ...]:
    """Say that copies are in the fold of their original, if a column numbers folds."""
    for values in survey.values:
        for name, counts in values.items():
            if "".join(words(name)) in FOLDS and 1 < len(counts) <= MOST:
                where = "leave them out where you validate on a fold"
                return (f'copies are in the "{name}" of their original; {where}',)
    return ()


def find_columns(survey: Survey, wanted: str) -> list[str]:
    """Return the column of each table that says the part of each row; empty if there is none.

    Raise ExpandError if a column is called "split", and its values are not known parts.
    """
    pairs = zip(survey.tables, survey.values, strict=True)
    return [_find_codes(table, each) or _find_column(each, wanted) for table, each in pairs]


def _find_codes(table: Table, values: Mapping[str, Counter[str]]) -> str:
    """Return the column of a table that is called a partition, if it has the numbers 0 to 2."""
    first, *others = [*values, ""]
    codes = table.is_partition and others == [""] and {*values[first]} <= CODES.keys()
    return first if codes else ""


def _find_column(values: Mapping[str, Counter[str]], wanted: str) -> str:
    for name, counts in values.items():
        if len(counts) > MOST + 1:
            continue
        joined, found = "".join(words(name)), {value for value in counts if value}
        if not found or len(found) > MOST:
            continue
        kinds = {PART_OF.get(value.lower()) for value in found}
        if None not in kinds and (len(kinds) > 1 or joined in PARTS):
            return name
        if ASKS.fullmatch(joined) and {value.lower() for value in found} <= TRUE | FALSE:
            return name
        if joined in PARTS and (TRAIN in map(_kind, found) or wanted in found):
            return name
        if joined in SURE_PARTS:
            raise ExpandError(
                f'the column "{name}" has {", ".join(sorted(map(shown, found)))}, and none of '
                f"these is a training part. Choose what to expand: --split {min(found)}"
            )
    return ""


def _parts(survey: Survey, columns: list[str], path: str, rows: Sequence[Row]) -> set[str]:
    """Return the parts that the rows of an image are in; its folder's if they say none."""
    found = set()
    for number, record in rows:
        column = columns[number]
        value = survey.cells(number, record).get(column, "") if column else ""
        table = survey.tables[number]
        if value and table.is_partition and value in CODES:
            found.add(CODES[value])
            continue
        found.add(_value_part(column, value) if value else table.part)
    return found - {""} or {folder_part(path)}


def _value_part(column: str, value: str) -> str:
    asks = ASKS.fullmatch("".join(words(column)))
    if not asks or value.lower() not in TRUE | FALSE:
        return _kind(value)
    kind = PART_OF[asks[1]]
    if value.lower() in TRUE:
        return kind
    return "test" if kind == TRAIN else TRAIN


def _kind(value: str) -> str:
    """Return the part that a value stands for: "Training" is "train"; else the value itself."""
    if kind := PART_OF.get(value.lower()):
        return kind
    role = part_of(value)
    return role.kind if role else value
