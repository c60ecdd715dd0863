"""A listing that is made once for all shards: the names of an input at a URL, in its output."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice

from expand.errors import ExpandError
from expand.job.blocks.parts import FOLDER
from expand.records.rows import NotJsonError, parse_json
from expand.storage.stores.open import before_writing, check_store, open_store
from expand.storage.stores.places import check_places
from expand.storage.stores.store import Entry, MissingError, Store
from expand.storage.stores.url import Place, Url

INDEX, NAMES = f"{FOLDER}listing.json", f"{FOLDER}listing-{{:06d}}.jsonl.gz"
TOGETHER = 50_000
"""Names in a file: about a megabyte."""


def prepare(src: Place, out: Place) -> int:
    """List an input at a URL, and keep the list in the output; return how many files it names.

    Shards use the list instead of the input's own. Raise ExpandError for a local folder, and for an
    output that has files already.
    """
    if not isinstance(src, Url):
        raise ExpandError(
            f'"{src}" is a local folder: each shard lists it itself, in about 6 s of CPU for a '
            "million files. `expand prepare` is for an input at a URL"
        )
    check_places(src, out)
    check_store(src)
    check_store(out)
    with closing(open_store(out)) as store:
        with before_writing():
            _check_unused(out, store)
        remaining = (entry for page in open_store(src).pages() for entry in page)
        count = files = 0
        while some := list(islice(remaining, TOGETHER)):
            store.write(NAMES.format(files), _pack(some))
            count, files = count + len(some), files + 1
        if not count:
            raise ExpandError(f'"{src}" has no files')
        index = {"source": str(src), "files": files, "names": count}
        store.write(INDEX, json.dumps(index).encode())
    return count


def prepared(src: Place, out: Place) -> Iterator[list[Entry]] | None:
    """Return the pages of the list that `prepare` kept in an output; None if it has none.

    Raise ExpandError for the list of another input.
    """
    if not isinstance(src, Url):
        return None
    store = open_store(out)
    try:
        index = parse_json(store.read(INDEX))
        source, files = index["source"], int(index["files"])
    except MissingError:
        return None
    except (NotJsonError, KeyError, TypeError, ValueError) as error:
        raise _damaged(out, INDEX) from error
    if source != str(src):
        raise ExpandError(f'"{out}" was prepared for the input "{source}", not for "{src}"')
    return (_unpack(out, store, NAMES.format(number)) for number in range(files))


def is_listing(name: str) -> bool:
    """Tell whether a file is part of such a list."""
    return name.startswith(f"{FOLDER}listing")


def _check_unused(out: Place, store: Store) -> None:
    for page in store.pages():
        for entry in page:
            if not is_listing(entry.name):
                raise ExpandError(
                    f'"{out}" is not empty (it has "{entry.name}"); run `expand prepare` before '
                    "the first shard"
                )


def _pack(entries: Iterable[Entry]) -> bytes:
    lines = "".join(json.dumps(entry) + "\n" for entry in entries)
    return gzip.compress(lines.encode(), 6, mtime=0)


def _unpack(out: Place, store: Store, name: str) -> list[Entry]:
    try:
        lines = gzip.decompress(store.read(name)).splitlines()
        return [
            Entry(str(name), int(size), str(version))
            for name, size, version in map(parse_json, lines)
        ]
    except (OSError, EOFError, NotJsonError, TypeError, ValueError) as error:
        raise _damaged(out, name) from error


def _damaged(out: Place, name: str) -> ExpandError:
    return ExpandError(f'"{out}/{name}" is damaged; run `expand prepare` again')
