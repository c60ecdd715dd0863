"""Choose the part that grows: which images of which COCO files, and what else is said of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from expand.layouts.labelled.coco.files.document import CocoFile
from expand.layouts.labelled.coco.files.find import Part, clean_name, is_of_several, parts_of
from expand.layouts.labelled.splits.choose import no_part
from expand.layouts.names import compose
from expand.layouts.recognition.words import PART_OF


class Entry(NamedTuple):
    """An image of a COCO file, by their places."""

    file: int
    image: int


@dataclass(frozen=True)
class Chosen:
    """The images that grow."""

    files: tuple[CocoFile, ...]
    """The COCO files that are written anew."""
    growing: Mapping[str, list[Entry]]
    """What they say of each image that grows, by its path with composed accents."""
    part: Part
    kept: tuple[str, ...]
    """The names of the other parts."""
    others: frozenset[str]
    """The other images that COCO files name, and the PNG files of those."""
    both: tuple[str, ...]
    """The images that another part has too."""


def choose(root: Path, files: Sequence[CocoFile], split: str, *, alone: bool) -> Chosen:
    """Choose the images of the training part, or of the part that is asked for.

    A file that is `alone` grows, whatever it is called.
    """
    parts = _parts_of(files)
    counts = Counter(part for each in parts for part in each)
    chosen = _choose_kind(root, counts, split, alone=alone)
    growing: dict[str, list[Entry]] = defaultdict(list)
    elsewhere: set[str] = set()
    nowhere: set[str] = set()
    for coco, each in zip(files, parts, strict=True):
        for name, part in zip(coco.names, each, strict=True):
            path = image_path(coco, name)
            if not chosen.kind or part.kind == chosen.kind:
                growing[path] = []
            else:
                (elsewhere if part.kind else nowhere).add(path)
    written = [
        coco
        for coco, each in zip(files, parts, strict=True)
        if _speaks(coco, each, chosen, growing.keys())
    ]
    for coco in files:
        if coco not in written:
            nowhere.update(png_path(coco, png) for png in coco.pngs)
    for number, coco in enumerate(written):
        for image, name in enumerate(coco.names):
            if (path := image_path(coco, name)) in growing:
                growing[path].append(Entry(number, image))
    others = {part.name for part in counts if chosen.kind and part.kind != chosen.kind}
    return Chosen(
        tuple(written),
        growing,
        chosen,
        tuple(sorted(name for name in others if name)),
        frozenset((elsewhere | nowhere) - growing.keys()),
        tuple(sorted(elsewhere & growing.keys())),
    )


def _parts_of(files: Sequence[CocoFile]) -> list[list[Part]]:
    """Return the part of each image of each file.

    A file for several parts ("trainval") says none if another one is for training alone.
    """
    parts = [list(parts_of(coco)) for coco in files]
    several = [is_of_several(coco.path) for coco in files]
    training = any(
        not joined and each and each[0].kind == "train"
        for joined, each in zip(several, parts, strict=True)
    )
    return [
        [Part() for _ in each] if joined and training else each
        for joined, each in zip(several, parts, strict=True)
    ]


def image_path(coco: CocoFile, name: str) -> str:
    """Return the path of an image in the dataset, with composed accents."""
    return compose(coco.folder + clean_name(name))


def png_path(coco: CocoFile, name: str) -> str:
    """Return the path of the PNG of a panoptic annotation, with composed accents."""
    return compose(coco.png_folder + clean_name(name))


def _speaks(coco: CocoFile, parts: Sequence[Part], chosen: Part, growing: Iterable[str]) -> bool:
    """Tell whether a file is of the chosen part, or of no part and has images of it."""
    for name, part in zip(coco.names, parts, strict=True):
        if not chosen.kind or part.kind == chosen.kind:
            return True
        if not part.kind and image_path(coco, name) in growing:
            return True
    return False


def _choose_kind(root: Path, counts: Counter[Part], split: str, *, alone: bool) -> Part:
    """Return the part that grows; its kind is empty if the dataset as a whole does."""
    named = [part for part in counts if part.kind]
    kinds, names = {part.kind for part in named}, sorted({part.name for part in named})
    if split:
        wanted = PART_OF.get(split.lower())
        for part in named:
            if split in (part.name, part.kind) or part.kind == wanted:
                return part
        raise no_part(root, names, split)
    if "train" in kinds:
        return next(part for part in named if part.kind == "train")
    if not kinds or (alone and len(kinds) == 1 and len(counts) == 1):
        return Part()
    raise no_part(root, names, split)
