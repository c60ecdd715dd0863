"""The file of a row of a folder: on this machine, in a tar, or at a URL."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from expand.errors import BadImageError
from expand.storage.stores.open import open_store
from expand.storage.stores.store import MissingError, Store, StoreError
from expand.storage.stores.url import Place, Url
from train.data.decoding import read_checked
from train.data.folders.folder import Folder
from train.errors import STOPPED, TrainError


def read_row(folder: Folder, row: int, expected: str) -> bytes:
    """Return the bytes of the file of a row; raise as `read_file` does."""
    span = None if folder.spans is None else folder.spans[row].tolist()
    return read_file(folder.root, folder.files[row], expected, span)


def read_file(root: Place, name: str, expected: str, span: tuple[int, int] | None = None) -> bytes:
    """Return the bytes of a file of a set; in a tar they are a span: where it begins, its bytes.

    Raise BadImageError if they do not have the hash that they had before, TrainError with status 3
    if the store cannot be used.
    """
    if span is None and isinstance(root, Path):
        return read_checked(root / name, expected)
    store = opened(root)
    try:
        data = store.read_span(name.partition("/")[0], *span) if span else store.read(name)
    except MissingError as error:
        raise BadImageError("is missing") from error
    except StoreError as error:
        raise lost(error) from error
    if sha256(data).hexdigest() != expected:
        raise BadImageError("has changed since the run began")
    return data


def is_in_memory(root: Place) -> bool:
    """Tell whether only this process can read the files of a set."""
    return isinstance(root, Url) and root.scheme == "memory"


def lost(error: StoreError) -> TrainError:
    """Return the error of a run whose store cannot be used any more."""
    return TrainError(f"{error}; run the same command again to resume", STOPPED)


@lru_cache(maxsize=8)
def opened(place: Place) -> Store:
    """Open a store once in a process; those that read files of rows have one thread."""
    return open_store(place)
