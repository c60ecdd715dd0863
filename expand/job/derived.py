"""The set-wide files of a labelled dataset, written at the end from the manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from expand.errors import STOPPED, ExpandError
from expand.layouts.labelled.dataset import Dataset, Derived, SetWideFile
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
        written.append(_describe(file.name, file.pieces()))
        earlier.note(written)
        folder.write(file.name, file.pieces())
    gone = earlier.names - {row["file_name"] for row in written}
    for row in rows() if gone else ():
        gone = gone.difference(files_of(row))
    for name in sorted(gone):
        folder.remove(check_inside(name))
    return written


def _describe(name: str, pieces: Iterable[bytes]) -> LabelFileRow:
    """Return how the run card names a file."""
    digest, size = sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
    return LabelFileRow(file_name=name, bytes=size, sha256=digest.hexdigest())


def _check_free(folder: OutputFolder, file: SetWideFile) -> None:
    found = folder.status(file.name)
    if not found or not found.st_size:
        return
    if _describe(file.name, folder.blocks(file.name)) != _describe(file.name, file.pieces()):
        raise ExpandError(
            f'"{folder.path}/{file.name}" is a file that expand did not write, in the place of one '
            "for the whole dataset. Move that file away and run the same command again",
            STOPPED,
        )


def derive(dataset: Dataset, rows: Rows) -> Iterator[SetWideFile]:
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
