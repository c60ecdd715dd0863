"""Files of images with masks, and which masks belong to which image."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from sys import intern
from typing import NamedTuple

from expand.layouts.labelled.masks.places import Place, place_of
from expand.layouts.names import split_suffix

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


@dataclass
class Pairing:
    """Which masks belong to which image."""

    masks: dict[str, list[MaskOf]] = field(default_factory=lambda: defaultdict(list))
    """The masks of each image that has some."""
    doubtful: dict[str, str] = field(default_factory=dict)
    """Images that cannot be used, each with the reason."""
    bare: list[File] = field(default_factory=list)
    """Images without a mask."""
    orphans: list[File] = field(default_factory=list)
    """Masks without an image."""

    @property
    def known(self) -> set[str]:
        """The images that have masks, also if they cannot be used."""
        return {*self.masks, *self.doubtful}
