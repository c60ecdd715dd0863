"""The parts of a YOLO dataset: training, validation and test, and the images of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from expand.errors import ExpandError, cut
from expand.layouts.directory import is_image
from expand.layouts.labelled.splits.choose import choose_part, no_part
from expand.layouts.labelled.yolo.folder.datafile import DataFile
from expand.layouts.labelled.yolo.folder.lists import read_list
from expand.layouts.labelled.yolo.folder.paths import Finder
from expand.layouts.labelled.yolo.folder.place import BESIDE, find_place
from expand.layouts.labelled.yolo.folder.survey import Survey
from expand.layouts.recognition.words import is_extra, part_of
from expand.layouts.spooled.lists import Sorter, starting

KINDS = {"train": "train", "val": "validation", "test": "test", "minival": "minival"}

MOST_LOST = 100
"""Lines that name no image, after which a file is not read on."""


@dataclass(frozen=True)
class Part:
    """A part of a dataset."""

    name: str
    """What the dataset calls it."""
    kind: str
    """train, validation, test or minival; empty if the dataset has no parts."""
    folders: tuple[str, ...] = ()
    """Prefixes of the paths of its images."""
    lists: tuple[str, ...] = ()
    """Text files that name its images."""
    images: Sequence[str] = ()
    """The paths that its lists name, sorted."""
    lost: tuple[str, ...] = ()
    """What it names that is not in the folder."""
    without: tuple[str, ...] = ()
    """Prefixes of folders in its folders that do not belong to it."""

    def holds(self, path: str) -> bool:
        """Tell whether an image belongs to it."""
        return self.depth(path) >= 0

    def depth(self, path: str) -> int:
        """Return how exactly it names an image: the length of the prefix; −1 if it does not."""
        if self.images and next(starting(self.images, path), "") == path:
            return len(path)
        depth = max((len(each) for each in self.folders if path.startswith(each)), default=-1)
        left_out = any(len(each) > depth for each in self.without if path.startswith(each))
        return -1 if left_out else depth

    def lists_too(self, part: Part, path: str) -> bool:
        """Tell whether another list than those of a part names an image of the part."""
        return self.lists != part.lists and self.depth(path) == len(path) and bool(self.images)


def find_parts(root: Path, found: Survey, data: DataFile | None) -> list[Part]:
    """Return the parts of a dataset, by its data file.

    Without one, by lists that are called like parts, or else by the names of its folders.
    """
    if data and data.parts:
        return [_named(root, data, key, entries) for key, entries in data.parts.items()]
    if listed := _by_lists(root, found):
        return listed
    folders = find_folders(found)
    return list(_by_folders(folders, sorted(set(found.images).difference(folders))))


def find_folders(found: Survey) -> list[str]:
    """Return the folders whose images can be those of the dataset.

    They are paired with a folder of labels. Where labels lie beside the images, they are all but
    those without a text file whose names say that they are none: "docs", "runs".
    """
    place = find_place(found, found.images)
    if place and place != BESIDE:
        paired = [each for each in found.images if place.label_folder(each) != each]
        if paired:
            return paired
    return [
        each
        for each in found.images
        if each in found.texts or not any(map(is_extra, each.split("/")[:-1]))
    ]


def finder(root: Path, data: DataFile) -> Finder:
    """Return what finds the paths that a data file names."""
    base = Finder(root, (data.folder,)).find(data.path) if data.path else None
    start = [base.path and f"{base.path}/"] if base and (root / base.path).is_dir() else []
    return Finder(root, (*start, data.folder))


def _named(root: Path, data: DataFile, key: str, entries: Iterable[str]) -> Part:
    look = finder(root, data)
    folders, lists, images, lost = list[str](), list[str](), Sorter(), list[str]()
    for entry in entries:
        place = look.find(entry)
        if place is None:
            lost.append(entry)
        elif (root / place.path).is_dir():
            folders.append(place.path and f"{place.path}/")
        else:
            lists.append(place.path)
            for line in read_list(root, place.path):
                if line.path:
                    images.append(line.path)
                else:
                    lost.append(line.written)
    return Part(key, KINDS[key], tuple(folders), tuple(lists), images.names(), tuple(lost))


def _by_lists(root: Path, found: Survey) -> list[Part]:
    """Return the parts that "train.txt" and the like name; none if that for training is missing.

    A file of which most lines name no image is not a list.
    """
    parts: dict[str, Part] = {}
    for name in sorted(found.lists, key=lambda each: (each.count("/"), each)):
        images, lost = Sorter(), list[str]()
        count = 0
        with suppress(ExpandError):
            for line in read_list(root, name):
                if is_image(line.path):
                    images.append(line.path)
                    count += 1
                else:
                    lost.append(line.written)
                    if len(lost) > MOST_LOST and len(lost) > count:
                        break
        stem = name.rpartition("/")[2][:-4]
        role = part_of(stem)
        if role and count > len(lost):
            part = Part(stem, role.kind, (), (name,), images.names(), tuple(lost))
            parts.setdefault(role.kind, part)
    return list(parts.values()) if "train" in parts else []


def _by_folders(folders: Sequence[str], without: Sequence[str]) -> Iterator[Part]:
    """Yield the parts that the names of folders with images say; one without a name if they do not.

    What all folders have in common is not a part, if the rest says a part for each of them:
    "test_set/images/train/" is of the part "train".
    """
    split = [folder.split("/")[:-1] for folder in folders]
    common = 0
    while split and all(len(names) > common for names in split):
        if len({names[common] for names in split}) > 1:
            break
        common += 1
    parts, whole = _prefixes(split, common), _prefixes(split, 0)
    held = tuple(prefix for prefixes in parts.values() for prefix in prefixes)
    if not all(folder.startswith(held) for folder in folders):
        above = tuple(prefix for prefixes in whole.values() for prefix in prefixes)
        parts = whole if all(folder.startswith(above) for folder in folders) else parts or whole
    parts = parts or {"": dict.fromkeys(folders, "")}
    for kind, prefixes in parts.items():
        name = next(iter(prefixes.values()), "")
        yield Part(name, kind, tuple(prefixes), without=tuple(without))


def _prefixes(split: Sequence[Sequence[str]], first: int) -> dict[str, dict[str, str]]:
    """Return the prefix and the name of each folder that stands for a part, by the kind of part.

    A name with other words counts if a folder beside it has the same ones and says another part:
    "DET-train" and "DET-val".
    """
    kinds: dict[tuple[Sequence[str], tuple[str, ...]], set[str]] = {}
    for names in split:
        for index, name in enumerate(names):
            if role := part_of(name):
                kinds.setdefault((tuple(names[:index]), role.rest), set()).add(role.kind)
    parts: dict[str, dict[str, str]] = {}
    for names in split:
        for index, name in enumerate(names[first:], first):
            role = part_of(name)
            if role and (not role.rest or len(kinds[tuple(names[:index]), role.rest]) > 1):
                parts.setdefault(role.kind, {})["/".join(names[: index + 1]) + "/"] = name
                break
    return parts


def growing(root: Path, parts: Sequence[Part], split: str) -> Part:
    """Return the part that grows: `split`, else training; the whole dataset if it has no parts."""
    if not any(each.name for each in parts):
        if split:
            raise no_part(root, (), split)
        return parts[0]
    names = [each.name for each in parts]
    part = parts[names.index(choose_part(root, names, split))]
    if part.lost and not (part.folders or part.images):
        where = f'"{part.lists[0]}"' if part.lists else "the data file"
        raise ExpandError(
            f'{where} names "{cut(part.lost[0])}" for {part.name}, and it is not in the folder; '
            "correct it"
        )
    return part
