"""A shadow: a local folder with the first names of a stored dataset, to recognise its layout by.

Layouts are told from names, and from the beginnings of a few files that are not images. The shadow
has those of the first folders; other files in it are empty. It is small, whatever the dataset is.
"""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from expand.errors import ExpandError
from expand.layouts.directory import Directory
from expand.layouts.limits import NAME_BYTES
from expand.layouts.recognition.evidence import FILES
from expand.layouts.recognition.recognise import DEPTH, DIRECTORIES
from expand.layouts.stored.tree import Pages, StoredTree
from expand.layouts.walk import Status
from expand.storage.stores.store import MissingError, Store

NAMES = 256
"""Names of each kind that a folder of the shadow has."""
PEEKED = 1 << 18
"""Bytes of a file that are fetched."""
TOLD = (".yaml", ".yml", ".json", ".jsonl", ".xml", ".txt", ".csv", ".tsv", ".lst")
"""Suffixes of files that can tell a layout."""


class Shadow:
    """The folders of a listing, for `walk`; each that is read gets a shadow on the disk."""

    def __init__(self, store: Store, *, recognising: bool, pages: Pages | None = None) -> None:
        """List a store, unless its `pages` are known; raise StoreError if that fails."""
        self._folder = TemporaryDirectory(prefix="expand-", ignore_cleanup_errors=True)
        self.root = Path(self._folder.name)
        self.store = store
        self.recognising = recognising
        self._known: set[str] = set()
        try:
            self.tree = StoredTree(str(self.root), store.pages() if pages is None else pages)
            if recognising:
                self._lay_out()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()

    def read(self, path: str) -> Directory:
        """Return the names in a directory."""
        directory = self.tree.read(path)
        if self.recognising and path not in self._known:
            self._add(directory, images=0)
        return directory

    def identity(self, path: str) -> tuple[int, int]:
        """Return what a directory is known by."""
        return self.tree.identity(path)

    def status(self, path: str) -> Status:
        """Return the size and the version of a file."""
        return self.tree.status(path)

    def _lay_out(self) -> None:
        """Make the shadow of the first folders, level by level, as recognition looks at them."""
        level = [str(self.root)]
        left = DIRECTORIES
        for _ in range(DEPTH + 1):
            below: list[str] = []
            for path in level[: max(0, left)]:
                directory = self.tree.read(path)
                self._add(directory, images=NAMES)
                below += [f"{path}/{name}" for name in directory.folders]
                left -= 1
            level = below

    def _add(self, directory: Directory, images: int) -> None:
        """Make the shadow of a directory."""
        self._known.add(directory.path)
        folder = Path(directory.path)
        told: dict[str, bytes] = {}
        if not directory.others and not images:
            return  # nothing in it could tell a layout
        for name in islice(directory.others, NAMES):
            suffix = Path(name).suffix.lower()
            if suffix in TOLD and sum(each.endswith(suffix) for each in told) < FILES:
                told[name] = self._begin(f"{folder}/{name}")
        names = [*islice(directory.images, images), *islice(directory.others, NAMES)]
        short = [name for name in names if len(os.fsencode(name)) <= NAME_BYTES]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in directory.folders[:NAMES]:
                (folder / name).mkdir(exist_ok=True)
            for name in short:  # a longer one cannot tell a layout here
                (folder / name).write_bytes(told.get(name, b""))
        except OSError as error:
            raise ExpandError(
                f'"{self.store.place}" has names that a folder on this machine cannot have: '
                f"{error.strerror}. Use --as folders"
            ) from error

    def _begin(self, path: str) -> bytes:
        """Return the beginning of a file."""
        try:
            return self.store.read(Path(path).relative_to(self.root).as_posix(), PEEKED)
        except MissingError:  # it was removed meanwhile
            return b""
