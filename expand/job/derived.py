"""The files for the whole set of a labelled dataset, written at the end from the manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256

from expand.layouts.labelled.dataset import Dataset, Derived, LabelFile
from expand.records.rows import LabelFileRow, Row
from expand.storage.folder import OutputFolder

Rows = Callable[[], Iterable[Row]]
"""Yields the rows of a manifest, each time anew."""


def write_derived(dataset: Dataset, folder: OutputFolder, rows: Rows) -> list[LabelFileRow]:
    """Write the files for the whole set; return them as the run card names them."""
    written = []
    for file in derive(dataset, rows):
        folder.write(file.name, file.data)
        digest = sha256(file.data).hexdigest()
        written.append(LabelFileRow(file_name=file.name, bytes=len(file.data), sha256=digest))
    return written


def derive(dataset: Dataset, rows: Rows) -> Iterator[LabelFile]:
    """Yield the files for the whole set."""

    def images() -> Iterator[Derived]:
        return (_derived(row) for row in rows() if not row.get("kept"))

    return dataset.derive(images)


def _derived(row: Row) -> Derived:
    labels = row.get("labels")
    return Derived(
        row["file_name"],
        row["source"],
        row["view"],
        row["width"],
        row["height"],
        row["label"],
        labels.get("annotation") if labels else None,
    )
