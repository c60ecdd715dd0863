"""The place of label files: the folder "labels" for the folder "images", or beside the images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from expand.layouts.directory import Directory, read_directory
from expand.layouts.labelled.yolo.folder.survey import Survey
from expand.layouts.recognition.words import role_of
from expand.layouts.spooled.lists import starting


class Place(NamedTuple):
    """Where the label file of an image is: the last folder of a name is replaced by another.

    It is beside the image if no folder that leads to it has that name, as for Ultralytics.
    """

    images: str = "images"
    labels: str = "labels"

    def label(self, image: str) -> str:
        """Return the path of the label file of an image."""
        folder, name = _split(image)
        return f"{_replace(folder, self.images, self.labels)}{name.rpartition('.')[0]}.txt"

    def label_folder(self, folder: str) -> str:
        """Return the folder of the labels of a folder of images; both are prefixes of paths."""
        return _replace(folder, self.images, self.labels)

    def image_folder(self, folder: str) -> str:
        """Return the folder of the images of a folder of labels; both are prefixes of paths."""
        return _replace(folder, self.labels, self.images)


BESIDE = Place("", "")
USUAL = Place()


def _split(path: str) -> tuple[str, str]:
    cut = path.rfind("/") + 1
    return path[:cut], path[cut:]


def _replace(folder: str, name: str, other: str) -> str:
    before, found, after = f"/{folder}".rpartition(f"/{name}/")
    return f"{before}/{other}/{after}"[1:] if found and name else folder


def find_place(found: Survey, folders: Iterable[str]) -> Place | None:
    """Return where the labels of some folders of images are; None if they have no text files.

    The usual folders first; then beside the images; then folders with other names for both, such as
    "img" and "annotations".
    """
    each = list(folders)
    for place in (USUAL, BESIDE):
        if any(place.label_folder(folder) in found.texts for folder in each):
            return place
    named = {name for text in found.texts for name in text.split("/")}
    labels = sorted(name for name in named if role_of(name).kind == "labels")
    for folder in each if labels else ():
        for name in reversed(folder.split("/")[:-1]):
            if role_of(name).kind == "images":
                for place in (Place(name, other) for other in labels):
                    if place.label_folder(folder) in found.texts:
                        return place
    return None


class Neighbours:
    """The files that have the stem of another one, in its folder or another folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        # some folders are visited by turns: a folder, those in it, and that of its labels
        self._read = lru_cache(maxsize=16)(self._directory)

    def images(self, folder: str, stem: str) -> list[str]:
        """Return the names of the images of a stem."""
        directory = self._read(folder)
        return _of_stem(directory.images, stem) if directory else []

    def others(self, folder: str, stem: str) -> list[str]:
        """Return the names of the files of a stem that are not images here."""
        directory = self._read(folder)
        return _of_stem(directory.others, stem) if directory else []

    def has_images(self, folder: str) -> bool:
        """Tell whether a folder holds images."""
        directory = self._read(folder)
        return bool(directory and directory.images)

    def _directory(self, folder: str) -> Directory | None:
        path = self._root / folder
        return read_directory(str(path)) if path.is_dir() else None


def _of_stem(names: Sequence[str], stem: str) -> list[str]:
    found = starting(names, f"{stem}.")
    return [name for name in found if name.rpartition(".")[0] == stem]
