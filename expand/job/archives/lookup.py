"""A sample of a set of tars, found by its key or by the name of its file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from expand.archives.names import Key, tar_name
from expand.archives.reading import DamagedTarError, read_member
from expand.archives.samples import Entry, list_samples
from expand.errors import ExpandError
from expand.job.blocks.keys import block_of
from expand.records.manifest import read_rows
from expand.records.rows import Row
from expand.storage.removal import open_output
from expand.storage.stores.open import fetch, open_store
from expand.storage.stores.url import Place


def find_row(folder: Path, name: str, place: Place | None = None) -> Row:
    """Return the row of a sample: `name` is a key, a member of a tar, or a file of the manifest.

    The tars lie at `place`, if not in the `folder` of the records. Raise ExpandError if there is
    none.
    """
    key = Key.parse(name.rpartition("/")[2].partition(".")[0])
    if key:
        with _open(place or folder, tar_name(key.block, key.view)) as entries:
            for _, entry in entries:
                if entry.key == key:
                    return entry.row
    for row in read_rows(folder):
        if row["file_name"] == name:
            return row
    raise ExpandError(f'"{name}" is not in the manifest of "{folder}", and no sample of its tars')


def read_stored(place: Place, row: Row, blocks: int) -> tuple[Place, bytes]:
    """Return the tar that has the sample of a row, and the bytes of its image there."""
    name = tar_name(block_of(row["source"], blocks), row["view"])
    with _open(place, name) as entries:
        for file, entry in entries:
            if entry.row["source"] == row["source"]:
                return place / name, read_member(file, entry.image, entry.image.size)
    raise ExpandError(f'"{place / name}" has no sample of "{row["source"]}"')


@contextmanager
def open_tar(place: Place, name: str) -> Iterator[BinaryIO]:
    """Open a tar of an output; one at a URL is fetched into a temporary file.

    Raise OSError or MissingError if there is none.
    """
    if isinstance(place, Path):
        with open_output(place) as output, BufferedReader(output.open(name)) as file:
            yield file
        return
    with TemporaryFile(prefix="expand-") as fetched:

        def write(blocks: Iterator[bytes]) -> None:
            fetched.seek(0)
            fetched.truncate()
            fetched.writelines(blocks)

        fetch(open_store(place), name, write)
        fetched.seek(0)
        yield fetched


@contextmanager
def _open(place: Place, name: str) -> Iterator[Iterator[tuple[BinaryIO, Entry]]]:
    """Open a tar; yield its samples. Raise ExpandError if it is missing or damaged."""
    try:
        with open_tar(place, name) as file:
            yield ((file, entry) for entry in list_samples(file))
    except DamagedTarError as error:
        raise ExpandError(f'"{place / name}" {error}; `expand verify` checks all tars') from error
    except OSError as error:
        reason = error.strerror or error
        raise ExpandError(f'"{place / name}" cannot be read: {reason}') from error
