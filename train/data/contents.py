"""What a decoded dataset is made of: the images of a set, which workers read in parts."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol

from expand.storage.stores.url import Place
from train.data.decoding import CHUNK, Encoded, Files, Part
from train.data.folders.folder import Folder

CHUNK_PIXELS = 1 << 22
"""Pixels that a worker decodes at a time, if they are fewer than those of `CHUNK` images."""


class Contents(Protocol):
    """The images that a decoded dataset is made of."""

    lists: ClassVar[bool]
    """Whether what is known of an image is read together with it."""

    @property
    def root(self) -> Place:
        """Where they lie."""

    @property
    def hint(self) -> str:
        """What may help if images are bad; may be empty."""

    def __len__(self) -> int: ...

    def marks(self) -> Iterable[str]:
        """Return texts that differ if any byte of the images, or their order, does."""

    def first(self) -> Generator[Encoded, None, None]:
        """Yield the first images."""

    def parts(self, pixels: int) -> Iterator[Part]:
        """Yield all images, in parts for one worker each; `pixels` are those of an image."""


@dataclass(frozen=True)
class FolderContents:
    """The files of a folder, whose hashes are known."""

    folder: Folder
    hashes: list[str]
    lists: ClassVar[bool] = False

    @property
    def root(self) -> Place:
        """Where they lie."""
        return self.folder.root

    @property
    def hint(self) -> str:
        """What may help if images are bad."""
        return "`expand verify` checks the folder" if self.folder.expanded else ""

    def __len__(self) -> int:
        return len(self.folder)

    def marks(self) -> Iterable[str]:
        """Return the hashes of the files."""
        return self.hashes

    def first(self) -> Generator[Encoded, None, None]:
        """Yield the files."""
        return self._files(0, len(self)).read()

    def parts(self, pixels: int) -> Iterator[Part]:
        """Yield the files, a few at a time."""
        size = max(1, min(CHUNK, CHUNK_PIXELS // pixels))
        return (self._files(start, size) for start in range(0, len(self), size))

    def _files(self, start: int, count: int) -> Files:
        some = slice(start, start + count)
        return Files(self.folder.path, start, self.folder.files[some], self.hashes[some])
