"""Open sources: their headers and labels are read, from bytes, before any view is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from expand.images.decoder import ImageFile, open_image
from expand.job.settings import Settings
from expand.job.tasks.labels import LoadedLabels, OpenLabels, classes_of
from expand.layouts.labelled.dataset import Labels
from expand.layouts.names import copy_name
from expand.layouts.source import Source, check_name
from expand.records.rows import Row


class OpenSource(NamedTuple):
    """A source whose header was read, and the views that are to become files."""

    id: str
    data: bytes
    image: ImageFile
    ks: Sequence[int]
    """Ascending."""
    rows: Sequence[Row] = ()
    """The manifest's rows of views that have files already; new views are compared with them."""
    labels: OpenLabels | None = None
    classes: Sequence[str] = ()
    """Its classes, if the recipe has rules for classes."""
    label: str = ""
    """Its one class, which views can change; empty if it has several, or none."""

    def name(self, k: int, format_: str) -> str:
        """Return the path of the file of view `k` in the output folder."""
        if self.labels:
            return self.labels.image_name(k, format_)
        return copy_name(self.id, k, format_) if k else self.id


def open_source(
    source_id: str,
    data: bytes,
    ks: Sequence[int],
    rows: Sequence[Row] = (),
    classes: Sequence[str] = (),
    label: str = "",
) -> OpenSource:
    """Open a source, from the bytes of its file; raise BadImageError if it cannot be used."""
    check_name(source_id)
    return OpenSource(source_id, data, open_image(data), ks, rows, None, classes, label)


def open_labelled(
    settings: Settings,
    source: Source,
    data: bytes,
    ks: Sequence[int],
    rows: Sequence[Row],
    labels: tuple[Labels, LoadedLabels],
) -> OpenSource:
    """Open a source of a labelled dataset, with the bytes of its labels.

    Raise BadImageError if it cannot be used.
    """
    opened = open_source(source.id, data, ks, rows, label=source.label)
    reader, loaded = labels
    parsed = OpenLabels.parse(reader, source, loaded, opened.image)
    return opened._replace(labels=parsed, classes=classes_of(settings, source, parsed))
