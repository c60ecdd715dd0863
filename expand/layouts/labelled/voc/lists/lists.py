"""The lists of a dataset: read when it is opened, and written anew when its files are known."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property, partial
from pathlib import Path
from typing import NamedTuple

from expand.errors import ExpandError, shown
from expand.layouts.directory import is_image
from expand.layouts.labelled.dataset import Derived, Rows, SetWideFile
from expand.layouts.labelled.files import UTF16, read_file
from expand.layouts.labelled.splits.lists import images_in
from expand.layouts.labelled.voc.lists.entries import Copy, Find, ImageList
from expand.layouts.labelled.voc.survey import DIGITS, Image, Marks, Survey
from expand.layouts.names import split_suffix
from expand.layouts.recognition.words import role_of
from expand.layouts.spooled.index import TextIndex
from expand.layouts.spooled.lists import Texts
from expand.layouts.spooled.sets import TextSet

LARGEST = 256 << 20
"""Bytes of a list."""
IN_FOLDER = re.compile(r"^/?(JPEGImages|images?)/", re.IGNORECASE)
TWO_FILES = re.compile(r"\.(jpe?g|png|bmp|webp|tiff?|xml)\s", re.IGNORECASE)
"""The end of a file's name, and what follows it: an id and a column, not an id with a space."""
Task = tuple[str, str]
"""The home and the name of a folder of lists."""


class Named(NamedTuple):
    """What a list names."""

    images: Marks
    missing: Texts
    """The names of which there is no image."""
    more: Texts
    """The lines that begin with the name of an image, and say something that is not understood."""


class Home:
    """The images of a folder that holds ImageSets, by their paths in the folder of images."""

    def __init__(self, name: str) -> None:
        self.name, self._images = name, TextIndex()

    def add(self, image: Image) -> None:
        """Add an image."""
        path = split_suffix(image.path)[0]
        self._images.add(name_in_folder(path, self.name), f"{image.first}{image.path}")

    def get(self, name: str) -> str:
        """Return the image with an id; empty if there is none, and the last of several."""
        texts = self._images.of(name)
        last = max(reversed(texts), key=lambda text: text[:DIGITS]) if len(texts) > 1 else ""
        return (last or next(iter(texts), ""))[DIGITS:]

    def images(self) -> Iterator[str]:
        """Yield the images; of several with one id, the last."""
        for name, text in self._images:
            if self.get(name) == text[DIGITS:]:
                yield text[DIGITS:]


class Everywhere:
    """All images by their path without suffix, and by their name."""

    def __init__(self, images: Iterable[Image]) -> None:
        self._paths, self._names = TextIndex(), TextIndex()
        for image in images:
            path = split_suffix(image.path)[0]
            self._paths.add(path, image.path)
            self._names.add(path.rpartition("/")[2], image.path)

    def get(self, name: str) -> str | None:
        """Return the image that a name tells, "" if several have it; None if there is none."""
        if image := self._paths.last(name):
            return image
        alike = self._names.of(name)
        return None if not alike else alike[0] if len(alike) == 1 else ""


