"""A listing that is made once for all shards: the names of an input, kept in its output."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from expand.errors import ExpandError
from expand.job.blocks.parts import FOLDER, LOCAL
from expand.layouts.class_folders import check_root
from expand.layouts.directory import is_added
from expand.layouts.stored.listed import ITSELF, list_folder
from expand.records.rows import NotJsonError, parse_json
from expand.storage.stores.open import before_writing, check_store, lock_place, open_store
from expand.storage.stores.places import check_places
from expand.storage.stores.store import Entry, MissingError, Store
from expand.storage.stores.url import Place, place_text

INDEX, NAMES = "listing.json", "listing-{:06d}.jsonl.gz"
TOGETHER = 50_000
"""Names in a file: about a megabyte."""


def prepare(src: Place, out: Place) -> int:
    """List an input, and keep the list in the output; return how many files it names.

    Shards use the list instead of the input's own. Raise ExpandError for an output that has files
    already, and for an input that cannot be listed.
    """
    check_places(src, out)
    check_store(src)
    check_store(out)
    if isinstance(src, Path):
        check_root(src)
    folder = _folder(src, out)
    with closing(open_store(out)) as store, lock_place(out):
        with before_writing():
            _check_unused(out, store)
        remaining = list_folder(src) if isinstance(src, Path) else _entries(open_store(src))
        count, digests = 0, list[str]()
        while some := list(islice(remaining, TOGETHER)):
            packed = _pack(some)
            store.write(folder + NAMES.format(len(digests)), packed)
            count += sum(_is_visible(entry) for entry in some)
            digests.append(sha256(packed).hexdigest())
        if not count:
            raise ExpandError(f'"{src}" has no files')
        index = {"source": _source(src), "files": len(digests), "names": count}
        index["sha256"] = digests
        store.write(folder + INDEX, json.dumps(index).encode())
    return count


def prepared(src: Place, out: Place) -> Iterator[list[Entry]] | None:
    """Return the pages of the list that `prepare` kept in an output; None if it has none.

    Raise ExpandError for the list of another input.
    """
    store, folder = open_store(out), _folder(src, out)
    try:
        index = parse_json(store.read(folder + INDEX))
        source, files = index["source"], int(index["files"])
        digests = index.get("sha256")  # earlier versions had none
        if digests is not None and len(digests) != files:
            raise ValueError("other files than digests")
    except MissingError:
        return None
    except (NotJsonError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(out, folder + INDEX) from error
    if source != _source(src):
        raise ExpandError(f'"{out}" was prepared for the input "{source}", not for "{src}"')
    return (
        _unpack(out, store, folder + NAMES.format(number), digests and digests[number])
        for number in range(files)
    )


def is_listing(name: str) -> bool:
    """Tell whether a file is part of such a list."""
    return name.startswith((f"{FOLDER}listing", f"{LOCAL}listing"))


def _entries(store: Store) -> Iterator[Entry]:
    return (entry for page in store.pages() for entry in page)


def _folder(src: Place, out: Place) -> str:
    """Return the folder of the list in an output: that of the records of its shards."""
    return LOCAL if isinstance(src, Path) and isinstance(out, Path) else FOLDER


def _source(src: Place) -> str:
    """Return an input as all shards know it."""
    return place_text(src.resolve() if isinstance(src, Path) else src)


def _is_visible(entry: Entry) -> bool:
    """Tell whether an entry is a file: a local list has its directories, too."""
    return entry.name.rpartition("/")[2] != ITSELF


def _check_unused(out: Place, store: Store) -> None:
    for entry in _entries(store):
        if not is_listing(entry.name) and not is_added(entry.name):
            raise ExpandError(
                f'"{out}" is not empty (it has "{entry.name}"); run `expand prepare` before '
                "the first shard"
            )


def _pack(entries: Iterable[Entry]) -> bytes:
    lines = "".join(json.dumps(entry) + "\n" for entry in entries)
    return gzip.compress(lines.encode(), 6, mtime=0)


def _unpack(out: Place, store: Store, name: str, digest: Any) -> list[Entry]:
    """Return the entries in a file of the list, if it has the `digest` that the index says."""
    data = store.read(name)
    if digest is not None and sha256(data).hexdigest() != digest:
        raise _damaged(out, name)
    try:
        lines = gzip.decompress(data).splitlines()
        return [
            Entry(str(name), int(size), str(version))
            for name, size, version in map(parse_json, lines)
        ]
    except (OSError, EOFError, NotJsonError, TypeError, ValueError) as error:
        raise _damaged(out, name) from error


def _damaged(out: Place, name: str) -> ExpandError:
    return ExpandError(f'"{out}/{name}" is damaged; run `expand prepare` again')
