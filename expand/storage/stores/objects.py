"""Objects below a URL, through obstore: S3, Google Cloud Storage, Azure and memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError, NotSupportedError, PreconditionError

from expand.storage.stores.clients import connect, is_failure
from expand.storage.stores.failures import store_error
from expand.storage.stores.store import (
    ChangedError,
    DeniedError,
    Entry,
    MissingError,
    Store,
    StoreError,
)
from expand.storage.stores.url import Url

PAGE, DELETED = 1000, 1000
SIDE_BY_SIDE = 32
"""Requests in flight at the same time: an object store answers each after some milliseconds."""
RANGE = 16 << 20
"""Bytes of a large object that one request reads."""
PART, MOST_PARTS = 8 << 20, 9_000
"""Bytes of a part of a large upload, at least; and how many parts an object may have."""


class ObjectStore(Store):
    """The objects below a URL."""

    def __init__(self, url: Url) -> None:
        self.url = url
        self._prefix = f"{url.path}/" if url.path else ""
        self._client = connect(url)

    @property
    def place(self) -> str:
        """The URL."""
        return str(self.url)

    def probe(self) -> None:
        """Ask for the first name, with few retries; raise StoreError if that fails."""
        with_few = connect(self.url, quick=True)
        self._ask("listed", "", lambda: next(_pages(with_few, self._prefix), None))

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return the bytes of an object, or its first `most` bytes."""
        if most is None:
            return bytes(self._ask("read", name, lambda: self._range(self._key(name), {})))
        size = self.size(name) or 0
        options = {"range": (0, min(most, size))} if size else {}
        return bytes(self._ask("read", name, lambda: self._range(self._key(name), options)))

    def read_many(self, names: Sequence[str]) -> list[bytes | StoreError]:
        """Return the bytes of several objects, or why one cannot be read."""

        async def get(name: str) -> bytes | StoreError:
            try:
                with self._told("read", name):
                    found = await obstore.get_async(self._client, self._key(name))
                    return bytes(await found.bytes_async())
            except (MissingError, DeniedError) as error:
                return error

        return _side_by_side(get, names)

    def read_span(self, name: str, start: int, size: int) -> bytes:
        """Return some bytes of an object."""
        key, end = self._key(name), start + size
        data: bytes = self._ask("read", name, lambda: self._range(key, {"range": (start, end)}))
        return data

    def stream(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of an object, a range at a time."""
        key = self._key(name)
        meta = self._ask("read", name, lambda: obstore.head(self._client, key))
        same = {"if_match": meta["e_tag"]} if meta["e_tag"] else {}
        for start in range(0, meta["size"], RANGE):
            options = {"range": (start, min(start + RANGE, meta["size"])), **same}
            yield self._ask("read", name, partial(self._range, key, options))

    def _range(self, key: str, options: Any) -> bytes:
        return bytes(obstore.get(self._client, key, options=options).bytes())

    def write(self, name: str, data: bytes) -> None:
        """Write an object."""
        self._ask("written", name, lambda: self._put(name, data))

    def _put(self, name: str, data: bytes, **options: Any) -> None:
        obstore.put(self._client, self._key(name), data, use_multipart=False, **options)

    def write_many(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Write several objects, side by side."""

        async def put(file: tuple[str, bytes]) -> None:
            with self._told("written", file[0]):
                key = self._key(file[0])
                await obstore.put_async(self._client, key, file[1], use_multipart=False)

        _side_by_side(put, files)

    def write_file(self, name: str, path: Path) -> None:
        """Write an object from a local file, in parts that become visible together."""
        size = path.stat().st_size
        part = max(PART, -(-size // MOST_PARTS))
        key = self._key(name)
        self._ask("written", name, lambda: obstore.put(self._client, key, path, chunk_size=part))

    def create(self, name: str, data: bytes) -> bool:
        """Write an object unless it exists, by one conditional request where the store has them.

        Elsewhere the store is asked first, so that two writers may both get True.
        """
        try:
            self._ask("written", name, lambda: self._put(name, data, mode="create"))
        except _ExistsError:
            # a request that was repeated after its answer was lost finds its own object
            return self._has(name, data)
        except _UnsupportedError:
            if self.size(name) is not None:
                return False
            self.write(name, data)
        return True

    def replace(self, name: str, data: bytes, known: Callable[[bytes], bool]) -> bool:
        """Write an object in the place of a known one, by a conditional request.

        Where the store has none, another writer may come between the two requests.
        """
        try:
            found = self._ask("read", name, lambda: obstore.get(self._client, self._key(name)))
            if not known(bytes(self._ask("read", name, found.bytes))):
                return False
            marks = {key: found.meta[key] for key in ("e_tag", "version") if found.meta[key]}
            self._ask("written", name, lambda: self._put(name, data, mode=marks))
        except (MissingError, ChangedError):
            # a request that was repeated after its answer was lost finds its own object
            return self._has(name, data)
        except _UnsupportedError:
            self.write(name, data)
        return True

    def _has(self, name: str, data: bytes) -> bool:
        """Tell whether an object exists and has these bytes."""
        try:
            return self.read(name) == data
        except MissingError:
            return False

    def size(self, name: str) -> int | None:
        """Return the bytes that an object has."""
        try:
            meta = self._ask("read", name, lambda: obstore.head(self._client, self._key(name)))
        except MissingError:
            return None
        return int(meta["size"])

    def pages(self, prefix: str = "") -> Iterator[list[Entry]]:
        """Yield the objects below a prefix, in pages."""
        pages = _pages(self._client, self._prefix + prefix)
        while page := self._ask("listed", prefix, lambda: next(pages, None)):
            yield [
                Entry(meta["path"][len(self._prefix) :], meta["size"], meta["e_tag"] or "")
                for meta in page
                if meta["path"].startswith(self._prefix)  # not what marks the folder itself
            ]

    def delete(self, names: Iterable[str]) -> None:
        """Remove objects."""
        remaining = map(self._key, names)
        while some := list(islice(remaining, DELETED)):
            with suppress(MissingError), self._told("removed", some[0][len(self._prefix) :]):
                obstore.delete(self._client, some)

    def close(self) -> None:
        """Close nothing: connections are shared and closed by the library."""

    def _key(self, name: str) -> str:
        return f"{self._prefix}{name}"

    def _ask(self, what: str, name: str, request: Callable[[], Any]) -> Any:
        """Do a request; raise StoreError if it fails for good."""
        with self._told(what, name):
            return request()

    @contextmanager
    def _told(self, what: str, name: str) -> Iterator[None]:
        """Turn what the library raises into a StoreError; every request runs in it."""
        try:
            yield
        except BaseException as error:
            if not is_failure(error):
                raise
            raise self._error(what, name, error) from error

    def _error(self, what: str, name: str, error: BaseException) -> StoreError:
        place = f"{self.url}/{name}" if name else str(self.url)
        if isinstance(error, AlreadyExistsError):
            return _ExistsError(f'"{place}" exists already')
        if isinstance(error, PreconditionError):
            return ChangedError(f'"{place}" was written by another program meanwhile')
        if isinstance(error, NotSupportedError) or "501 Not Implemented" in str(error):
            return _UnsupportedError(f'"{place}" cannot be {what}: the store does not support that')
        return store_error(self.url, place, what, error)


class _ExistsError(StoreError):
    """An object that was to be created exists."""


class _UnsupportedError(StoreError):
    """A request that the store does not know."""


def _pages(client: Any, prefix: str) -> Iterator[Any]:
    return iter(obstore.list(client, prefix or None, chunk_size=PAGE))


def _side_by_side(
    request: Callable[[Any], Coroutine[Any, Any, Any]], items: Sequence[Any]
) -> list[Any]:
    """Return the results of requests for some items, in their order; a few are in flight."""
    waiting = iter(enumerate(items))
    results: list[Any] = [None] * len(items)

    async def lane() -> None:
        for index, item in waiting:
            results[index] = await request(item)

    async def all_lanes() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(SIDE_BY_SIDE, len(items))):
                group.create_task(lane())

    try:
        asyncio.run(all_lanes())
    except* StoreError as several:
        first: BaseException = several
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        failed = first
    else:
        return results
    raise failed
