"""Fill and compare object stores in tests, and set the variables that lead to them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from expand.storage.stores.open import open_store

VOLATILE = ("expand.json",)
"""What holds times."""


@contextmanager
def variables(**values: str) -> Iterator[None]:
    """Set environment variables while the block runs."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def fill(url: str, folder: Path) -> str:
    """Copy a folder to a URL; return the URL."""
    store = open_store(url)
    files = [path for path in folder.rglob("*") if path.is_file()]
    store.write_many([(path.relative_to(folder).as_posix(), path.read_bytes()) for path in files])
    return url


def contents(place: str | Path) -> dict[str, bytes]:
    """Return every file of a store but the run card, which holds times."""
    store = open_store(place)
    names = sorted(entry.name for page in store.pages() for entry in page)
    kept = [name for name in names if name not in VOLATILE]
    found: dict[str, bytes] = {}
    for name, data in zip(kept, store.read_many(kept), strict=True):
        assert isinstance(data, bytes), data
        found[name] = data
    return found
