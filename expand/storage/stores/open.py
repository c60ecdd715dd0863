"""Open a store: a local folder, or an object store by its URL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from expand.errors import REFUSED, ExpandError
from expand.storage.lock import Lock
from expand.storage.stores.local import LocalStore
from expand.storage.stores.store import ChangedError, Store, StoreError
from expand.storage.stores.url import Place, Url, parse_place

EXTRAS = {"s3": "s3", "gs": "gs", "az": "az", "memory": "s3"}
TRIES = 8
"""How often a file is read that another program writes each time."""


def open_store(place: str | os.PathLike[str] | Url) -> Store:
    """Open a store; nothing is asked of it yet.

    Raise ExpandError for a URL that cannot be used, and if the client library is not installed.
    """
    parsed = parse_place(place)
    if not isinstance(parsed, Url):
        return LocalStore(parsed)
    if find_spec("obstore") is None:
        extra = EXTRAS[parsed.scheme]
        raise ExpandError(f'"{parsed}" needs a client library: pip install ".[{extra}]"')
    objects = import_module("expand.storage.stores.objects")
    return cast(Store, objects.ObjectStore(parsed))


def fetch(store: Store, name: str, write: Callable[[Iterator[bytes]], object]) -> None:
    """Write a file of a store elsewhere; begin again if it changes while it is read."""
    for _ in range(TRIES):
        with suppress(ChangedError):
            write(store.stream(name))
            return
    write(store.stream(name))


def check_store(place: str | os.PathLike[str] | Url) -> None:
    """Ask an object store for a name, with few retries; raise StoreError if that fails.

    So a wrong address, a bucket that does not exist and missing credentials are told soon.
    """
    if isinstance(parse_place(place), Url):
        with before_writing():
            open_store(place).probe()


def lock_place(place: Place, *, shared: bool = False) -> AbstractContextManager[object]:
    """Lock a local folder, and create it if it is missing; no object store has locks."""
    return nullcontext() if isinstance(place, Url) else Lock(place, shared=shared, create=True)


@contextmanager
def before_writing() -> Iterator[None]:
    """Give errors of a store the exit status 2 (refused): nothing has been written yet."""
    try:
        yield
    except StoreError as error:
        raise ExpandError(str(error), REFUSED) from error
