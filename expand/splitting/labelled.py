"""Open a labelled dataset to split: its images with their labels, classes and groups."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from expand.errors import BadImageError, ExpandError, about
from expand.images.formats import SUFFIXES
from expand.layouts.groups import GroupBy, columns_of
from expand.layouts.labelled.dataset import Dataset, Request
from expand.layouts.labelled.open import open_dataset
from expand.layouts.labelled.tables.rows.labels import ROWS
from expand.layouts.names import split_suffix
from expand.layouts.recognition.words import part_of
from expand.layouts.source import Source, is_utf8
from expand.splitting.parts import SplitImage
from expand.splitting.sets import TABLES, SplitSet
from expand.splitting.yolo import DataFiles

NO_OBJECTS = "(no objects)"
"""What stands for a class of images that show no object."""


def open_set(root: Path, layout: str, group_by: str | None) -> SplitSet:
    """Open a labelled dataset; raise ExpandError if it cannot be split."""
    dataset = open_dataset(root, Request(layout))
    if dataset.layout == "split-folders" or dataset.parts[1:]:
        raise ExpandError(_has_parts(root, dataset))
    extra = list[tuple[str, int]]()
    yolo = DataFiles.read(root) if dataset.layout.startswith("yolo") else DataFiles()
    images, bad = list[SplitImage](), list[str]()
    for file in dataset.listing.files():
        if file.kept and _is_image(file.id):
            if _is_elsewhere(file.id, dataset.split):
                raise ExpandError(_has_parts(root, dataset, file.id))
            bad.append(f'"{file.id}" is left out: it has no labels')
        if file.kept and "/" not in file.id and not _is_image(file.id) and is_utf8(file.id):
            extra += [(file.id, file.size)] if file.id not in yolo.names else []
    grouping = None if group_by is None else _grouping(dataset, group_by)
    for source in dataset.listing:
        try:
            images.append(_read(root, dataset, source, grouping))
        except BadImageError as error:
            bad.append(about(source.id, error))
    return SplitSet(root, dataset, _stratified(images), tuple(bad), tuple(extra), yolo)


def _is_image(path: str) -> bool:
    return split_suffix(path)[1].lower() in SUFFIXES


def _is_elsewhere(path: str, split: str) -> bool:
    """Tell whether an image that does not grow is in another part than the one that is split."""
    own = part_of(split)
    roles = [role for name in path.split("/")[:-1] if (role := part_of(name))]
    return bool(split) and not (own and any(role.kind == own.kind for role in roles))


def _has_parts(root: Path, dataset: Dataset, other: str = "") -> str:
    """Say that a dataset is divided already."""
    names = ", ".join(dataset.parts) or dataset.split
    has = f'it has images of others, such as "{other}"' if other else f"it has {names}"
    return (
        f'"{root}" is a dataset in parts ({dataset.title}), and {has}. Expand it as it is; to '
        f'divide its part "{dataset.split}" further, move that into a folder of its own'
    )


def _grouping(dataset: Dataset, spec: str) -> GroupBy:
    first = next(iter(dataset.listing), None)
    columns = columns_of(first.annotation) if first and dataset.layout in TABLES else ()
    return GroupBy.parse(spec, columns)


def _read(root: Path, dataset: Dataset, source: Source, grouping: GroupBy | None) -> SplitImage:
    """Read what a split needs of an image; raise BadImageError if its labels are unclear."""
    if not is_utf8(source.id):
        raise BadImageError("has a name that is not UTF-8")
    labels, counts = dataset.labels, None
    files: Mapping[str, bytes] = {}
    if labels:
        _check(dataset, source)
        files = labels.load(os.fspath(root), source)
        counts = labels.count_classes(os.fspath(root), source)
    classes = tuple(sorted(counts)) if counts is not None else tuple(filter(None, [source.label]))
    return SplitImage(
        source.id,
        NO_OBJECTS if counts is not None and not counts else "",
        source.size,
        source.id,
        grouping.group(source.id, source.annotation) if grouping else "",
        classes=classes,
        files=tuple((name, len(data)) for name, data in files.items()),
    )


def _check(dataset: Dataset, source: Source) -> None:
    """Raise BadImageError if a set-wide file says that an image cannot be used."""
    if dataset.layout in TABLES:
        if wrong := json.loads(source.annotation)[ROWS].get("error"):
            raise BadImageError(wrong)
    elif dataset.layout == "coco" and isinstance(said := json.loads(source.annotation), str):
        raise BadImageError(said)


def _stratified(images: list[SplitImage]) -> list[SplitImage]:
    """Return images with the class that they are divided by: the rarest of those in them.

    Rare classes are the hard ones to divide evenly, and so come first in the iterative
    stratification of Sechidis and others (On the Stratification of Multi-Label Data, ECML PKDD
    2011). One class per image, found once, keeps a split stable; so how rare a class is is rounded
    to powers of two. Where most images would be the only one of their class, as names of persons
    are, classes divide nothing: none is used.
    """
    counts = Counter(label for image in images for label in image.classes)

    def rarity(label: str) -> tuple[int, str]:
        return counts[label].bit_length(), label

    found = [
        image._replace(label=min(image.classes, key=rarity)) if image.classes else image
        for image in images
    ]
    sizes = Counter(image.label for image in found)
    if 2 * sum(count == 1 for count in sizes.values()) > len(found):
        return [image._replace(label="") for image in found]
    return found
