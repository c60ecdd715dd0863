"""Split roots of class folders: `train/cat/1.jpg`, `val/cat/2.jpg`; only one part grows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.directory import read_directory
from expand.layouts.labelled.dataset import Dataset
from expand.layouts.labelled.opening import Opening
from expand.layouts.labelled.scan import KEPT, Role, Use, list_dataset
from expand.layouts.labelled.splits.choose import choose_part
from expand.layouts.labelled.splits.classless import describe_part
from expand.layouts.labelled.titles import format_title
from expand.layouts.recognition.words import is_wrapper, part_of

DEPTH = 3
"""Lone folders that the parts may lie in."""


def open_split_folders(opening: Opening) -> Dataset:
    """Open a folder with one folder for each part, which has a folder for each class.

    Raise ExpandError if no part is for training and --split names none.
    """
    root = opening.root
    above = opening.seen.training.rpartition("/")[0] if opening.seen else find_above(root)
    parts = find_parts(root, above)
    part = choose_part(root, parts, opening.request.split)
    prefix = f"{above}/{part}/" if above else f"{part}/"
    outside: list[str] = []

    def decide(path: str, is_image: bool) -> Use:
        """Return the use of a file."""
        if not (is_image and path.startswith(prefix)):
            return KEPT
        label, _, rest = path[len(prefix) :].partition("/")
        if not rest:
            outside.append(label)
            return KEPT
        return Use(Role.GROWS, label)

    listing = list_dataset(root, decide, opening.folders)
    classes = tuple(sorted(listing.summary.labels))
    if not len(listing) or _are_only_images(classes):
        listing.close()
        raise ExpandError(describe_part(root, prefix, outside, classes))
    title = format_title("class folders in parts", len(classes), part, len(listing), parts)
    return Dataset(
        "split-folders",
        title,
        listing,
        part,
        classes=classes,
        notes=_notes(prefix, len(outside)),
        problems=int(bool(outside)),
        parts=tuple(parts),
    )


def _are_only_images(classes: Sequence[str]) -> bool:
    """Tell whether the only folder of a part is not a class: it is called "images" or the like."""
    return len(classes) == 1 and is_wrapper(classes[0])


def find_above(root: Path) -> str:
    """Return the folder below `root` that holds the parts; "" if they are not in a lone folder."""
    names: list[str] = []
    for _ in range(DEPTH):
        folders = read_directory(str(root.joinpath(*names))).folders
        if any(part_of(name) for name in folders):
            return "/".join(names)
        if len(folders) != 1:
            break
        names.append(folders[0])
    return ""


def find_parts(root: Path, above: str = "") -> list[str]:
    """Return the folders below `root/above` that are called like parts of a split."""
    return [name for name in read_directory(str(root / above)).folders if part_of(name)]


def _notes(prefix: str, outside: int) -> tuple[str, ...]:
    if not outside:
        return ()
    images = "1 image lies" if outside == 1 else f"{outside:,} images lie"
    copies = "gets" if outside == 1 else "get"
    return (f'{images} in "{prefix}" outside its class folders, and {copies} no copies',)
