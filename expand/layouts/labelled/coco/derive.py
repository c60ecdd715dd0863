"""Go through the rows of an expanded dataset for each COCO file, and give its copies their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

from expand.errors import ExpandError
from expand.layouts.labelled.coco.annotation import stamp, write_annotation
from expand.layouts.labelled.coco.files.chosen import Entry
from expand.layouts.labelled.coco.files.document import CocoFile
from expand.layouts.labelled.coco.writing import Place, Writing
from expand.layouts.labelled.dataset import Derived, Rows, SetWideFile
from expand.layouts.names import compose


class Said(NamedTuple):
    """What a COCO file says of a source."""

    stamp: int
    """That of what all files say of it."""
    images: Sequence[int]
    places: Sequence[Place | None]
    """Where the file has each of its annotations; None: it is in another file."""


@dataclass(frozen=True)
class Derivation:
    """Writes the COCO files anew; copies get ids after the highest, in the order of the rows."""

    coco_files: Sequence[CocoFile]
    growing: Mapping[str, list[Entry]]
    """What the files say of each image, by its path with composed accents."""

    def files(self, rows: Rows) -> Iterator[SetWideFile]:
        """Yield the COCO files of the expanded dataset."""
        for number, coco in enumerate(self.coco_files):
            writing = Writing(coco)
            said_of = lru_cache(maxsize=1)(partial(self._said, number))  # copies come together
            for row, path, last in self._numbered(rows):
                said = said_of(path)
                self._check(row, said.stamp)
                writing.add(row, said.images, said.places, last)
            grows = [
                entry.image
                for entries in self.growing.values()
                for entry in entries
                if entry.file == number
            ]
            yield SetWideFile(coco.path, partial(writing.pieces, grows))

    def _said(self, number: int, path: str) -> Said:
        """Return what a file says of a source, and the stamp of what all files say of it."""
        entries = self.growing.get(path, [])
        images = [entry.image for entry in entries if entry.file == number]
        places = [
            Place(entry.image, annotation) if entry.file == number else None
            for entry in entries
            for annotation in self.coco_files[entry.file].annotations_of(entry.image)
        ]
        return Said(stamp(write_annotation(self.coco_files, entries)), images, places)

    def _numbered(self, rows: Rows) -> Iterator[tuple[Derived, str, int]]:
        """Yield each row, the path of its source, and the last number of an image.

        The number is the same for all files, so that a copy has one id in all of them.
        """
        numbered = [coco.ids for coco in self.coco_files if not coco.text_ids]
        last = max(
            (each for ids in numbered for each in ids if not isinstance(each, str)), default=0
        )
        for row in rows():
            path = compose(row.source)
            yield row, path, last
            if row.view:
                entries = self.growing.get(path, [])
                last += max(Counter(entry.file for entry in entries).values(), default=0)

    def _check(self, row: Derived, known: int) -> None:
        """Refuse a row whose annotations are not those of today's files."""
        if row.annotation and row.annotation[0] != known:
            names = " or ".join(f'"{coco.path}"' for coco in self.coco_files)
            raise ExpandError(
                f'{names} has other labels of "{row.source}" than when its copies were made; '
                "run expand again"
            )
