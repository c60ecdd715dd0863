"""The units of a split: images, groups of them, and all copies of a source; equal files together.

Memory grows with the number of images, by about 300 bytes each.
"""

from __future__ import annotations

import os
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b, sha256
from pathlib import Path

from expand.errors import BadImageError
from expand.layouts.groups import GroupBy, describe_ungrouped
from expand.splitting.assign import Unit
from expand.splitting.images import Images
from expand.splitting.parts import SplitImage
from expand.storage.reading import read_image

END = 4096
"""Bytes at the end of a file that are compared first: files of one camera begin alike."""


@dataclass(frozen=True)
class Units:
    """The units of some images."""

    units: list[Unit]
    of_image: array[int]
    """The index of the unit of each image, in their order."""
    notes: tuple[str, ...] = ()


def find_units(images: Images, group_by: GroupBy | None) -> Units:
    """Find which images stay together.

    Raise ExpandError if no image has a group.
    """
    keys: dict[str, int] = {}
    spec = group_by.spec if group_by else images.grouped_by
    of_image = array("l")
    count = ungrouped = 0
    first = ""
    for image in images.read():
        group = group_by.group(image.source) if group_by else image.group
        if spec and not group:
            ungrouped, first = ungrouped + 1, first or image.name
        # no path has a null character: the key of a group is never that of an image
        key = f"{group}\0" if group else image.source
        of_image.append(keys.setdefault(key, len(keys)))
        count += 1
    notes = [describe_ungrouped(spec, count, ungrouped, first)] if spec else []
    links, equal = _join_equal(images, of_image, len(keys))
    if equal:
        notes.append(_describe_equal(equal))
    units, numbers = _units(images, list(keys), of_image, links)
    return Units(units, numbers, tuple(note for note in notes if note))


def _describe_equal(count: int) -> str:
    images = "1 image has" if count == 1 else f"{count:,} images have"
    return f"{images} the bytes of another one; images with equal bytes are in one part"


def _units(
    images: Images, keys: list[str], of_image: array[int], links: list[int]
) -> tuple[list[Unit], array[int]]:
    """Return the units, and the unit of each image, where `links` joins some of the keys."""
    number = {root: place for place, root in enumerate(sorted(set(links)))}
    named = [""] * len(number)
    for key, root in zip(keys, links, strict=True):
        place = number[root]
        named[place] = min(named[place], key) if named[place] else key
    counts: list[dict[str, int]] = [{} for _ in number]
    numbers = array("l", (number[links[each]] for each in of_image))
    for image, place in zip(images.read(), numbers, strict=True):
        counts[place][image.label] = counts[place].get(image.label, 0) + 1
    return [
        Unit(key, tuple(sorted(count.items()))) for key, count in zip(named, counts, strict=True)
    ], numbers


def _join_equal(images: Images, of_image: array[int], count: int) -> tuple[list[int], int]:
    """Join units that have an image with equal bytes.

    Return the first of the units that each is joined with, and how many images have the bytes of
    an earlier one of another unit.
    """
    links, equal = list(range(count)), 0
    first: dict[str, int] = {}
    for hashes, place in _hashed(images, of_image):
        for each in hashes:
            one, other = _root(links, first.setdefault(each, place)), _root(links, place)
            if one != other:
                links[max(one, other)] = min(one, other)
                equal += 1
    return [_root(links, place) for place in range(count)], equal


def _root(links: list[int], place: int) -> int:
    while links[place] != place:
        links[place] = links[links[place]]
        place = links[place]
    return place


def _hashed(images: Images, of_image: array[int]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield hashes and unit of each image whose bytes another one may have."""
    if images.expanded:
        for image, place in zip(images.read(), of_image, strict=True):
            yield image.hashes, place
        return
    ends = _ends(images)
    repeated = Counter(ends)
    for image, place, end in zip(images.read(), of_image, ends, strict=True):
        if end and repeated[end] > 1:
            try:
                data = read_image(images.root / image.name)
            except BadImageError:  # it is told when it is to be written
                continue
            yield (sha256(data).hexdigest(),), place


def _ends(images: Images) -> array[int]:
    """Return a number for the size and the end of each file; 0 if no other has this size."""
    sizes = Counter(image.size for image in images.read())
    return array(
        "Q",
        (
            _end(images.root / image.name, image) if sizes[image.size] > 1 else 0
            for image in images.read()
        ),
    )


def _end(path: Path, image: SplitImage) -> int:
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            file.seek(max(0, image.size - END))
            data = file.read(END)
    except (OSError, ValueError):
        return 0
    return int.from_bytes(blake2b(data, digest_size=8, key=str(image.size).encode()).digest())


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def count_classes(
    images: Iterable[SplitImage], of_image: Iterable[int], parts: int
) -> dict[str, list[int]]:
    """Return the images that show each class, in each part, by class."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * parts)
    for image, part in zip(images, of_image, strict=True):
        for label in image.classes or (image.label,):
            counts[label][part] += 1
    return {label: counts[label] for label in sorted(counts)}


def count_labels(units: list[Unit], of_unit: bytearray, parts: int) -> dict[str, list[int]]:
    """Return the images of each class in each part, by class."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * parts)
    for each, part in zip(units, of_unit, strict=True):
        for label, count in each.counts:
            counts[label][part] += count
    return {label: counts[label] for label in sorted(counts)}