class Lists:
    """The lists of a dataset."""

    def __init__(self, root: Path, found: Survey) -> None:
        self.root, self.found = root, found
        self.homes: dict[str, Home] = {}
        """By the name of the folder."""
        self.named: Callable[[ImageList], Named] = cache(self._named)
        self.all = [
            each for path in sorted(found.lists) if not (each := ImageList.of(path)).is_elsewhere
        ]
        for home in sorted({each.home for each in self.all}, key=len, reverse=True):
            self.homes[home] = Home(home)
        for image in found if self.homes else ():
            for home, images in self.homes.items():
                if image.path.startswith(home):
                    images.add(image)
                    break
        # a list of no part that names no image is of something else, such as classes
        self.all = [each for each in self.all if each.kind or self.named(each).images.any()]
        elsewhere = (ImageList.of(path) for path in sorted(found.lists))
        self.all += [each for each in elsewhere if each.is_elsewhere and self._is_list(each)]

    @cached_property
    def everywhere(self) -> Everywhere:
        """All images, for lists that are in no folder called ImageSets."""
        return Everywhere(self.found)

    def find(self, each: ImageList) -> Find:
        """Return what finds the images that a list names."""
        return (
            partial(_find_path, self.everywhere)
            if each.is_elsewhere
            else partial(_find_id, self.homes[each.home])
        )

    def tasks(self) -> dict[Task, list[ImageList]]:
        """Return the lists of each task."""
        tasks: dict[Task, list[ImageList]] = {}
        for each in self.all:
            tasks.setdefault(each.of_task, []).append(each)
        return tasks

    def images(self, lists: Iterable[ImageList]) -> Marks:
        """Return the images in some lists of a task; lists of one class name the same ones."""
        chosen, marks = list(lists), self.found.none()
        plain = [each for each in chosen if not each.of_class]
        for each in plain or chosen:
            marks |= self.named(each).images
        return marks

    def _named(self, each: ImageList) -> Named:
        find, named, missing = self.find(each), Named(self.found.none(), Texts(), Texts()), Texts()
        for entry in each.entries(read_list(self.root, each.path), find):
            if entry.image:
                self._mark(named, entry.image)
            elif entry.name:
                missing.append(entry.name)
        folders = set[str]()
        if len(missing) and each.kind and not each.is_elsewhere:
            for folder, image in images_in(TextSet(missing), self.homes[each.home].images()):
                folders.add(folder)
                self._mark(named, image)
        for name in missing:
            if name not in folders:
                named.missing.append(name)
                if find(name.split(None, 1)[0]):
                    named.more.append(name)
        return named

    def _mark(self, named: Named, image: str) -> None:
        if known := self.found.find(image):
            named.images[known[0]] = True

    def _is_list(self, each: ImageList) -> bool:
        """Tell whether a text file is a list of images: most of its lines name one.

        Raise ExpandError if they say more of it than is understood.
        """
        named = self.named(each)
        if len(named.more) and 2 * len(named.more) > len(named.missing):
            first = shown(next(iter(named.more)))
            raise ExpandError(
                f'"{each.path}" names images and says more of them: {first}. Such '
                "labels are not supported beside annotations; remove the file"
            )
        return int(named.images.sum()) > len(named.missing)


class WrittenLists:
    """Writes lists anew, with the copies of each image after it."""

    def __init__(self, lists: Lists, grows: Mapping[Task, Marks], anew: list[ImageList]) -> None:
        self.lists, self.grows, self.anew = lists, grows, anew

    def __call__(self, rows: Rows) -> Iterator[SetWideFile]:
        """Yield the lists of the expanded dataset."""
        copies = TextIndex((row.source, _write_copy(row)) for row in rows())
        for each in self.anew:
            of = partial(self._copies, copies, self.grows[each.of_task])
            text = read_list(self.lists.root, each.path)
            new = each.written(text, self.lists.find(each), of)
            yield SetWideFile.of(each.path, new.encode("utf-8", "surrogateescape"))

    def _copies(self, copies: TextIndex, grows: Marks, image: str) -> list[Copy] | None:
        """Return the files of an image that grows; none if it is bad."""
        known = self.lists.found.find(image)
        if known is None or not grows[known[0]]:
            return None
        return list(map(_read_copy, copies.of(image)))


def _write_copy(row: Derived) -> str:
    name = row.file_name.rpartition("/")[2]
    return f"{name}\0{json.dumps(row.annotation)}" if row.annotation else name


def _read_copy(text: str) -> Copy:
    name, found, annotation = text.partition("\0")
    return Copy(name, json.loads(annotation) if found else None)


def _find_id(images: Home, name: str) -> str:
    """Return the image of an id: its path in the folder of images."""
    if image := images.get(name):
        return image
    name = name.removeprefix("./")
    for each in (name, IN_FOLDER.sub("", name)):
        for known in (each, split_suffix(each)[0] if is_image(each) else each):
            if image := images.get(known):
                return image
    return ""


def _find_path(images: Everywhere, name: str) -> str:
    """Return the image of a path, which can begin above the dataset; or of a name alone."""
    if TWO_FILES.search(name):
        return ""
    name = name.replace("\\", "/").removeprefix("./")
    for each in (name, split_suffix(name)[0] if is_image(name) else name):
        while (image := images.get(each)) is None and "/" in each:
            each = each.partition("/")[2]
        if image:
            return image
    return ""


def name_in_folder(image: str, home: str) -> str:
    """Return the path of an image in the folder of images of its home."""
    below = image.removeprefix(home)
    first, slash, rest = below.partition("/")
    return rest if slash and role_of(first).kind == "images" else below


def read_list(root: Path, name: str) -> str:
    """Return the text of a list; raise ExpandError if it cannot be read."""
    data = read_file(root, name, LARGEST)
    if data.startswith(UTF16):
        raise ExpandError(f'"{name}" is a list in UTF-16; save it as UTF-8')
    return data.decode("utf-8", "surrogateescape")
