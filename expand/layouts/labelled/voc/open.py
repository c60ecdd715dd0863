"""Open a Pascal VOC dataset: find its images with their labels, and which of them grow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from heapq import nsmallest
from itertools import compress, groupby
from pathlib import Path

from expand.errors import BadImageError, ExpandError
from expand.layouts.labelled.alternatives import describe_alternatives
from expand.layouts.labelled.dataset import Dataset, derive_nothing
from expand.layouts.labelled.opening import Opening
from expand.layouts.labelled.scan import KEPT, MADE, Role, Use, list_dataset
from expand.layouts.labelled.titles import counted, left, listed
from expand.layouts.labelled.voc.annotations.annotation import KINDS, Annotation
from expand.layouts.labelled.voc.annotations.elements import check_installed
from expand.layouts.labelled.voc.lists.entries import ImageList
from expand.layouts.labelled.voc.lists.growth import Growth, find_growth
from expand.layouts.labelled.voc.lists.lists import Lists, WrittenLists
from expand.layouts.labelled.voc.matches import BACKGROUND
from expand.layouts.labelled.voc.reader import VocLabels, read_labels
from expand.layouts.labelled.voc.survey import Image, Survey, survey
from expand.layouts.layout import AUTO
from expand.layouts.names import split_suffix
from expand.layouts.recognition.words import part_of
from expand.layouts.spooled.sets import TextSet

LOOKED_INTO = 8
"""Annotations that are read to see what kinds of places they have."""


def open_voc(opening: Opening) -> Dataset:
    """Open a dataset; raise ExpandError if it is none, or it is unclear what it is."""
    check_installed()
    root, request = opening.root, opening.request
    found = _survey(root)
    lists = Lists(root, found)
    growth = find_growth(root, found, lists, request.split)
    if request.layout == AUTO and not growth.split:
        _check_parts(root, found)
    _note(growth, found)
    kinds, named = _look_into(root, found, growth)
    of_lists = {each.of_class for each in lists.all if each.of_class and _is_main(each)}
    classes = sorted(of_lists | named) if of_lists else []
    return Dataset(
        layout="voc",
        title=_title(growth, kinds, classes),
        listing=list_dataset(root, _Decide(found, growth), opening.folders),
        split=growth.split,
        labels=VocLabels(request.mask_fill or 0, listed=bool(growth.anew), masks="masks" in kinds),
        derive=WrittenLists(lists, growth.tasks, growth.anew) if growth.anew else derive_nothing,
        detects=kinds == ["boxes"],
        classes=tuple(classes),
        notes=tuple(growth.notes),
        problems=growth.problems,
    )


def _survey(root: Path) -> Survey:
    """Return what a dataset holds; raise ExpandError if no image has labels.

    Folders are called as the format has them; if they have other names, those of the files count.
    """
    found = survey(root)
    if not _has_labels(found) and not describe_alternatives(root):
        found = survey(root, by_name=True)
    if not _has_labels(found):
        raise ExpandError(
            f'"{root}" is not a Pascal VOC dataset: none of its images has an XML file of its '
            "name, beside it or in a folder called Annotations, and none has a mask"
        )
    return found


def _has_labels(found: Survey) -> bool:
    return any(image.note != BACKGROUND for image in found)


def _check_parts(root: Path, found: Survey) -> None:
    """Refuse a dataset without parts if files in another format tell them: test images would grow.

    "data/test_labels.csv" is beside "data/train_labels.csv", for example.
    """
    names = dict[str, str]()
    for name, _ in groupby(found.foreign):
        stem, suffix = split_suffix(name.rpartition("/")[2])
        if suffix.lower() != ".txt" and (part := part_of(stem)):
            names.setdefault(part.kind, name)
    training = names.pop("train", "")
    for name in names.values() if training else ():
        reading = "coco" if training.lower().endswith(".json") else "table"
        raise ExpandError(
            f'"{root}" is Pascal VOC without parts, and "{training}" and "{name}" say which images '
            f"are of which part. To grow the training part that they tell: --as {reading}; to grow "
            "all images that have an XML file: --as voc"
        )


class _Decide:
    """Decides what becomes of each file."""

    def __init__(self, found: Survey, growth: Growth) -> None:
        self.found, self.grows = found, growth.images
        self.made = TextSet(each.path for each in growth.anew)
        first = 0
        for match in found.matches():
            last = first + len(match.images)
            if self.grows[first:last].any():
                self.made.update(match.labels)
            first = last

    def __call__(self, path: str, is_image: bool) -> Use:
        """Return the use of a file."""
        known = self.found.find(path) if is_image else None
        if known and self.grows[known[0]]:
            return Use(Role.GROWS, "", known[1])
        return MADE if path in self.made else KEPT


def _is_main(each: ImageList) -> bool:
    return each.task.lower() == "main"


def _note(growth: Growth, found: Survey) -> None:
    """Note what the dataset has too much, or too little."""
    growth.note(
        found.alone,
        "has no image: it is kept",
        "label files have no image: they are kept",
        fault=True,
    )
    growth.note(
        (image.path for image in _growing(found, growth) if image.note == BACKGROUND),
        "has no annotation: background",
        "images have no annotation: background",
    )
    growth.note(
        (name for name, _ in groupby(found.foreign)),
        "has labels in another format: it is kept, and says nothing of copies",
        "files have labels in another format: they are kept, and say nothing of copies",
    )
    why = "is kept, and copies have none: masks must be PNG, TIFF, BMP or WebP"
    growth.note(found.unread, why, f"files in folders of labels are not read; each {why}")


def _look_into(root: Path, found: Survey, growth: Growth) -> tuple[list[str], set[str]]:
    """Return the kinds of places and the classes of objects that the first few labels tell."""
    kinds, classes = set[str](), set[str]()
    images = (image for image in _growing(found, growth) if image.note != BACKGROUND)
    for path in nsmallest(LOOKED_INTO, (image.path for image in images)):
        match = found.match_of(path)
        kinds |= {"masks"} if match.masks else set()
        for name in match.annotations[:1]:
            with suppress(BadImageError):  # a worker says what is wrong
                read = Annotation.parse(name, read_labels(str(root), name))
                kinds.update(kind for each in read.labelled for kind in each.kinds)
                classes.update(each.name for each in read.labelled if not each.is_part)
    return [kind for kind in KINDS if kind in kinds], classes


def _growing(found: Survey, growth: Growth) -> Iterator[Image]:
    """Yield the images that grow."""
    return compress(found, growth.images)


def _title(growth: Growth, kinds: Sequence[str], classes: Sequence[str]) -> str:
    """Say what was found."""
    parts = ["Pascal VOC"]
    if classes:
        parts.append(counted(len(classes), "class", "classes"))
    if kinds:
        parts.append(listed(kinds))
    count = counted(int(growth.images.sum()), "image")
    if not growth.split:
        return f"{', '.join(parts)}, {count}; it has no parts, so all of them grow"
    return f"{', '.join(parts)}, {growth.split} split {count}{left(growth.others)}"
