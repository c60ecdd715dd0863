"""What is said about a dataset of images with masks: its title, and notes on odd files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from expand.layouts.labelled.masks.files import File, Files, Grown
from expand.layouts.labelled.masks.parts import Growing, Parts
from expand.layouts.labelled.masks.polygons import ENDING
from expand.layouts.labelled.titles import counted, left
from expand.layouts.spooled.sets import TextSet

LOSSY = (".jpg", ".jpeg")
BESIDE = (".json", ".txt", ".xml", ".csv", ".geojson")
"""Suffixes of other files that can say something about one image."""


@dataclass
class Tally:
    """How many files there are of a kind, and the first."""

    count: int = 0
    first: str = ""

    @classmethod
    def of(cls, files: Iterable[File]) -> Tally:
        """Count files."""
        tally = cls()
        for file in files:
            tally.add(file)
        return tally

    def add(self, file: File) -> None:
        """Count a file."""
        self.count += 1
        self.first = self.first or file.path


def title(grown: Grown, growing: Growing, parts: Parts) -> str:
    """Say what the dataset is, and what grows."""
    masks = sum(not mask.path.endswith(ENDING) for mask in grown.masks())
    count = f"{counted(len(grown), 'image')} with {counted(masks, 'mask')}"
    if not growing.kind:
        return f"images with masks, {count}"
    return f"images with masks, {growing.shown} split {count}{left(parts.others(growing))}"


def notes(rest: Files, grown: Grown, growing: Growing) -> tuple[tuple[str, ...], int]:
    """Return sentences about files that are not used as their neighbours are, and their faults.

    `rest` are the files that are neither images nor made anew.
    """
    missing, groups = _bare(grown, growing)
    said = [
        _say(files, "image has no mask", "images have no mask")
        for files in (missing, *groups.values())
        if files.count
    ]
    orphans = Tally.of(file for file in grown.pairing.orphans if growing.holds(file))
    if orphans.count:
        said.append(_say(orphans, "mask has no image", "masks have no image"))
    said += _lossy(mask.path for mask in grown.masks())
    said += _beside(rest, grown)
    return tuple(said), int(bool(missing.count))


def _bare(grown: Grown, growing: Growing) -> tuple[Tally, dict[str, Tally]]:
    """Count the images without a mask: beside those that grow, and in each other first folder."""
    missing, groups = Tally(), defaultdict[str, Tally](Tally)
    if not len(grown.pairing.bare):
        return missing, groups
    folders = {path.rpartition("/")[0] for path in grown}
    for file in grown.pairing.bare:
        if growing.holds(file):
            beside = "/".join(file.folders) in folders
            tally = missing if beside else groups[file.folders[0] if file.folders else ""]
            tally.add(file)
    return missing, groups


def say_outside(files: Iterable[File]) -> tuple[str, ...]:
    """Say that images are in no part of the split."""
    outside = Tally.of(files)
    if not outside.count:
        return ()
    one, several = "image with a mask is in no part", "images with masks are in no part"
    return (_say(outside, one, several),)


def _lossy(masks: Iterable[str]) -> list[str]:
    """Say that masks are JPEG."""
    lossy = TextSet(path for path in masks if path.lower().endswith(LOSSY))
    if not len(lossy):
        return []
    masks_are = f"{counted(len(lossy), 'mask')} {'is' if len(lossy) == 1 else 'are'} JPEG"
    copies = "the masks of copies are JPEG of quality 100, a few grey levels off"
    advice = "convert masks to PNG for exact ones"
    return [f'{masks_are}, such as "{next(iter(lossy))}", which is lossy: {copies}; {advice}']


def _beside(rest: Iterable[File], grown: Grown) -> list[str]:
    """Say that files with the name of an image, but no masks, get no copies."""
    beside = Files.of(file for file in rest if file.suffix.lower() in BESIDE)
    if not len(beside):
        return []
    stems = TextSet(path.rpartition("/")[2].rpartition(".")[0] for path in grown)
    same = Tally.of(file for file in beside if file.stem in stems)
    if not same.count:
        return []
    files = f'{counted(same.count, "file")} with the name of an image, such as "{same.first}"'
    return [
        f"{files}, {'is' if same.count == 1 else 'are'} kept; the copies of the image have none"
    ]


def _say(files: Tally, one: str, several: str) -> str:
    if files.count == 1:
        return f'1 {one}, "{files.first}": it is left as it is'
    return f'{files.count:,} {several}, such as "{files.first}": they are left as they are'
