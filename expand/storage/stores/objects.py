"""Object stores through obstore: S3, Google Cloud Storage, Azure and memory.

The one module that knows the client library. Endpoints, regions and credentials come from the
environment variables that the library reads: AWS_*, GOOGLE_*, AZURE_*.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotSupportedError
from obstore.store import AzureStore, GCSStore, MemoryStore, S3Store

from expand.errors import ExpandError
from expand.storage.stores.failures import check_address, retry_seconds, store_error
from expand.storage.stores.store import DeniedError, Entry, MissingError, Store, StoreError
from expand.storage.stores.url import Url

PAGE, DELETED = 1000, 1000
SIDE_BY_SIDE = 32
"""Requests in flight at the same time: an object store answers each after some milliseconds."""
RANGE = 16 << 20
"""Bytes of a large object that one request reads."""
PART, MOST_PARTS = 8 << 20, 9_000
"""Bytes of a part of a large upload, at least; and how many parts an object may have."""
QUICK: dict[str, Any] = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
"""The first request of a run fails soon, so that a wrong address is told at once."""
CLIENT = {"connect_timeout": "5s", "timeout": "60s"}
QUICK_CLIENT = {"timeout": "10s"}
PREFIXES = ("AWS_", "GOOGLE_", "AZURE_", "EXPAND_")
"""Environment variables on which a client depends."""
S3_ADDRESSES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
"""Variables that name the server, the first one first."""
FAILURES = (BaseError, OSError, ValueError)
"""What the library raises."""

_memory: dict[str, MemoryStore] = {}
"""The stores of this process by the bucket of `memory://bucket`."""


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
                found = await obstore.get_async(self._client, self._key(name))
                return bytes(await found.bytes_async())
            except FAILURES as error:
                failed = self._error("read", name, error)
                if isinstance(failed, MissingError | DeniedError):
                    return failed
                raise failed from error

        return _side_by_side(get, names)

    def read_span(self, name: str, start: int, size: int) -> bytes:
        """Return some bytes of an object."""
        key, end = self._key(name), start + size
        data: bytes = self._ask("read", name, lambda: self._range(key, {"range": (start, end)}))
        return data

    def stream(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of an object, a range at a time; it must not change meanwhile."""
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
            try:
                key = self._key(file[0])
                await obstore.put_async(self._client, key, file[1], use_multipart=False)
            except FAILURES as error:
                raise self._error("written", file[0], error) from error

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
            return self.read(name) == data
        except _UnsupportedError:
            if self.size(name) is not None:
                return False
            self.write(name, data)
        return True

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
            try:
                obstore.delete(self._client, some)
            except FileNotFoundError:
                continue
            except FAILURES as error:
                raise self._error("removed", some[0][len(self._prefix) :], error) from error

    def close(self) -> None:
        """Close nothing: connections are shared and closed by the library."""

    def _key(self, name: str) -> str:
        return f"{self._prefix}{name}"

    def _ask(self, what: str, name: str, request: Callable[[], Any]) -> Any:
        """Do a request; raise StoreError if it fails for good."""
        try:
            return request()
        except FAILURES as error:
            raise self._error(what, name, error) from error

    def _error(self, what: str, name: str, error: Exception) -> StoreError:
        place = f"{self.url}/{name}" if name else str(self.url)
        if isinstance(error, AlreadyExistsError):
            return _ExistsError(f'"{place}" exists already')
        if isinstance(error, NotSupportedError) or "501 Not Implemented" in str(error):
            return _UnsupportedError(f'"{place}" cannot be {what}: the store does not support that')
        return store_error(self.url, place, what, error)


class _ExistsError(StoreError):
    """An object that was to be created exists."""


class _UnsupportedError(StoreError):
    """A request that the store does not know."""


def patient() -> dict[str, Any]:
    """Return how requests are repeated that fail for a while: throttling, lost connections."""
    return {
        "max_retries": 100,
        "retry_timeout": timedelta(seconds=retry_seconds()),
        "backoff": {
            "init_backoff": timedelta(milliseconds=100),
            "max_backoff": timedelta(seconds=10),
            "base": 2,
        },
    }


def connect(url: Url, *, quick: bool = False) -> Any:
    """Return the library's client for a bucket, which keeps its connections; nothing is asked."""
    if url.scheme == "memory":
        return _memory.setdefault(url.bucket, MemoryStore())
    names = (name for name in os.environ if name.startswith(PREFIXES))
    environment = tuple((name, os.environ[name]) for name in sorted(names))
    return _connect(Url(url.scheme, url.bucket), quick, environment)


@lru_cache(maxsize=16)
def _connect(url: Url, quick: bool, _environment: tuple[tuple[str, str], ...]) -> Any:
    client: Any = {**CLIENT, **(QUICK_CLIENT if quick else {})}
    options: Any = {"retry_config": QUICK if quick else patient(), "client_options": client}
    for variable in S3_ADDRESSES if url.scheme == "s3" else ():
        check_address(variable)
    try:
        if url.scheme == "gs":
            return GCSStore(url.bucket, **options)
        if url.scheme == "az":
            return AzureStore(url.bucket, **options)
        endpoint = next(filter(None, map(os.environ.get, S3_ADDRESSES)), None)
        if endpoint:
            options["endpoint"] = endpoint
            client["allow_http"] = endpoint.startswith("http://")
        return S3Store(url.bucket, **options, **_profile(url))
    except FAILURES as error:
        raise store_error(url, str(url), "opened", error) from error


def _profile(url: Url) -> dict[str, Any]:
    """Return credentials by AWS_PROFILE, which only the provider's own library reads."""
    name = os.environ.get("AWS_PROFILE")
    if not name or os.environ.get("AWS_ACCESS_KEY_ID"):
        return {}
    try:
        from boto3.session import Session
        from botocore.exceptions import BotoCoreError
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError as error:
        raise ExpandError(
            f'AWS_PROFILE is "{name}", and profiles need another library: pip install boto3'
        ) from error
    try:
        return {"credential_provider": Boto3CredentialProvider(Session())}
    except (BotoCoreError, ValueError) as error:
        raise ExpandError(f'"{url}" cannot be used with AWS_PROFILE={name}: {error}') from error


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
