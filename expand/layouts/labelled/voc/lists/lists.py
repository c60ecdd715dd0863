"""The lists of a dataset: read when it is opened, and written anew when its files are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from expand.errors import ExpandError, shown
from expand.layouts.directory import is_image
from expand.layouts.labelled.dataset import LabelFile, Rows
from expand.layouts.labelled.files import UTF16, read_file
from expand.layouts.labelled.splits.lists import images_in
from expand.layouts.labelled.voc.lists.entries import Copy, Find, ImageList
from expand.layouts.labelled.voc.survey import Survey
from expand.layouts.names import split_suffix
from expand.layouts.recognition.words import role_of

LARGEST = 256 << 20
"""Bytes of a list."""
IN_FOLDER = re.compile(r"^/?(JPEGImages|images?)/", re.IGNORECASE)
TWO_FILES = re.compile(r"\.(jpe?g|png|bmp|webp|tiff?|xml)\s", re.IGNORECASE)
"""The end of a file's name, and what follows it: an id and a column, not an id with a space."""
Task = tuple[str, str]
"""The home and the name of a folder of lists."""


class Named(NamedTuple):
    """What a list names."""

    images: frozenset[str]
    missing: tuple[str, ...]
    """The names of which there is no image."""
    more: tuple[str, ...] = ()
    """The lines that begin with the name of an image, and say something that is not understood."""


class Lists:
    """The lists of a dataset."""

    def __init__(self, root: Path, found: Survey) -> None:
        self.root = root
        self.homes: dict[str, dict[str, str]] = {}
        """The images of each folder that holds ImageSets, by their path in the folder of images."""
        self.everywhere: dict[str, str] = {}
        """All images by their path, and by their name if it is that of one only."""
        self.named: Callable[[ImageList], Named] = cache(self._named)
        self.all = [
            each for path in sorted(found.lists) if not (each := ImageList.of(path)).is_elsewhere
        ]
        for home in sorted({each.home for each in self.all}, key=len, reverse=True):
            self.homes[home] = {}
        self._know(image for image, _ in found.images())
        # a list of no part that names no image is of something else, such as classes
        self.all = [each for each in self.all if each.kind or self.named(each).images]
        elsewhere = (ImageList.of(path) for path in sorted(found.lists))
        self.all += [each for each in elsewhere if each.is_elsewhere and self._is_list(each)]

    def _know(self, images: Iterable[str]) -> None:
        names = dict[str, str]()
        for image in images:
            path = split_suffix(image)[0]
            self.everywhere[path] = image
            name = path.rpartition("/")[2]
            names[name] = "" if name in names else image
            home = next((home for home in self.homes if image.startswith(home)), None)
            if home is not None:
                self.homes[home][name_in_folder(path, home)] = image
        self.everywhere = {**names, **self.everywhere}

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

    def images(self, lists: Iterable[ImageList]) -> set[str]:
        """Return the images in some lists of a task; lists of one class name the same ones."""
        chosen = list(lists)
        plain = [each for each in chosen if not each.of_class]
        return set[str]().union(*(self.named(each).images for each in plain or chosen))

    def _named(self, each: ImageList) -> Named:
        find = self.find(each)
        entries = list(each.entries(read_list(self.root, each.path), find))
        missing = [entry for entry in entries if entry.name and not entry.image]
        images = {entry.image for entry in entries if entry.image}
        if each.kind and not each.is_elsewhere:
            names = {entry.name for entry in missing}
            folders = images_in(names, self.homes[each.home].values())
            missing = [entry for entry in missing if entry.name not in folders]
            images.update(*folders.values())
        return Named(
            frozenset(images),
            tuple(entry.name for entry in missing),
            tuple(entry.name for entry in missing if find(entry.name.split(None, 1)[0])),
        )

    def _is_list(self, each: ImageList) -> bool:
        """Tell whether a text file is a list of images: most of its lines name one.

        Raise ExpandError if they say more of it than is understood.
        """
        named = self.named(each)
        if named.more and 2 * len(named.more) > len(named.missing):
            raise ExpandError(
                f'"{each.path}" names images and says more of them: {shown(named.more[0])}. Such '
                "labels are not supported beside annotations; remove the file"
            )
        return len(named.images) > len(named.missing)


class WrittenLists:
    """Writes lists anew, with the copies of each image after it."""

    def __init__(self, lists: Lists, grows: Mapping[Task, set[str]], anew: list[ImageList]) -> None:
        self.lists, self.grows, self.anew = lists, grows, anew

    def __call__(self, rows: Rows) -> Iterator[LabelFile]:
        """Yield the lists of the expanded dataset."""
        copies: dict[str, list[Copy]] = {}
        for row in rows():
            copy = Copy(row.file_name.rpartition("/")[2], row.annotation)
            copies.setdefault(row.source, []).append(copy)
        for each in self.anew:
            # a bad source has no files: it is in no list
            own = {image: copies.get(image, []) for image in self.grows[each.of_task]}
            text = read_list(self.lists.root, each.path)
            new = each.written(text, self.lists.find(each), own)
            yield LabelFile(each.path, new.encode("utf-8", "surrogateescape"))


def _find_id(images: Mapping[str, str], name: str) -> str:
    """Return the image of an id: its path in the folder of images."""
    if image := images.get(name):
        return image
    name = name.removeprefix("./")
    for each in (name, IN_FOLDER.sub("", name)):
        for known in (each, split_suffix(each)[0] if is_image(each) else each):
            if known in images:
                return images[known]
    return ""


def _find_path(images: Mapping[str, str], name: str) -> str:
    """Return the image of a path, which can begin above the dataset; or of a name alone."""
    if TWO_FILES.search(name):
        return ""
    name = name.replace("\\", "/").removeprefix("./")
    for each in (name, split_suffix(name)[0] if is_image(name) else name):
        while each not in images and "/" in each:
            each = each.partition("/")[2]
        if images.get(each):
            return images[each]
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
