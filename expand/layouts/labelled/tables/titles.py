"""What the first line and the summary say of a dataset with tables."""

from __future__ import annotations

from collections.abc import Sequence

from expand.layouts.labelled.tables.classes import Classes
from expand.layouts.labelled.tables.images import Fault, folder_part
from expand.layouts.labelled.tables.parts import Parts
from expand.layouts.labelled.tables.rows.row import TableSettings
from expand.layouts.labelled.tables.survey import Survey

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
        parts.append(f"{len(names)} classes" if len(names) > 1 else "1 class")
    return "".join(f"{part}, " for part in parts)


def split_of(parts: Parts) -> str:
    """Return the part that grows, and those that do not."""
    count = len(parts.grows)
    images = "1 image" if count == 1 else f"{count:,} images"
    if not parts.title:
        return images
    left = (
        f"; {' and '.join(parts.others)} left as {'they are' if len(parts.others) > 1 else 'it is'}"
    )
    return f"{parts.title} split {images}{left if parts.others else ''}"


def notes_of(
    found: Survey, parts: Parts, classes: Classes, settings: Sequence[TableSettings]
) -> tuple[tuple[str, ...], int]:
    """Return what the plan says of rows and images, and how many of it are faults."""
    faults = [_fault(fault, cells) for fault, cells in found.faults.items()]
    if classes.conflicts and not any(each.moves.any for each in settings):
        have = _count(len(classes.conflicts), "image has", "images have")
        faults.append(f'{have} rows of different classes, so no class: "{classes.conflicts[0]}"')
    if parts.both:
        are = _count(len(parts.both), "image is", "images are")
        faults.append(f'{are} in two parts of the split and not expanded: "{parts.both[0]}"')
    without = [
        path
        for path in found.images.paths.values()
        if path not in found.rows and _is_near(path, parts)
    ]
    have = _count(len(without), "image has", "images have")
    kept = _count(len(without), "it is kept as it is", "they are kept as they are", number=False)
    note = f'{have} no row in a table; {kept}: "{(*without, "")[0]}"'
    return (*faults, *([note] if without else []), *parts.notes), len(faults)


def _fault(fault: Fault, cells: Sequence[str]) -> str:
    one, several = FAULTS[fault]
    rows, does = _count(len(cells), "row", "rows"), one if len(cells) == 1 else several
    kept = _count(len(cells), "it is kept as it is", "they are kept as they are", number=False)
    return f"{rows} of a table {does}: {cells[0]}; {kept}"


def _is_near(path: str, parts: Parts) -> bool:
    """Tell whether an image is in no folder of another part."""
    return folder_part(path) in ("", parts.title)


def _count(count: int, one: str, several: str, *, number: bool = True) -> str:
    said = f"{count:,} " if number else ""
    return said + (one if count == 1 else several)
