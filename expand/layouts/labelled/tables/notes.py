"""What the first line and the summary say of a dataset with tables."""

from __future__ import annotations

from collections.abc import Sequence

from expand.layouts.labelled.tables.classes import Classes
from expand.layouts.labelled.tables.images import Fault, folder_part
from expand.layouts.labelled.tables.parts import Parts
from expand.layouts.labelled.tables.rows.row import TableSettings
from expand.layouts.labelled.tables.survey import Survey
from expand.layouts.labelled.titles import counted, left

FAULTS = {
    Fault.MISSING: ("names an image that is not there", "name images that are not there"),
    Fault.UNREAD: ("names no image of a supported format", "name no image of a supported format"),
    Fault.EMPTY: ("names no image", "name no image"),
}
"""What a row does, and what several do."""


def contents_of(settings: Sequence[TableSettings], names: Sequence[str]) -> str:
    """Return what moves in the tables and how many classes they name, with a comma after each."""
    parts = []
    moves = [each.moves for each in settings]
    if form := next((each for m in moves if (each := m.box or m.objects)), None):
        scale = "shares of the image" if form.styles[0].normalised else "pixels"
        parts.append(f"boxes ({form.form.value}; {scale})")
    if points := next((m.points for m in moves if m.points), None):
        parts.append(f"{len(points.names)} points" if len(points.names) > 1 else "a point")
    if names:
        parts.append(counted(len(names), "class", "classes"))
    return "".join(f"{part}, " for part in parts)


def split_of(parts: Parts) -> str:
    """Return the part that grows, and those that do not."""
    images = counted(len(parts.grows), "image")
    return f"{parts.title} split {images}{left(parts.others)}" if parts.title else images


def notes_of(
    found: Survey, parts: Parts, classes: Classes, settings: Sequence[TableSettings]
) -> tuple[tuple[str, ...], int]:
    """Return what the plan says of rows and images, and how many of it are faults."""
    faults = [_fault(fault, cells) for fault, cells in found.faults.items()]
    if classes.conflicts and not any(each.moves.any for each in settings):
        have = counted(len(classes.conflicts), "image has", "images have")
        faults.append(f'{have} rows of different classes, so no class: "{classes.conflicts[0]}"')
    if parts.both:
        are = counted(len(parts.both), "image is", "images are")
        faults.append(f'{are} in two parts of the split and not expanded: "{parts.both[0]}"')
    without = [
        path
        for path in found.images.paths.values()
        if path not in found.rows and _is_near(path, parts)
    ]
    have = counted(len(without), "image has", "images have")
    kept = _kept(without)
    note = f'{have} no row in a table; {kept}: "{(*without, "")[0]}"'
    return (*faults, *([note] if without else []), *parts.notes), len(faults)


def _fault(fault: Fault, cells: Sequence[str]) -> str:
    one, several = FAULTS[fault]
    rows, does = counted(len(cells), "row"), one if len(cells) == 1 else several
    kept = _kept(cells)
    return f"{rows} of a table {does}: {cells[0]}; {kept}"


def _kept(names: Sequence[str]) -> str:
    return "it is kept as it is" if len(names) == 1 else "they are kept as they are"


def _is_near(path: str, parts: Parts) -> bool:
    """Tell whether an image is in no folder of another part."""
    return folder_part(path) in ("", parts.title)
