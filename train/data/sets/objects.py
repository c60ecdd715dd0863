"""Class folders at a URL, as they are or as `expand` wrote them."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from expand.errors import ExpandError
from expand.layouts.directory import is_hidden, is_image
from expand.layouts.layout import FOLDERS
from expand.layouts.recognition.words import part_of, role_of
from expand.records.card import CARD, parse_card, read_card
from expand.records.manifest import MANIFEST, Row, order
from expand.records.rows import parse_row
from expand.storage.stores.open import check_store, open_store
from expand.storage.stores.store import DeniedError, Entry, MissingError, Store, StoreError
from expand.storage.stores.url import Place, Url
from train.data.decoding import Encoded
from train.data.folders.folder import Folder
from train.data.folders.listed import ListedImage
from train.data.folders.listing import check_names
from train.data.folders.manifest import check_finished, of_rows
from train.errors import TrainError

TOGETHER = 64
"""Objects that are read side by side: as many are in memory."""
PART = 512
"""Objects that one worker reads and decodes."""
SHOWN = 3


def list_objects(root: Url, layout: str) -> Folder:
    """List the class folders at a URL; those that expand wrote, by their manifest.

    Raise TrainError if there are none, with status 3 if the store cannot be used.
    """
    try:
        check_store(root)
        with closing(open_store(root)) as store:
            entries = {entry.name: entry for page in store.pages() for entry in page}
            listed = _list_expanded(root, store) if CARD in entries else None
    except ExpandError as error:
        raise TrainError(str(error), error.status) from error
    folder = listed or _list_classes(root, entries, layout)
    missing = [file for file in folder.files if file not in entries]
    if missing:
        raise TrainError(
            f'"{root / missing[0]}" is missing; the manifest has it. `expand verify` lists all'
        )
    versions = [_version(entries[file]) for file in folder.files]
    return replace(folder, versions=versions)


def _version(entry: Entry) -> str:
    return f"{entry.size} {entry.version}"


def _list_classes(root: Url, names: Iterable[str], layout: str) -> Folder:
    """List images by the first part of their names, in the order of a folder."""
    parts = [(name, name.split("/")) for name in names]
    images = [
        name
        for name, path in parts
        if len(path) > 1 and is_image(path[-1]) and not any(map(is_hidden, path))
    ]
    if not images:
        raise TrainError(
            f'"{root}" has no images in class folders; they are expected as '
            f"{root.name}/<class>/<image>"
        )
    images.sort(key=order)
    labels = [name.partition("/")[0] for name in images]
    if layout != FOLDERS:
        _check_classes(root, sorted(set(labels)))
    check_names(root, images)
    return Folder.of(root, images, labels, images, [0] * len(images), None)


def _check_classes(root: Url, names: list[str]) -> None:
    """Refuse folders that are named like parts of a dataset, or like images and labels."""
    if all(part_of(name) or role_of(name).kind for name in names):
        listed = ", ".join(f'"{name}"' for name in names[:SHOWN])
        raise TrainError(
            f'"{root}" has {listed}, which are no classes. At a URL, train reads class folders: '
            f"give a part, such as {root}/{names[0]}, and another one with --test; "
            f"--layout {FOLDERS} takes each folder for a class"
        )


def _list_expanded(root: Url, store: Store) -> Folder:
    card = parse_card(store.read(CARD), str(root / CARD))
    check_finished(root, card)
    return of_rows(root, card, MANIFEST, _read_rows(root, store))


def _read_rows(root: Url, store: Store) -> Iterator[Row]:
    """Yield the rows of the manifest at a URL."""
    for number, line in enumerate(_lines(store.stream(MANIFEST)), 1):
        try:
            yield parse_row(line)
        except ExpandError as error:
            raise TrainError(f'"{root / MANIFEST}", line {number}: {error}') from error


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
        raise TrainError(f"{error}; run the same command again to resume", error.status) from error


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
