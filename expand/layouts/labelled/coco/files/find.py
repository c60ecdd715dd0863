"""Find the COCO files of a dataset, the folder with the images of each, and its part."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from expand.errors import ExpandError
from expand.layouts.directory import IMAGE
from expand.layouts.labelled.coco.files.document import CocoFile
from expand.layouts.layout import Kind
from expand.layouts.names import compose
from expand.layouts.recognition.evidence import kind_of_json
from expand.layouts.recognition.words import PART_OF, part_of, role_of, words
from expand.layouts.walk import walk

SAMPLED = 64
"""Images of a file that are looked for in each folder."""


@dataclass
class Tree:
    """What lies in a dataset: paths relative to it, POSIX style."""

    files: list[str] = field(default_factory=list)
    """Its JSON files that can be COCO files."""
    folders: list[str] = field(default_factory=list)
    """All folders, each with a slash at its end; the dataset's own is empty."""
    known: frozenset[str] = frozenset()
    """Those that begin like one. The others lie beside them, or are all JSON files there are."""
    images: set[str] = field(default_factory=set)
    """All images, with composed accents."""


class NoImagesError(ExpandError):
    """A COCO file of which no image can be found."""


class Part(NamedTuple):
    """A part of a dataset: training, validation or test, and what the dataset calls it."""

    kind: str = ""
    """Empty if the dataset does not say."""
    name: str = ""


def read_tree(root: Path) -> Tree:
    """Walk over a dataset; its JSON files are looked into."""
    tree, others = Tree(), list[str]()
    for frame, name, kind in walk(str(root), lambda frame: tree.folders.append(frame.prefix)):
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

    That is the one with the most of them; of several, one that is named like the part, that is not
    called "masks", and that is nearest to the file. Raise ExpandError if none or two are left.
    """
    step = max(1, len(coco.names) // SAMPLED)
    names = [compose(clean_name(name)) for name in coco.names[::step]]
    ranked = sorted(
        (*_rank(coco.path, folder, names, tree), folder)
        for folder in tree.folders
        if any(folder + name in tree.images for name in names)
    )
    if not ranked:
        first = f', "{coco.names[0]}" for example' if coco.names else ""
        raise NoImagesError(f'"{coco.path}": none of its images is in the dataset{first}')
    if len(ranked) > 1 and ranked[0][:-1] == ranked[1][:-1]:
        raise ExpandError(
            f'"{coco.path}": its images can be those in "{ranked[0][-1]}" or in '
            f'"{ranked[1][-1]}"; move one of these folders out of the dataset'
        )
    return str(ranked[0][-1])


def _rank(path: str, folder: str, names: Sequence[str], tree: Tree) -> tuple[int, bool, bool, int]:
    hits = sum(folder + name in tree.images for name in names)
    wanted, here = part_named(path), part_named(f"{folder}x")
    last = folder.rstrip("/").rpartition("/")[2]
    above, inner = path.split("/")[:-1], folder.split("/")[:-1]
    common = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(above, inner, strict=False))
    )
    apart = len(inner) - 2 * common
    return -hits, here.kind != wanted.kind, role_of(last).kind == "labels", apart


def part_named(path: str) -> Part:
    """Return the part that the names in a path say, the last one first."""
    *folders, name = path.split("/")
    for each in (name.rpartition(".")[0], *reversed(folders)):
        if role := part_of(each):
            word = next((word for word in words(each) if word in PART_OF), role.kind)
            return Part(role.kind, word if each == name.rpartition(".")[0] else each)
    return Part()


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
