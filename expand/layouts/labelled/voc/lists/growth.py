"""Growth: which images of a dataset get copies, by its lists or by the names of its folders."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from expand.layouts.labelled.splits.choose import no_part
from expand.layouts.labelled.voc.lists.entries import TRAINVAL, ImageList
from expand.layouts.labelled.voc.lists.lists import Lists, Task
from expand.layouts.labelled.voc.survey import Marks, Survey
from expand.layouts.recognition.words import PART_OF, part_of

PARTS = ("train", "validation", "test")
IN_ORDER = ("train", TRAINVAL, "")
"""The kinds of lists of which the first that a task has is its training part."""


IMAGES = "with images"


@dataclass
class Growth:
    """Which images get copies, and what is said of the others."""

    images: Marks
    split: str = ""
    """The part that grows, as the dataset calls it; empty if it has no parts."""
    others: tuple[str, ...] = ()
    """The parts that are left as they are."""
    anew: list[ImageList] = field(default_factory=list)
    """The lists that are written anew."""
    tasks: dict[Task, Marks] = field(default_factory=dict)
    """The images that get copies in the lists of each task."""
    notes: list[str] = field(default_factory=list)
    problems: int = 0

    def note(self, names: Iterable[str], one: str, several: str, *, fault: bool = False) -> None:
        """Note what is said of one name, or of several, of which the first is named."""
        count, first = 0, ""
        for count, name in enumerate(names, 1):
            first = min(first, name) if count > 1 else name
        if count == 1:
            self.notes.append(f'"{first}" {one}')
        elif count:
            self.notes.append(f'{count:,} {several}; the first is "{first}"')
        self.problems += fault and bool(count)


def find_growth(root: Path, found: Survey, lists: Lists, split: str) -> Growth:
    """Return which images grow: those of the training part, or of the part that is asked for."""
    if lists.all:
        growth = _by_lists(root, lists, split)
        listed = found.none()
        for each in lists.tasks().values():
            listed |= lists.images(each)
        growth.note(
            found.marked(~listed),
            "is in no list: it is kept, without copies",
            "images are in no list: they are kept, without copies",
        )
        return growth
    return _by_folders(root, found, split)


def _by_lists(root: Path, lists: Lists, split: str) -> Growth:
    growth, chosen = Growth(lists.found.none()), set[str]()
    for task, of_task in lists.tasks().items():
        if own := _training(of_task, split):
            _grow(growth, task, lists, own, split)
            chosen.update(each.part for each in own)
    if not growth.images.any():
        raise no_part(root, [*dict.fromkeys(each.part for each in lists.all)], split, IMAGES)
    growth.split = " and ".join(sorted(chosen))
    left = dict.fromkeys(each.part for each in lists.all if each not in growth.anew)
    growth.others = tuple(part for part in left if part not in chosen)
    return growth


def _grow(growth: Growth, task: Task, lists: Lists, own: list[ImageList], split: str) -> None:
    """Let the images of some lists of a task grow, but for those of its other parts."""
    kinds = {PART_OF.get(split, split)} if split else {"train"}
    if split == TRAINVAL:
        kinds = {"train", "validation"}
    of_task = lists.tasks()[task]
    held = [each for each in of_task if each.kind in PARTS and each.kind not in kinds]
    images, held_back = lists.images(own), lists.images(held)
    if own[0].kind == TRAINVAL:
        # its images for validation are not a fault
        images &= ~lists.images(each for each in held if each.kind == "validation")
    where = f"in a list of {own[0].part} and in one of another part"
    growth.note(
        lists.found.marked(images & held_back),
        f"is {where}: it is kept, without copies",
        f"images are {where}: they are kept, without copies",
        fault=True,
    )
    growth.tasks[task] = images & ~held_back
    growth.images |= images & ~held_back
    growth.anew += [each for each in of_task if each not in held]
    _note_missing(growth, lists, own)


def _training(lists: Iterable[ImageList], split: str) -> list[ImageList]:
    """Return the lists of a task whose images grow."""
    if split:
        kind = PART_OF.get(split, split) if split != TRAINVAL else TRAINVAL
        return [each for each in lists if split == each.part or kind == each.kind]
    by_kind = {kind: [each for each in lists if each.kind == kind] for kind in IN_ORDER}
    return next((found for found in by_kind.values() if found), [])


def _note_missing(growth: Growth, lists: Lists, own: Iterable[ImageList]) -> None:
    for each in own:
        if not each.of_class:
            missing = lists.named(each).missing
            growth.note(
                missing,
                f'is in "{each.path}", and there is no such image',
                f'lines of "{each.path}" name no image',
                fault=True,
            )


def _by_folders(root: Path, found: Survey, split: str) -> Growth:
    """Find the parts by the names of folders: train, valid and test."""
    parts = _parts_of(found)
    apart = parts.pop("", found.none())
    if not parts:
        if split:
            raise no_part(root, (), split)
        return Growth(apart)
    kind = PART_OF.get(split or "train")
    chosen = [part for part in sorted(parts) if part == split or _kind(part) == kind]
    images = found.none()
    for part in chosen:
        images |= parts[part]
    if not images.any():
        raise no_part(root, sorted(parts), split, IMAGES)
    others = tuple(part for part in sorted(parts) if part not in chosen)
    growth = Growth(images, " and ".join(chosen), others)
    growth.note(
        found.marked(apart),
        "is in no part: it is kept, without copies",
        "images are in no part: they are kept, without copies",
    )
    return growth


def _parts_of(found: Survey) -> dict[str, Marks]:
    """Return the images in folders of each name that stands for a part; "" for all others."""
    below: dict[str, set[str]] = {}
    for folder in {image.path.rpartition("/")[0] for image in found}:
        names = folder.split("/") if folder else []
        for depth, name in enumerate(names):
            below.setdefault("/".join(names[:depth]), set()).add(name)
    split_at = {parent for parent, names in below.items() if _are_parts(names)}
    parts: dict[str, Marks] = {}
    for number, image in enumerate(found):
        part = _part_of(image.path, split_at)
        if part not in parts:
            parts[part] = found.none()
        parts[part][number] = True
    return parts


def _kind(name: str) -> str:
    role = part_of(name)
    return role.kind if role and not role.rest else ""


def _are_parts(names: Collection[str]) -> bool:
    """Tell whether folders are parts of a dataset, and not classes such as "train" the vehicle."""
    kinds = {_kind(name) for name in names}
    return kinds <= {*PARTS} or ("train" in kinds and len(kinds - {""}) > 1)


def _part_of(image: str, split_at: Collection[str]) -> str:
    names = image.split("/")[:-1]
    for depth, name in enumerate(names):
        if "/".join(names[:depth]) in split_at and _kind(name):
            return name
    return ""
