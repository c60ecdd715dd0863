"""The parts of a YOLO dataset: training, validation and test, and the images of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from expand.errors import ExpandError, cut
from expand.layouts.blocks import Sorter, starting
from expand.layouts.labelled.yolo.folder.datafile import DataFile
from expand.layouts.labelled.yolo.folder.lists import read_list
from expand.layouts.labelled.yolo.folder.paths import Finder
from expand.layouts.labelled.yolo.folder.survey import Survey
from expand.layouts.recognition.words import part_of

KINDS = {"train": "train", "val": "validation", "test": "test", "minival": "minival"}


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

    def holds(self, path: str) -> bool:
        """Tell whether an image belongs to it."""
        return self.depth(path) >= 0

    def depth(self, path: str) -> int:
        """Return how exactly it names an image: the length of the prefix; −1 if it does not."""
        if self.images and next(starting(self.images, path), "") == path:
            return len(path)
        return max((len(each) for each in self.folders if path.startswith(each)), default=-1)


def find_parts(root: Path, found: Survey, data: DataFile | None) -> list[Part]:
    """Return the parts of a dataset, by its data file, or else by the names of its folders."""
    if data and data.parts:
        return [_named(root, data, key, entries) for key, entries in data.parts.items()]
    return list(_by_folders(found.images))


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


def _by_folders(folders: Sequence[str]) -> Iterator[Part]:
    """Yield the parts that the names of folders with images say.

    What all folders have in common is no part: "test_set/images/train/" is of the part "train".
    """
    split = [folder.split("/")[:-1] for folder in folders]
    common = 0
    while split and all(len(names) > common for names in split):
        if len({names[common] for names in split}) > 1:
            break
        common += 1
    parts = _prefixes(split, common) or _prefixes(split, 0)
    for kind, prefixes in parts.items():
        yield Part(next(iter(prefixes.values())), kind, tuple(prefixes))


def _prefixes(split: Sequence[Sequence[str]], first: int) -> dict[str, dict[str, str]]:
    """Return the prefix and the name of each folder that stands for a part, by the kind of part."""
    parts: dict[str, dict[str, str]] = {}
    for names in split:
        for index, name in enumerate(names[first:], first):
            role = part_of(name)
            if role and not role.rest:
                parts.setdefault(role.kind, {})["/".join(names[: index + 1]) + "/"] = name
                break
    return parts


def choose_part(parts: Sequence[Part], split: str) -> Part:
    """Return the part that grows: `split`, else training; the whole dataset if it has no parts."""
    if not parts:
        if split:
            raise ExpandError(f"--split {split}: the dataset has no parts; leave out --split")
        return Part("", "", ("",))
    wanted = split or "train"
    role = part_of(wanted)
    chosen = [each for each in parts if each.name == wanted] or [
        each for each in parts if role and not role.rest and each.kind == role.kind
    ]
    names = ", ".join(each.name for each in parts)
    if not chosen and split:
        raise ExpandError(f"--split {split}: the dataset has no such part; it has {names}")
    if not chosen:
        commands = " or ".join(f"--split {each.name}" for each in parts)
        raise ExpandError(f"the dataset has no training part, only {names}; choose one: {commands}")
    part = chosen[0]
    if part.lost and not (part.folders or part.lists):
        raise ExpandError(
            f'the data file names "{cut(part.lost[0])}" for {part.name}, and it is not in the '
            "folder; correct it"
        )
    return part
