"""Tars that `expand --output webdataset` wrote, as the contents of a decoded dataset."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from expand.archives.index import Index, Tar
from expand.archives.names import INDEX, parse_tar_name
from expand.errors import ExpandError
from expand.records.card import CARD, parse_card
from expand.storage.stores.open import check_store, open_store
from expand.storage.stores.store import MissingError, Store, StoreError
from expand.storage.stores.url import Place
from train.data.decoding import Encoded
from train.data.folders.files import lost
from train.data.folders.listed import ListedImage
from train.data.folders.manifest import check_finished
from train.data.sets.hashed import HashedReader
from train.data.sets.samples import Sample, TarError, read_samples
from train.errors import TrainError

AGAIN = "run the same expand command again, or copy the whole set again"


@dataclass(frozen=True)
class TarSet:
    """A set of tars with its index and its run card."""

    root: Place
    index: Index
    card: dict[str, Any]

    @property
    def balanced(self) -> bool:
        """Whether its classes have different numbers of views on purpose."""
        return "balance" in self.card["settings"]

    def tars(self, *, copies: bool) -> tuple[Tar, ...]:
        """Return the tars of all views, or of the originals alone; raise TrainError without."""
        chosen = self.index.tars if copies else self.index.of_view(0)
        if not chosen:
            raise TrainError(
                f'"{self.root}" has no originals (expand --originals none); '
                "this strategy needs them"
            )
        return chosen


def find_tars(root: Place) -> TarSet | None:
    """Return the set of tars at a place; None if there are no tars of expand.

    Raise TrainError if it is not finished, lacks a tar, or cannot be trained from.
    """
    try:
        check_store(root)
        with closing(open_store(root)) as store:
            if not any(parse_tar_name(name) for name in _top_names(root, store)):
                return None
            tar_set = _read_set(root, store)
            sizes = {entry.name: entry.size for page in store.pages() for entry in page}
    except ExpandError as error:
        raise TrainError(str(error), error.status) from error
    for tar in tar_set.index.tars:
        found = sizes.get(tar.file)
        if found is None:
            raise TarError(f'"{root / tar.file}" is missing; {AGAIN}')
        if found != tar.bytes:
            what = "is cut off" if found < tar.bytes else f"is not the file of {INDEX}"
            raise TarError(
                f'"{root / tar.file}" {what}: it has {found:,} bytes, not {tar.bytes:,}; {AGAIN}'
            )
    return tar_set


def _top_names(root: Place, store: Store) -> Iterator[str]:
    """Yield the names of files at the top of a place, of a URL the first ones."""
    if isinstance(root, Path):
        with suppress(OSError), os.scandir(root) as entries:
            yield from (entry.name for entry in entries)
    else:
        yield from (entry.name for entry in next(store.pages(), []))


def _read_set(root: Place, store: Store) -> TarSet:
    """Return the set of tars in a store, from its index and its run card."""
    found = {}
    for name in (INDEX, CARD):
        try:
            found[name] = store.read(name)
        except MissingError as error:
            raise TrainError(
                f'"{root}" has tars and no {name}, so it is not a whole set that '
                f"`expand --output webdataset` wrote; {AGAIN}"
            ) from error
    index = Index.parse(found[INDEX], str(root / INDEX))
    card = parse_card(found[CARD], str(root / CARD))
    check_finished(root, card)
    if not index.classes:
        raise TrainError(f'"{root}" has no classes; train needs images that have one class each')
    return TarSet(root, index, card)


class TarPart(NamedTuple):
    """A tar, to decode."""

    root: Place
    tar: Tar
    start: int
    """The row of its first image."""
    classes: tuple[str, ...]

    @property
    def title(self) -> str:
        """What messages call it."""
        return f'"{self.root / self.tar.file}"'

    def read(self) -> Generator[Encoded, None, None]:
        """Yield its images; raise TarError at the end if it is not the tar of the index."""
        for sample in self.samples():
            yield self._as_encoded(sample)

    def samples(self, see: Callable[[bytes], object] = len) -> Generator[Sample, None, None]:
        """Yield its samples, and raise as `read` does; `see` is called with all bytes in order.

        What follows a sample is seen after it has been yielded.
        """
        try:
            with closing(open_store(self.root)) as store:
                yield from self._samples(HashedReader(store.stream(self.tar.file)), see)
        except MissingError as error:
            raise TarError(f"{self.title} is missing; {AGAIN}") from error
        except StoreError as error:
            raise lost(error) from error

    def _samples(self, blocks: HashedReader, see: Callable[[bytes], object]) -> Iterator[Sample]:
        count = 0

        def read(size: int) -> bytes:
            """Return the next bytes, once they are seen."""
            data = blocks.read(size)
            see(data)
            return data

        try:
            for count, sample in enumerate(read_samples(read, self.title), 1):
                if count > self.tar.count:
                    break
                self._check_class(sample)
                yield sample
        except TarError as error:
            self._check_hash(blocks)  # it says more than what a changed tar looks like
            raise error
        self._check_hash(blocks)
        if count != self.tar.count:
            raise TarError(f"{self.title} has other samples than {INDEX} says; {AGAIN}")

    def _check_hash(self, blocks: HashedReader) -> None:
        found = blocks.hexdigest()
        if blocks.count < self.tar.bytes:
            raise TarError(
                f"{self.title} is cut off: it has {blocks.count:,} of {self.tar.bytes:,} bytes; "
                f"{AGAIN}"
            )
        if found != self.tar.sha256:
            raise TarError(f"{self.title} is not the file that {INDEX} describes; {AGAIN}")

    def _check_class(self, sample: Sample) -> None:
        if sample.label >= len(self.classes):
            raise TarError(
                f'{self.title}: "{sample.image.key}" has class {sample.label}; {INDEX} has '
                f"{len(self.classes)}"
            )

    def _as_encoded(self, sample: Sample) -> Encoded:
        image, row = sample.image, sample.row
        name = f"{self.tar.file}/{image.name}"
        listed = ListedImage(
            name,
            self.classes[sample.label],
            row["source"],
            row["view"],
            sha256(image.data).hexdigest(),
            row["sha256"],
            row["source_sha256"],
            row.get("group", ""),
            image.offset,
            len(image.data),
        )
        return Encoded(name, image.data, listed=listed)


@dataclass(frozen=True)
class TarContents:
    """The images of some tars of a set, tar by tar."""

    tar_set: TarSet
    tars: tuple[Tar, ...]
    lists: ClassVar[bool] = True
    notes: tuple[str, ...] = ()

    @property
    def root(self) -> Place:
        """Where they lie."""
        return self.tar_set.root

    @property
    def hint(self) -> str:
        """What may help if images are bad."""
        return "`expand verify` checks the set"

    def __len__(self) -> int:
        return sum(tar.count for tar in self.tars)

    def marks(self) -> Iterable[str]:
        """Return the hashes of the tars."""
        classes = [f"{name}\0" for name in self.tar_set.index.classes]
        return [*classes, *(f"{tar.file} {tar.sha256}\0" for tar in self.tars)]

    def first(self) -> Generator[Encoded, None, None]:
        """Yield the images of the first tar that has any."""
        return next(part for part in self.parts(1) if part.tar.count).read()

    def parts(self, pixels: int) -> Iterator[TarPart]:
        """Yield the tars."""
        starts = accumulate((tar.count for tar in self.tars), initial=0)
        for tar, start in zip(self.tars, starts, strict=False):
            yield TarPart(self.root, tar, start, self.tar_set.index.classes)
