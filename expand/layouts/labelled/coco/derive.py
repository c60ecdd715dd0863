"""Write the COCO files of an expanded dataset: the source's text, with entries for the copies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from expand.errors import ExpandError
from expand.layouts.labelled.coco.annotation import stamp, write_annotation
from expand.layouts.labelled.coco.files.chosen import Entry
from expand.layouts.labelled.coco.files.document import CocoFile
from expand.layouts.labelled.coco.writing import Place, Writing
from expand.layouts.labelled.dataset import Derived, LabelFile, Rows
from expand.layouts.names import compose


@dataclass(frozen=True)
class Derivation:
    """Writes the COCO files anew; copies get ids after the highest, in the order of the rows."""

    coco_files: Sequence[CocoFile]
    growing: Mapping[str, list[Entry]]
    """What the files say of each image, by its path with composed accents."""

    def files(self, rows: Rows) -> Iterator[LabelFile]:
        """Yield the COCO files of the expanded dataset."""
        for number, coco in enumerate(self.coco_files):
            writing = Writing(coco)
            for row, entries, last in self._entries(rows):
                self._check(row, entries)
                mine = [entry.image for entry in entries if entry.file == number]
                writing.add(row, mine, self._places(entries, number), last)
            grows = [
                entry.image
                for entries in self.growing.values()
                for entry in entries
                if entry.file == number
            ]
            yield LabelFile(coco.path, writing.data(grows))

    def _entries(self, rows: Rows) -> Iterator[tuple[Derived, list[Entry], int]]:
        """Yield each row, what the files say of its source, and the last number of an image.

        The number is the same for all files, so that a copy has one id in all of them.
        """
        numbered = [coco.ids for coco in self.coco_files if not coco.text_ids]
        last = max(
            (each for ids in numbered for each in ids if not isinstance(each, str)), default=0
        )
        for row in rows():
            entries = self.growing.get(compose(row.source), [])
            yield row, entries, last
            if row.view:
                last += max(Counter(entry.file for entry in entries).values(), default=0)

    def _check(self, row: Derived, entries: Sequence[Entry]) -> None:
        """Refuse a row whose annotations are not those of today's files."""
        if not row.annotation:
            return
        if row.annotation[0] != stamp(write_annotation(self.coco_files, entries)):
            names = " or ".join(f'"{coco.path}"' for coco in self.coco_files)
            raise ExpandError(
                f'{names} says something else of "{row.source}" than when its copies were made; '
                "run expand again"
            )

    def _places(self, entries: Sequence[Entry], number: int) -> list[Place | None]:
        """Return where a file has the annotations of a source; None: they are in another file."""
        return [
            Place(entry.image, annotation) if entry.file == number else None
            for entry in entries
            for annotation in self.coco_files[entry.file].annotations_of(entry.image)
        ]
