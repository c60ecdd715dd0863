"""Set-wide files: lists of images, and the number of images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from expand.layouts.labelled.dataset import Rows, SetWideFile
from expand.layouts.labelled.masks.derived.counts import NAME, CaseCount, read_count
from expand.layouts.labelled.masks.derived.lists import SUFFIXES, ImageList, extend, find_lists
from expand.layouts.labelled.masks.derived.names import Names
from expand.layouts.labelled.masks.files import File, Grown
from expand.layouts.labelled.masks.parts import Growing


@dataclass(frozen=True)
class SetFiles:
    """The set-wide files that are written anew."""

    lists: list[ImageList]
    images: Names
    count: CaseCount | None
    unread: list[str]
    """Lists that may say where something is in images: they stay as they are."""

    @classmethod
    def find(
        cls,
        root: Path,
        others: Iterable[File],
        grown: Grown,
        growing: Growing,
    ) -> SetFiles:
        """Read those of a dataset whose images with masks are `grown`."""
        listed = [file for file in others if file.suffix.lower() in SUFFIXES]
        names = Names.of(grown.items() if listed else ())
        found = find_lists(root, listed, names, growing.kind)
        lists = [each for each in found if not each.places]
        unread = [each.name for each in found if each.places]
        return cls(lists, names, read_count(root, grown.usable), unread)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about lists that get no lines for copies."""
        return tuple(
            f'"{name}" may say where something is in images, which moves: it is left as it is, '
            "without the copies"
            for name in self.unread
        )

    @property
    def names(self) -> list[str]:
        """Their paths."""
        return [each.name for each in self.lists] + ([NAME] if self.count else [])

    def derive(self, rows: Rows) -> Iterator[SetWideFile]:
        """Yield them for the expanded dataset."""
        if self.lists:
            yield from extend(self.lists, self.images, rows)
        if self.count:
            yield from self.count.derive(rows)
