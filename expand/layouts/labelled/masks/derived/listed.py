"""Parts of a split that only lists tell: "train.txt" and "val.txt" beside one folder of images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from expand.layouts.labelled.masks.derived.lists import SUFFIXES, Names, read_list
from expand.layouts.labelled.masks.files import File, Pairing
from expand.layouts.labelled.masks.parts import TRAIN, Parts
from expand.layouts.labelled.masks.places import part_said


def read_parts(
    root: Path, images: Iterable[File], others: Iterable[File], pairing: Pairing
) -> Parts:
    """Return the parts that lists tell; no parts if none does.

    Of "train.txt" and "trainval.txt", the shorter name counts. The images that no list names are in
    no part.
    """
    lists = [file for file in others if file.suffix.lower() in SUFFIXES and part_said(file.stem)]
    if not lists:
        return Parts({})
    masks = {mask.path for masks in pairing.masks.values() for mask in masks}
    known = {file.path: pairing.masks.get(file.path, []) for file in images}
    names = Names.of({path: of for path, of in known.items() if path not in masks})
    shown, listed = dict[str, str](), defaultdict[str, set[str]](set)
    for file in sorted(lists, key=lambda file: (len(file.stem), file.path)):
        kind, found = part_said(file.stem), read_list(root, file.path, names)
        if found and shown.setdefault(kind, file.stem) == file.stem:
            listed[kind] |= {*found.images} - {""}
    if TRAIN not in listed or (len(listed) == 1 and listed[TRAIN] >= pairing.masks.keys()):
        return Parts({})
    return Parts(shown, listed={kind: frozenset(paths) for kind, paths in listed.items()})
