"""A source: one labelled image of the input folder, or a file that is copied as it is."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from expand.errors import BadImageError
from expand.storage.reading import read_image
from expand.storage.stores.open import open_store
from expand.storage.stores.store import ChangedError, DeniedError, MissingError
from expand.storage.stores.url import Place


class Source(NamedTuple):
    """One labelled image of the input folder, or a file beside them that is kept."""

    id: str
    """Its path relative to the input folder, POSIX style."""
    size: int
    """Bytes of the file."""
    label: str
    """Its class, as the layout has it; empty if an image has no single class."""
    annotation: str = ""
    """What a set-wide file (a COCO JSON file, a table) says of it, as JSON text."""
    kept: bool = False
    """Whether it is copied as it is: a file of another split, data.yaml, a licence."""
    classes: tuple[tuple[str, int], ...] = ()
    """The classes of its objects, with their numbers; empty unless a balance depends on them."""
    version: str = ""
    """A text that changes when the file does, as an object store knows it; empty on a disk."""


def check_name(source_id: str) -> None:
    """Raise BadImageError if an id is not UTF-8: views are keyed by its UTF-8 bytes."""
    if not is_utf8(source_id):
        raise BadImageError("has a name that is not UTF-8")


def is_utf8(name: str) -> bool:
    """Tell whether a name can be written as UTF-8."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def read_source(path: str | Path) -> bytes:
    """Read the bytes of a source's file; raise BadImageError if that is not possible."""
    return read_image(path)


def read_stored(src: Place, source_id: str) -> bytes:
    """Read a source in a folder or at a URL; raise BadImageError if that is not possible.

    Raise StoreError if the store cannot be used.
    """
    if isinstance(src, Path):
        return read_source(src / source_id)
    try:
        return open_store(src).read(source_id)
    except (MissingError, DeniedError) as error:
        raise stored_problem(error) from error


def stored_problem(error: Exception) -> BadImageError:
    """Return why a source in a store cannot be used."""
    if isinstance(error, DeniedError):
        return BadImageError("cannot be read (permission denied)")
    if isinstance(error, ChangedError):
        return BadImageError("changes while it is read")
    return BadImageError("cannot be read (it was removed from the store)")
