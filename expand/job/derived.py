"""The set-wide files of a labelled dataset, written at the end from the manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from expand.errors import STOPPED, ExpandError
from expand.layouts.labelled.dataset import Dataset, Derived, LabelFile
from expand.records.rows import LabelFileRow, Row, files_of
from expand.storage.folder import OutputFolder
from expand.storage.names import check_inside

Rows = Callable[[], Iterable[Row]]
"""Yields the rows of a manifest, each time anew."""


@dataclass(frozen=True)
class Earlier:
    """What earlier runs left of the set-wide files, and where new ones are noted."""

    names: frozenset[str] = frozenset()
    """Those that the run card names."""
    careful: bool = False
    """Whether other files in the output folder may be the user's."""
    note: Callable[[list[LabelFileRow]], None] = lambda _files: None
    """Gets the files so far, before the last of them is written: a run may be killed then."""


NOTHING = Earlier()


def write_derived(
    dataset: Dataset, folder: OutputFolder, rows: Rows, earlier: Earlier = NOTHING
) -> list[LabelFileRow]:
    """Write the set-wide files; return them as the run card names them.

    Those of earlier runs that it does not have any more are removed. Raise ExpandError with status
    3 if one would replace a file of the user.
    """
    written: list[LabelFileRow] = []
    for file in derive(dataset, rows):
        if earlier.careful and file.name not in earlier.names:
            _check_free(folder, file)
        digest = sha256(file.data).hexdigest()
        written.append(LabelFileRow(file_name=file.name, bytes=len(file.data), sha256=digest))
        earlier.note(written)
        folder.write(file.name, file.data)
    gone = earlier.names - {row["file_name"] for row in written}
    for row in rows() if gone else ():
        gone = gone.difference(files_of(row))
    for name in sorted(gone):
        folder.remove(check_inside(name))
    return written


def _check_free(folder: OutputFolder, file: LabelFile) -> None:
    found = folder.status(file.name)
    if found and found.st_size and folder.read(file.name) != file.data:
        raise ExpandError(
            f'"{folder.path}/{file.name}" is a file that expand did not write, in the place of one '
            "for the whole dataset. Move that file away and run the same command again",
            STOPPED,
        )


def derive(dataset: Dataset, rows: Rows) -> Iterator[LabelFile]:
    """Yield the set-wide files."""

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
