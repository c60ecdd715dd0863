"""Find the COCO files of a dataset, the folder with the images of each, and its part."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from expand.errors import ExpandError
from expand.layouts.directory import IMAGE
from expand.layouts.labelled.coco.files.document import CocoFile
from expand.layouts.layout import Kind
from expand.layouts.names import compose, split_suffix
from expand.layouts.recognition.evidence import kind_of_json
from expand.layouts.recognition.words import PART_OF, part_of, role_of, words
from expand.layouts.walk import walk

TRAINVAL = "trainval"


@dataclass
class Tree:
    """What lies in a dataset: paths relative to it, POSIX style."""

    files: list[str] = field(default_factory=list)
    """Its JSON files that can be COCO files."""
    known: frozenset[str] = frozenset()
    """Those that begin like one. The others lie beside them, or are all JSON files there are."""
    images: set[str] = field(default_factory=set)
    """All images, with composed accents."""


class NoImagesError(ExpandError):
    """A COCO file of which no image can be found."""


class Doubts(NamedTuple):
    """What speaks against a folder of images."""

    strong: bool
    """It counts more than the number of images."""
    second: bool
    """They count if the number of images is the same."""
    third: bool = False


class Part(NamedTuple):
    """A part of a dataset: training, validation or test, and what the dataset calls it."""

    kind: str = ""
    """Empty if the dataset does not say."""
    name: str = ""


def read_tree(root: Path) -> Tree:
    """Walk over a dataset; its JSON files are looked into."""
    tree, others = Tree(), list[str]()
    for frame, name, kind in walk(str(root), lambda _frame: None):
        if name is None:
            continue
        path = f"{frame.prefix}{name}"
        if kind == IMAGE:
            tree.images.add(compose(path))
        elif name.lower().endswith(".json"):
            others.append(path)
    kinds = {path: kind_of_json(os.path.join(root, path)) for path in others}
    known = [path for path, kind in kinds.items() if kind is Kind.COCO]
    beside = {path.rpartition("/")[0] for path in known}
    tree.files = known + [
        path
        for path, kind in kinds.items()
        if kind is None and (not known or path.rpartition("/")[0] in beside)
    ]
    tree.known = frozenset(known)
    return tree


def clean_name(name: str) -> str:
    """Return a file name of a COCO file as a POSIX path."""
    parts = name.replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in ("", "."))


def find_folder(coco: CocoFile, tree: Tree) -> str:
    """Return the folder from which the file names of a COCO file lead to its images.

    That is the one with the most of them, but a folder named like another part only if there is no
    other; of several, one that is named like the part, that is not called "masks", and that is
    nearest to the file. Raise ExpandError if none or two are left.
    """
    wanted = part_named(coco.path).kind

    def doubts(folder: str, last: str) -> Doubts:
        part = part_named(f"{folder}x").kind
        return Doubts(bool(wanted and part and part != wanted), part != wanted, _is_of_labels(last))

    return _find(coco, coco.names, tree, doubts)


def find_png_folder(coco: CocoFile, tree: Tree) -> str:
    """Return the folder of the PNG files of a panoptic file: of several, one named like it."""
    stem = coco.path.rpartition("/")[2].rpartition(".")[0]

    def doubts(_folder: str, last: str) -> Doubts:
        return Doubts(last != stem, not _is_of_labels(last))

    return _find(coco, coco.pngs, tree, doubts)


def _is_of_labels(name: str) -> bool:
    return role_of(name).kind == "labels" or "panoptic" in words(name)


def _find(
    coco: CocoFile,
    names: Sequence[str],
    tree: Tree,
    doubts: Callable[[str, str], Doubts],
) -> str:
    """Return the folder with most of some images, and of several the one with the least doubts."""
    ranked = []
    for folder, hits in _count_images(names, tree).items():
        last = folder.rstrip("/").rpartition("/")[2]
        strong, *others = doubts(folder, last)
        ranked.append((strong, -hits, others, _distance(coco.path, folder), folder))
    ranked.sort()
    if not ranked:
        first = f', "{names[0]}" for example' if names else ""
        raise NoImagesError(
            f'"{coco.path}": none of its images is in the dataset{first}{_respelt(names, tree)}'
        )
    if len(ranked) > 1 and ranked[0][:-1] == ranked[1][:-1]:
        raise ExpandError(
            f'"{coco.path}": its images can be those in "{ranked[0][-1]}" or in '
            f'"{ranked[1][-1]}"; move one of these folders out of the dataset'
        )
    return ranked[0][-1]


def _respelt(names: Sequence[str], tree: Tree) -> str:
    """Say which image is called like the first one but for its case or suffix; "" if none is."""
    stem = compose(clean_name(names[0])).rpartition("/")[2] if names else ""
    stem = split_suffix(stem)[0].lower()
    alike = (
        path for path in tree.images if split_suffix(path.rpartition("/")[2])[0].lower() == stem
    )
    image = min(alike, default="")
    return f'. There is "{image}": write names as those of the files' if image else ""


def _count_images(names: Sequence[str], tree: Tree) -> Counter[str]:
    """Return how many images of these names lie below each folder."""
    wanted = {compose(clean_name(name)) for name in names}
    counts = Counter[str]()
    for path in tree.images:
        at = -1
        while True:
            if path[at + 1 :] in wanted:
                counts[path[: at + 1]] += 1
            if (at := path.find("/", at + 1)) < 0:
                break
    return counts


def _distance(path: str, folder: str) -> int:
    """Return how far a folder is from a file: less for each folder that both lie in."""
    above, inner = path.split("/")[:-1], folder.split("/")[:-1]
    pairs = zip(above, inner, strict=False)
    return len(inner) - 2 * sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def part_named(path: str) -> Part:
    """Return the part that the names in a path say, the last one first."""
    *folders, name = path.split("/")
    for each in (name.rpartition(".")[0], *reversed(folders)):
        if role := part_of(each):
            word = next((word for word in words(each) if word in PART_OF), role.kind)
            return Part(role.kind, word if each == name.rpartition(".")[0] else each)
    return Part()


def is_of_several(path: str) -> bool:
    """Tell whether the name of a file says several parts: "trainval", "train_test2017"."""
    named = words(path.rpartition("/")[2].rpartition(".")[0])
    return TRAINVAL in named or len({PART_OF[word] for word in named if word in PART_OF}) > 1


def parts_of(coco: CocoFile) -> Iterator[Part]:
    """Yield the part of each image: what the file's name says, else the folder of the image."""
    part = part_named(coco.path)
    if part.kind:
        last = coco.folder.rstrip("/").rpartition("/")[2]
        role = part_of(last)
        if role and role.kind == part.kind:
            part = Part(part.kind, last)
        yield from (part for _ in coco.names)
        return
    known: dict[str, Part] = {}
    for name in coco.names:
        folder = (coco.folder + clean_name(name)).rpartition("/")[0]
        if folder not in known:
            known[folder] = part_named(f"{folder}/x")
        yield known[folder]
