"""Class folders at a URL, as they are or as `expand` wrote them."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from expand.errors import ExpandError
from expand.layouts.labelled.dataset import Request
from expand.layouts.layout import Layout, LayoutError
from expand.layouts.stored.open import open_stored
from expand.records.card import CARD, parse_card, read_card
from expand.records.manifest import MANIFEST, PARQUET, Row
from expand.records.rows import parse_row
from expand.storage.stores.open import check_store, open_store
from expand.storage.stores.store import DeniedError, MissingError, Store, StoreError
from expand.storage.stores.url import Place, Url
from train.data.decoding import Encoded
from train.data.folders.classified import check_classified
from train.data.folders.files import lost
from train.data.folders.folder import Folder
from train.data.folders.listed import ListedImage
from train.data.folders.listing import check_names
from train.data.folders.manifest import check_finished, of_rows
from train.errors import TrainError

TOGETHER = 64
"""Objects that are read side by side: as many are in memory."""
PART = 512
"""Objects that one worker reads and decodes."""


def list_objects(root: Url, layout: str) -> Folder:
    """List the class folders at a URL; those that expand wrote, by their manifest.

    Raise TrainError if there are none, with status 3 if the store cannot be used.
    """
    try:
        check_store(root)
        with closing(open_store(root)) as store:
            if store.size(CARD) is not None:
                return _list_expanded(root, store)
        return _list_classes(root, layout)
    except ExpandError as error:
        found = error.__cause__
        text = _describe(root, found.layout) if isinstance(found, LayoutError) else str(error)
        raise TrainError(text, error.status) from error


def _list_classes(root: Url, layout: str) -> Folder:
    """List the images of class folders that expand has not written."""
    with open_stored(root, Request(layout)) as dataset:
        check_classified(root, dataset)
        listed = [
            (source.id, source.label, f"{source.size} {source.version}")
            for source in dataset.listing
        ]
        notes = tuple(each.sentence() for each in dataset.listing.summary.empty_classes)
    sources, labels, versions = map(list, zip(*listed, strict=True))
    check_names(root, sources)
    folder = Folder.of(root, sources, labels, sources, [0] * len(sources), None)
    return replace(folder, versions=versions, notes=notes)


def _describe(root: Url, layout: Layout) -> str:
    """Say what is at a URL, and what trains from it."""
    shown = ", ".join(f'"{name}"' for name in layout.evidence)
    what = f'"{root}" is {layout.kind.value}: it has {shown}. At a URL, train reads class folders'
    if not layout.training:
        return f"{what}; copy it to this machine first. If its folders are classes: --as folders"
    test = f" --test {root / layout.test}" if layout.test else ""
    return f"{what}; use those in it: train {root / layout.training}{test}"


def _list_expanded(root: Url, store: Store) -> Folder:
    card = parse_card(store.read(CARD), str(root / CARD))
    check_finished(root, card)
    stored = MANIFEST.replace(".jsonl", PARQUET)
    name = MANIFEST if store.size(stored) is None else stored
    folder = of_rows(root, card, name, _read_rows(root, store, name))
    known = {
        entry.name: f"{entry.size} {entry.version}" for page in store.pages() for entry in page
    }
    if missing := [file for file in folder.files if file not in known]:
        raise TrainError(
            f'"{root / missing[0]}" is missing; the manifest has it. `expand verify` lists all'
        )
    return replace(folder, versions=[known[file] for file in folder.files])


def _read_rows(root: Url, store: Store, name: str) -> Iterator[Row]:
    """Yield the rows of the manifest of this name at a URL."""
    if name.endswith(PARQUET):
        from expand.records.parquet import read_parquet

        yield from read_parquet(BytesIO(store.read(name)), Path(name))
        return
    for number, line in enumerate(_lines(store.stream(name)), 1):
        try:
            yield parse_row(line)
        except ExpandError as error:
            raise TrainError(f'"{root / name}", line {number}: {error}') from error


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
    if rest:
        yield rest


class ObjectPart(NamedTuple):
    """Successive objects of a folder at a URL, to decode."""

    root: Url
    start: int
    """The row of the first one."""
    names: list[str]

    def read(self) -> Generator[Encoded, None, None]:
        """Yield the objects; a few are read side by side."""
        remaining = iter(self.names)
        with closing(open_store(self.root)) as store:
            while some := list(islice(remaining, TOGETHER)):
                yield from map(_as_encoded, some, _read_many(store, some))


def _read_many(store: Store, names: list[str]) -> list[bytes | StoreError]:
    try:
        return store.read_many(names)
    except StoreError as error:
        raise lost(error) from error


def _as_encoded(name: str, found: bytes | StoreError) -> Encoded:
    data = found if isinstance(found, bytes) else b""
    problem = "" if isinstance(found, bytes) else _reason(found)
    return Encoded(name, data, problem, ListedImage(name, "", name, 0, sha256(data).hexdigest()))


def _reason(error: StoreError) -> str:
    known = {MissingError: "was removed meanwhile", DeniedError: "may not be read"}
    return known.get(type(error), str(error))


@dataclass(frozen=True)
class ObjectContents:
    """The files of a listed folder at a URL."""

    root: Url
    folder: Folder
    lists: ClassVar[bool] = True
    notes: tuple[str, ...] = ()

    @property
    def hint(self) -> str:
        """What may help if images are bad."""
        return "`expand verify` checks the folder" if self.folder.expanded else ""

    def __len__(self) -> int:
        return len(self.folder)

    def marks(self) -> Iterable[str]:
        """Return the names of the files with what the store says of them."""
        named = zip(self.folder.files, self.folder.versions, strict=True)
        return (f"{name}\0{version}\0" for name, version in named)

    def first(self) -> Generator[Encoded, None, None]:
        """Yield the first images."""
        return ObjectPart(self.root, 0, self.folder.files[:1]).read()

    def parts(self, pixels: int) -> Iterator[ObjectPart]:
        """Yield the files, a few at a time."""
        for start in range(0, len(self), PART):
            yield ObjectPart(self.root, start, self.folder.files[start : start + PART])


def read_card_at(root: Place) -> dict[str, Any] | None:
    """Return the run card of a set, wherever it lies; None if there is none."""
    try:
        if isinstance(root, Path):
            return read_card(root)
        check_store(root)
        with closing(open_store(root)) as store:
            return parse_card(store.read(CARD), str(root / CARD))
    except MissingError:
        return None
    except ExpandError as error:
        raise TrainError(str(error), error.status) from error
