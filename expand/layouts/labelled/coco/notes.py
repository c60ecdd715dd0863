"""What is said of a COCO dataset: its title, its classes, and notes about what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from expand.layouts.labelled.coco.files.chosen import Chosen
from expand.layouts.labelled.coco.files.document import CocoFile
from expand.layouts.labelled.titles import counted, format_title, listed

RLE = frozenset(("rle", "counts"))
MASKS = RLE | {"polygons", "panoptic"}


def notes_of(
    chosen: Chosen, missing: Sequence[str], unnamed: Sequence[str]
) -> tuple[list[str], int]:
    """Return sentences about the dataset, and how many of them are of faults: the first ones."""
    notes = [note for coco in chosen.files for note in coco.notes]
    if missing:
        notes.append(
            f"{_count(missing)} that the COCO files name cannot be found, or {_are(missing)} of a "
            f"format that is not read; left out"
        )
    if chosen.both:
        names = " and ".join(f'"{name}"' for name in chosen.kept)
        notes.append(f"{_count(chosen.both)} of the part that grows {_are(chosen.both)} in {names}")
    faults = len(notes)
    if unnamed:
        notes.append(f"{_count(unnamed)} that no COCO file names {_are(unnamed)} kept")
    return notes, faults


def _count(names: Sequence[str]) -> str:
    shown = f'"{names[0]}"' if len(names) == 1 else f'"{names[0]}" is the first'
    return f"{counted(len(names), 'image')} ({shown})"


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def title_of(chosen: Chosen, kinds: frozenset[str], count: int) -> str:
    """Return what the first line says of the dataset."""
    masks = bool(kinds & (MASKS - {"panoptic"}))
    told = {
        "detection": "boxes" in kinds and not kinds & (MASKS | {"keypoints"}),
        "segmentation": masks,
        "panoptic": "panoptic" in kinds,
        "keypoints": "keypoints" in kinds,
        "captions": "captions" in kinds,
    }
    what = [name for name, there in told.items() if there] or ["images without annotations"]
    classes = len(classes_of(chosen.files)) or None
    return format_title(f"COCO {listed(what)}", classes, chosen.part.name, count, chosen.kept)


def classes_of(files: Sequence[CocoFile]) -> list[str]:
    """Return the names of the categories of all files; two of one name in a file are two."""
    named = {pair: None for names in names_of(files).values() for pair in names.items()}
    return [name for _, name in named]


def names_of(files: Sequence[CocoFile]) -> dict[str, dict[str, str]]:
    """Return the name of each category of each file, by its id as Python writes it."""
    return {
        coco.path: {repr(each.get("id")): str(each.get("name", "")) for each in coco.categories}
        for coco in files
    }
