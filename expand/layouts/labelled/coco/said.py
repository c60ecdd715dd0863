"""What is said of a COCO dataset: its title, its classes, and notes about what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from expand.layouts.labelled.coco.files.chosen import Chosen
from expand.layouts.labelled.coco.files.document import CocoFile

RLE = frozenset(("rle", "counts"))
MASKS = RLE | {"polygons"}


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
    return (
        f'1 image ("{names[0]}")'
        if len(names) == 1
        else (f'{len(names):,} images ("{names[0]}" is the first)')
    )


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def title_of(chosen: Chosen, kinds: frozenset[str], count: int) -> str:
    """Return what the first line says of the dataset."""
    masks = bool(kinds & MASKS)
    told = {
        "segmentation": masks,
        "keypoints": "keypoints" in kinds,
        "captions": "captions" in kinds,
    }
    what = [name for name, is_there in told.items() if is_there]
    if not what:
        what = ["detection" if "boxes" in kinds else "images without annotations"]
    classes = len(classes_of(chosen.files))
    named = f", {classes} class{'es' if classes != 1 else ''}" if classes else ""
    images = f"{count:,} image{'s' if count != 1 else ''}"
    part = f"{chosen.part.name} split {images}" if chosen.part.kind else images
    kept = f"; {' and '.join(chosen.kept)} left as they are" if chosen.kept else ""
    return f"COCO {' and '.join(what)}{named}, {part}{kept}"


def classes_of(files: Sequence[CocoFile]) -> list[str]:
    """Return the names of the categories of all files; two of one name in a file are two."""
    classes: dict[tuple[str, str], str] = {}
    for coco in files:
        for category in coco.categories:
            name = str(category.get("name", ""))
            classes[repr(category.get("id")), name] = name
    return list(classes.values())
