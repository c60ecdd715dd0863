"""Make label files again, and set-wide files, from the source dataset and the manifest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from expand.errors import ExpandError
from expand.images.decoder import open_image
from expand.job.derived import derive
from expand.job.settings import Settings
from expand.job.tasks.labels import OpenLabels, load_labels
from expand.job.tasks.placing import place_views
from expand.layouts.labelled.dataset import Dataset, LabelFile, SetWideFile
from expand.layouts.labelled.open import open_dataset
from expand.layouts.source import Source, read_source
from expand.records.manifest import order, read_rows
from expand.records.rows import Row
from expand.views.drawn import DrawnView


class Relabeller:
    """Makes the label files of a labelled dataset again.

    Rows must come in the order of the manifest, or the listing is read again for each.
    """

    def __init__(self, src: Path, settings: Settings) -> None:
        if settings.dataset is None:
            raise ExpandError("class folders have no label files")
        self.src, self.settings = src, settings
        self.dataset: Dataset = open_dataset(
            src, settings.dataset.request, settings.largest, settings.format
        )
        self._remaining: Iterator[Source] = iter(())
        self._last: Source | None = None

    def close(self) -> None:
        """Remove the temporary file of the dataset's listing."""
        self.dataset.close()

    def make(self, row: Row) -> tuple[LabelFile, ...]:
        """Return the label files of a row; raise ExpandError if its labels have changed."""
        reader, source = self.dataset.labels, self._find(row["source"])
        if reader is None or "labels" not in row:
            return ()
        loaded = load_labels(reader, str(self.src), source)
        if loaded.sha256 != row["labels"]["sha256"]:
            raise ExpandError(
                f'the labels of "{source.id}" are not those that its copies were made from'
            )
        image = open_image(read_source(self.src / source.id))
        opened = OpenLabels.parse(reader, source, loaded, image)
        drawn = {row["view"]: DrawnView(row["params"], None)}
        (view,) = place_views(self.settings, opened.unplaced(drawn))
        return opened.of_view(view, row["file_name"], self.settings).files

    def derive(self, folder: Path) -> Iterator[SetWideFile]:
        """Yield the set-wide files, from the manifest of an output folder."""
        return derive(self.dataset, lambda: read_rows(folder))

    def _find(self, source_id: str) -> Source:
        """Return a source of the dataset; the listing is read on from the last one."""
        if self._last is None or order(source_id) < order(self._last.id):
            self._remaining = self.dataset.listing.files()
            self._last = next(self._remaining, None)
        while self._last and order(self._last.id) < order(source_id):
            self._last = next(self._remaining, None)
        if self._last is None or self._last.id != source_id:
            raise ExpandError(f'"{self.src / source_id}" is not in the dataset any more')
        return self._last
