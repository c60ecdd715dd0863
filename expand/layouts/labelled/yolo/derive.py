"""The set-wide files of an expanded YOLO dataset: data.yaml, and lists of images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from expand.layouts.labelled.dataset import Rows, SetWideFile
from expand.layouts.labelled.yolo.folder.lists import write_list
from expand.layouts.spooled.index import TextIndex


@dataclass(frozen=True)
class SetFiles:
    """Writes the files of a dataset that name its images."""

    root: Path
    data: tuple[SetWideFile, ...]
    """The data files that change."""
    lists: dict[str, bool]
    """The lists that change, and whether they are of the part that grows."""

    @property
    def names(self) -> frozenset[str]:
        """The paths of the files that it writes."""
        return frozenset([*self.lists, *(file.name for file in self.data)])

    def derive(self, rows: Rows) -> Iterator[SetWideFile]:
        """Yield the files for the expanded dataset."""
        yield from self.data
        if not self.lists:
            return
        grown = TextIndex((row.source, row.file_name) for row in rows())
        for name, grows in sorted(self.lists.items()):
            yield SetWideFile.of(name, write_list(self.root, name, grown, grows))
