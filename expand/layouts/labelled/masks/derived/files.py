"""Files for the whole set: lists of images, and the number of images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from expand.layouts.labelled.dataset import LabelFile, Rows
from expand.layouts.labelled.masks.derived.counts import NAME, CaseCount, read_count
from expand.layouts.labelled.masks.derived.lists import ImageList, Names, extend, find_lists
from expand.layouts.labelled.masks.pairing import File, MaskOf
from expand.layouts.labelled.masks.parts import Growing


@dataclass(frozen=True)
class SetFiles:
    """The files for the whole set that are written anew."""

    lists: list[ImageList]
    images: Names
    count: CaseCount | None

    @classmethod
    def find(
        cls,
        root: Path,
        others: Iterable[File],
        grown: dict[str, list[MaskOf]],
        growing: Growing,
    ) -> SetFiles:
        """Read those of a dataset whose images with masks are `grown`."""
        names = Names.of(grown)
        lists = find_lists(root, others, names, growing.kind)
        return cls(lists, names, read_count(root, len(grown)))

    @property
    def names(self) -> list[str]:
        """Their paths."""
        return [each.name for each in self.lists] + ([NAME] if self.count else [])

    def derive(self, rows: Rows) -> Iterator[LabelFile]:
        """Yield them for the expanded dataset."""
        if self.lists:
            yield from extend(self.lists, self.images, rows)
        if self.count:
            yield from self.count.derive(rows)
