"""The lists of a dataset: read when it is opened, and written anew when its files are known."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from expand.errors import BadImageError, ExpandError
from expand.layouts.labelled.dataset import LabelFile, Rows
from expand.layouts.labelled.voc.lists.entries import Copy, ImageList
from expand.layouts.labelled.voc.survey import Survey
from expand.layouts.names import split_suffix
from expand.layouts.recognition.words import role_of
from expand.storage.reading import read_image

LARGEST = 256 << 20
"""Bytes of a list."""
Task = tuple[str, str]
"""The home and the name of a folder of lists."""


class Named(NamedTuple):
    """What a list names."""

    images: frozenset[str]
    missing: tuple[str, ...]
    """The ids of which there is no image."""


class Lists:
    """The lists of a dataset."""

    def __init__(self, root: Path, found: Survey) -> None:
        self.root = root
        self.all = [ImageList.of(path) for path in sorted(found.lists)]
        homes = sorted({each.home for each in self.all}, key=len, reverse=True)
        self.known: dict[str, dict[str, str]] = {home: {} for home in homes}
        """The images of each home by their id: their path in the folder of images, without
        suffix."""
        for image, _ in found.images():
            home = next((home for home in homes if image.startswith(home)), None)
            if home is not None:
                self.known[home][split_suffix(name_in_folder(image, home))[0]] = image
        self.named: Callable[[ImageList], Named] = cache(self._named)

    def tasks(self) -> dict[Task, list[ImageList]]:
        """Return the lists of each task."""
        tasks: dict[Task, list[ImageList]] = {}
        for each in self.all:
            tasks.setdefault((each.home, each.task), []).append(each)
        return tasks

    def images(self, lists: Iterable[ImageList]) -> set[str]:
        """Return the images in some lists of a task; lists of one class name the same ones."""
        chosen = list(lists)
        plain = [each for each in chosen if not each.of_class]
        return set[str]().union(*(self.named(each).images for each in plain or chosen))

    def _named(self, each: ImageList) -> Named:
        known = self.known[each.home]
        entries = list(each.entries(read_list(self.root, each.path), known))
        images = frozenset(entry.image for entry in entries if entry.image)
        return Named(images, tuple(entry.id for entry in entries if entry.id and not entry.image))


class WrittenLists:
    """Writes lists anew, with the copies of each image after it."""

    def __init__(self, lists: Lists, grows: Mapping[Task, set[str]], anew: list[ImageList]) -> None:
        self.lists, self.grows, self.anew = lists, grows, anew

    def __call__(self, rows: Rows) -> Iterator[LabelFile]:
        """Yield the lists of the expanded dataset."""
        homes = dict.fromkeys(each.home for each in self.anew)
        for home in homes:
            copies = _copies(rows, home)
            for each in self.anew:
                if each.home == home:
                    yield self._written(each, copies)

    def _written(self, each: ImageList, copies: Mapping[str, list[Copy]]) -> LabelFile:
        growing = self.grows[each.home, each.task]
        # a bad source has no files: it is in no list
        own = {image: copies.get(image, []) for image in growing}
        text = read_list(self.lists.root, each.path)
        new = each.written(text, self.lists.known[each.home], own)
        return LabelFile(each.path, new.encode("utf-8", "surrogateescape"))


def _copies(rows: Rows, home: str) -> dict[str, list[Copy]]:
    """Return the files of each image of a home."""
    copies: dict[str, list[Copy]] = {}
    for row in rows():
        if row.source.startswith(home):
            copy = Copy(name_in_folder(row.file_name, home), row.annotation)
            copies.setdefault(row.source, []).append(copy)
    return copies


def name_in_folder(image: str, home: str) -> str:
    """Return the path of an image in the folder of images of its home."""
    below = image.removeprefix(home)
    first, slash, rest = below.partition("/")
    return rest if slash and role_of(first).kind == "images" else below


def read_list(root: Path, name: str) -> str:
    """Return the text of a list; raise ExpandError if it cannot be read."""
    path = os.path.join(root, name)
    try:
        if os.stat(path).st_size > LARGEST:
            raise BadImageError(f"has more than {LARGEST:,} bytes")
        data = read_image(path)
    except OSError as error:
        raise ExpandError(f'"{path}" cannot be read: {error.strerror}') from error
    except BadImageError as error:
        raise ExpandError(f'"{path}" {error}') from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ExpandError(f'"{path}" is a list in UTF-16; save it as UTF-8')
    return data.decode("utf-8", "surrogateescape")
