"""A table of a dataset: its rows as they are written, and which columns name images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from posixpath import dirname

from expand.layouts.labelled.tables.text.encoding import Encoding
from expand.layouts.labelled.tables.text.lines import Lines
from expand.layouts.labelled.tables.text.record import Format, Record, RecordError, Records
from expand.layouts.recognition.words import is_sample_submission, part_of, words
from expand.layouts.spooled.lists import Texts
from expand.layouts.spooled.sets import TextSet


@dataclass
class Table:
    """A table, as it is written."""

    name: str
    """Its path in the dataset, POSIX style."""
    encoding: Encoding
    format: Format
    names: tuple[str, ...]
    """The columns that name the image of a row; the first one is read."""
    records: Records
    heading: int = 0
    """Records before the first row."""
    has_names: bool = True
    """Whether its columns have names of their own."""
    exact: bool = False
    """Whether names are paths relative to it, and nothing else."""
    images: Texts = field(default_factory=Texts)
    """The image of each row of its body; empty for a row that names none."""

    @cached_property
    def folder(self) -> str:
        """The folder that it lies in; empty at the top."""
        return dirname(self.name)

    @property
    def is_json(self) -> bool:
        """Whether its rows are JSON."""
        return isinstance(self.format, Lines)

    @property
    def others(self) -> tuple[str, ...]:
        """The columns that name no image."""
        return tuple(name for name in self.format.columns if name not in self.names)

    @cached_property
    def part(self) -> str:
        """The part of a split that its name says; empty if it says none."""
        if self.is_sample_submission:
            return "test"
        if self.is_partition:
            return ""
        role = part_of(self._stem)
        return role.kind if role else ""

    @cached_property
    def is_sample_submission(self) -> bool:
        """Whether it is the form of a Kaggle competition: test images with placeholder labels."""
        return is_sample_submission(self._stem)

    @cached_property
    def is_partition(self) -> bool:
        """Whether it says the parts of a split: "list_eval_partition.txt" of CelebA."""
        return "partition" in words(self._stem)

    @property
    def _stem(self) -> str:
        return self.name.rpartition("/")[2].rpartition(".")[0]

    def body(self) -> Iterator[Record]:
        """Yield the rows, without the heading and blank lines."""
        return (each for each in islice(self.records, self.heading, None) if not each.is_blank)

    def names_any(self, images: TextSet) -> bool:
        """Tell whether it names one of some images."""
        return any(path in images for path in self.images if path)

    def named(self) -> Iterator[tuple[Record, str]]:
        """Yield all that is written, each with the image that it names; empty for none."""
        images = iter(self.images)
        for place, record in enumerate(self.records):
            is_row = place >= self.heading and not record.is_blank
            yield record, next(images) if is_row else ""

    def values(self, record: Record) -> Mapping[str, str]:
        """Return the cells of a row; raise RecordError, with file and line, if it is malformed."""
        try:
            return self.format.values(record.text)
        except RecordError as error:
            where = f'"{self.name}", line {record.line}'
            raise RecordError(f"{where}: {error}", error.values) from error

    def cells(self, record: Record) -> Mapping[str, str]:
        """Return the cells of a row, as many as can be read."""
        try:
            return self.values(record)
        except RecordError as error:
            return error.values
