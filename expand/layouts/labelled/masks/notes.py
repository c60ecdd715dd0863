"""What is said about a dataset of images with masks: its title, and notes on odd files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from expand.layouts.labelled.masks.files import File, Pairing
from expand.layouts.labelled.masks.parts import Growing, Parts
from expand.layouts.labelled.masks.polygons import ENDING
from expand.layouts.labelled.titles import counted, left

LOSSY = (".jpg", ".jpeg")
BESIDE = (".json", ".txt", ".xml", ".csv", ".geojson")
"""Suffixes of other files that can say something about one image."""


def title(pairing: Pairing, grown: set[str], growing: Growing, parts: Parts) -> str:
    """Say what the dataset is, and what grows."""
    masks = sum(
        not mask.path.endswith(ENDING) for path in grown for mask in pairing.masks.get(path, ())
    )
    count = f"{counted(len(grown), 'image')} with {counted(masks, 'mask')}"
    if not growing.kind:
        return f"images with masks, {count}"
    return f"images with masks, {growing.shown} split {count}{left(parts.others(growing))}"


def notes(
    pairing: Pairing, others: Sequence[File], grown: set[str], growing: Growing
) -> tuple[tuple[str, ...], int]:
    """Return sentences about files that are not used as their neighbours are, and their faults."""
    bare = [file for file in pairing.bare if growing.holds(file)]
    folders = {path.rpartition("/")[0] for path in grown}
    groups = defaultdict[str, list[File]](list)
    missing = [file for file in bare if "/".join(file.folders) in folders]
    for file in bare:
        if "/".join(file.folders) not in folders:
            groups[file.folders[0] if file.folders else ""].append(file)
    said = [
        _say(files, "image has no mask", "images have no mask")
        for files in (missing, *groups.values())
        if files
    ]
    if orphans := [file for file in pairing.orphans if growing.holds(file)]:
        said.append(_say(orphans, "mask has no image", "masks have no image"))
    said += _lossy(mask.path for path in grown for mask in pairing.masks.get(path, ()))
    said += _beside(others, grown)
    return tuple(said), int(bool(missing))


def say_outside(files: Sequence[File]) -> tuple[str, ...]:
    """Say that images are in no part of the split."""
    if not files:
        return ()
    one, several = "image with a mask is in no part", "images with masks are in no part"
    return (_say(files, one, several),)


def _lossy(masks: Iterable[str]) -> list[str]:
    """Say that masks are JPEG."""
    lossy = sorted(path for path in masks if path.lower().endswith(LOSSY))
    if not lossy:
        return []
    masks_are = f"{counted(len(lossy), 'mask')} {'is' if len(lossy) == 1 else 'are'} JPEG"
    copies = "the masks of copies are JPEG of quality 100, a few grey levels off"
    advice = "convert masks to PNG for exact ones"
    return [f'{masks_are}, such as "{lossy[0]}", which is lossy: {copies}; {advice}']


def _beside(others: Iterable[File], grown: set[str]) -> list[str]:
    """Say that files with the name of an image, but no masks, get no copies."""
    stems = {path.rpartition("/")[2].rpartition(".")[0] for path in grown}
    same = [file for file in others if file.stem in stems and file.suffix.lower() in BESIDE]
    if not same:
        return []
    files = f'{counted(len(same), "file")} with the name of an image, such as "{same[0].path}"'
    return [f"{files}, {'is' if len(same) == 1 else 'are'} kept; the copies of the image have none"]


def _say(files: Sequence[File], one: str, several: str) -> str:
    if len(files) == 1:
        return f'1 {one}, "{files[0].path}": it is left as it is'
    return f'{len(files):,} {several}, such as "{files[0].path}": they are left as they are'
