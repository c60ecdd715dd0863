"""Files of images with masks, and which masks belong to which image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from sys import intern
from typing import NamedTuple

from expand.layouts.labelled.masks.places import Place, place_of
from expand.layouts.names import split_suffix
from expand.layouts.spooled.lists import Texts
from expand.layouts.spooled.sets import TextLists, TextSet

Key = tuple[str, ...]


class File(NamedTuple):
    """A file of the dataset."""

    path: str
    folders: tuple[str, ...]
    stem: str
    suffix: str

    @classmethod
    def of(cls, path: str) -> File:
        """Split the path of a file, POSIX style."""
        folder, _, name = path.rpartition("/")
        stem, suffix = split_suffix(name)
        return cls(path, _names(folder), stem, intern(suffix))

    @property
    def place(self) -> Place:
        """What its folders say."""
        return place_of(self.folders)


@lru_cache(maxsize=4096)
def _names(folder: str) -> tuple[str, ...]:
    """Return the names in the path of a folder: one tuple for all files in it, to save memory."""
    return tuple(folder.split("/")) if folder else ()


class MaskOf(NamedTuple):
    """A mask of an image."""

    path: str
    at: int
    """Where the number of a copy belongs in its stem."""
    tail: str = ""
    """What the stem of its image ends with, behind what they have in common: "_leftImg8bit"."""
    sample: str = ""
    """The folder that holds nothing but the image and its masks, if their names tell nothing."""


class Files:
    """Files in the order in which they came; many lie on the disk."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self.paths = Texts(paths)

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[File]:
        return map(File.of, self.paths)

    @classmethod
    def of(cls, files: Iterable[File]) -> Files:
        """Keep some files."""
        return cls(file.path for file in files)

    def folders(self) -> set[Key]:
        """Return the folders of the files."""
        return {_names(path.rpartition("/")[0]) for path in self.paths}


class MaskLists:
    """The masks of images, found by the path of the image; many lie on the disk."""

    def __init__(self) -> None:
        self._lists = TextLists()

    def __contains__(self, image: str) -> bool:
        return image in self._lists

    def __iter__(self) -> Iterator[str]:
        """Yield the images, sorted by path."""
        return iter(self._lists)

    def add(self, image: str, mask: MaskOf) -> None:
        """Note a mask of an image."""
        self._lists.add(image, "\0".join((mask.path, str(mask.at), mask.tail, mask.sample)))

    def of(self, image: str) -> list[MaskOf]:
        """Return the masks of an image, in the order in which they were added."""
        return [_mask(text) for text in self._lists.of(image)]

    def items(self) -> Iterator[tuple[str, list[MaskOf]]]:
        """Yield the images, sorted by path, each with its masks."""
        for image, texts in self._lists.lists():
            yield image, [_mask(text) for text in texts]


def _mask(text: str) -> MaskOf:
    path, at, tail, sample = text.split("\0")
    return MaskOf(path, int(at), tail, sample)


@dataclass
class Pairing:
    """Which masks belong to which image."""

    found: MaskLists = field(default_factory=MaskLists)
    """The masks of each image that has some, also of those that cannot be used."""
    doubtful: dict[str, str] = field(default_factory=dict)
    """Images that cannot be used, each with the reason."""
    bare: Files = field(default_factory=Files)
    """Images without a mask."""
    orphans: Files = field(default_factory=Files)
    """Masks without an image."""

    def knows(self, image: str) -> bool:
        """Tell whether an image has masks, also if they cannot be used."""
        return image in self.doubtful or image in self.found

    def masks(self, image: str) -> list[MaskOf]:
        """Return the masks of an image; none if it cannot be used."""
        return [] if image in self.doubtful else self.found.of(image)

    def items(self) -> Iterator[tuple[str, list[MaskOf]]]:
        """Yield the images that can be used, sorted by path, each with its masks."""
        return (each for each in self.found.items() if each[0] not in self.doubtful)


@dataclass(frozen=True)
class Grown:
    """The images that grow, with their masks."""

    pairing: Pairing
    paths: TextSet

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def usable(self) -> int:
        """The number of images that can be used."""
        return len(self) - sum(path in self for path in self.pairing.doubtful)

    def __contains__(self, path: str) -> bool:
        return path in self.paths

    def __iter__(self) -> Iterator[str]:
        """Yield their paths, sorted."""
        return iter(self.paths)

    def masks(self) -> Iterator[MaskOf]:
        """Yield all masks."""
        return (mask for _, masks in self.items() for mask in masks)

    def items(self) -> Iterator[tuple[str, list[MaskOf]]]:
        """Yield the images that can be used, sorted by path, each with its masks."""
        remaining = iter(self)
        path = next(remaining, None)
        for image, masks in self.pairing.items():
            while path is not None and path < image:
                path = next(remaining, None)
            if path == image:
                yield image, masks
