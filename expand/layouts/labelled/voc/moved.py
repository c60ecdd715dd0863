"""The annotation of a view: what moves is replaced in the file, all else is kept."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np

from expand.geometry import Affine
from expand.layouts.labelled.dataset import LabelledView
from expand.layouts.labelled.voc.annotations.annotation import Annotation, Labelled
from expand.layouts.labelled.voc.annotations.document import Document, Patch
from expand.layouts.labelled.voc.annotations.elements import Element
from expand.layouts.labelled.voc.read import ReadAnnotation
from expand.layouts.names import split_suffix
from expand.targets.points import ABSENT
from expand.targets.rings import Floats

SIDE = re.compile("left|right", re.IGNORECASE)
OTHER_SIDE = {"left": "right", "Left": "Right", "LEFT": "RIGHT"}
OTHER_SIDE |= {right: left for left, right in OTHER_SIDE.items()}
NOT_CUT = {"0": "1", "false": "true", "False": "True", "no": "yes", "": "1", "Unspecified": "1"}
"""What `truncated` says of an object that is not cut, and what of one that is."""


def move_annotation(read: ReadAnnotation, view: LabelledView) -> bytes:
    """Return the annotation of a view."""
    document, carried = read.annotation.document, view.carried
    patches = [*_headed(read.annotation, view)]
    rows = [read.labelled[row] for row in carried.kept.tolist()]
    gone = {id(each.element) for each in read.annotation.labelled} - {
        id(each.element) for each in rows
    }
    numbers = {each.number for each in rows if not each.is_part}
    patches += [
        document.remove(each.element)
        for each in read.annotation.labelled
        if id(each.element) in gone and (not each.is_part or each.number in numbers)
    ]
    truncated = any(each.element.find("truncated") for each in read.annotation.labelled)
    facing = view.forward.after(read.upright)
    for index, (row, each) in enumerate(zip(carried.kept.tolist(), rows, strict=True)):
        if each.number in numbers:
            patches += _placed(document, each, view, index)
            patches += _faced(document, each.element, facing)
            if (new := view.class_of(each.name)) != each.name:
                patches.append(document.set_text(each.element.all("name")[0], new))
            if truncated and carried.cut[row]:
                patches += _cut(document, each.element)
    return document.patched(patches)


def _headed(annotation: Annotation, view: LabelledView) -> Iterator[Patch]:
    """Yield what changes the names and the size of the image."""
    document, root = annotation.document, annotation.document.root
    base = view.name.rpartition("/")[2]
    for element in (root.find("filename"), root.find("path")):
        if element and view.k:
            named = re.split(r"[/\\]", element.value)[-1]
            folder = element.value.removesuffix(named)
            new = base if split_suffix(named)[1] or not named else split_suffix(base)[0]
            yield document.set_text(element, f"{folder}{new}")
    for side, value in zip(annotation.sides, view.size, strict=bool(annotation.sides)):
        if side.value != (text := str(int(value))):
            yield document.set_text(side, text)


def _placed(
    document: Document, labelled: Labelled, view: LabelledView, index: int
) -> Iterator[Patch]:
    """Yield what moves an object to where the view shows it."""
    targets, size = view.carried.targets, view.size
    if labelled.box and targets.boxes:
        yield from labelled.box.moved(document, _edges(labelled, view, index))
    if labelled.oriented and targets.oriented:
        yield from labelled.oriented.moved(document, targets.oriented.corners[index])
    if labelled.point and targets.points:
        if targets.points.visibility[index, 0] == ABSENT:
            yield document.remove(labelled.point.element)
        else:
            yield from labelled.point.moved(document, targets.points.places[index, 0], size)
    if labelled.polygons and targets.polygons:
        rings = targets.polygons.parts(index)
        each = [[ring] for ring in rings]
        if len(rings) != len(labelled.polygons):
            each = [rings, *([] for _ in labelled.polygons[1:])]
        for polygon, its in zip(labelled.polygons, each, strict=True):
            yield from polygon.moved(document, its, size)


def _edges(labelled: Labelled, view: LabelledView, index: int) -> Floats:
    """Return the box of an object in a view.

    That round a polygon is wider by half a pixel: its corners are the centres of pixels.
    """
    carried, forward = view.carried, view.forward
    assert carried.targets.boxes
    edges: Floats = carried.targets.boxes.edges[index]
    straight = forward.b == forward.d == 0 or forward.a == forward.e == 0
    if not labelled.polygons or (straight and not carried.cut[carried.kept[index]]):
        return edges
    half = 0.5 * math.sqrt(abs(float(forward.determinant)))
    sides = np.array([view.size.width, view.size.height] * 2, np.float64)
    wider: Floats = (edges + half * np.array([-1, -1, 1, 1])).clip(0, sides)
    return wider


def _faced(document: Document, element: Element, facing: Affine) -> Iterator[Patch]:
    """Yield what changes a pose that says left or right, if the view exchanges them."""
    pose = element.find("pose")
    if pose is None or not SIDE.search(pose.value):
        return
    across, down = float(facing.a), float(facing.d)
    if abs(across) < abs(down):
        yield document.set_text(pose, "Unspecified")
    elif across < 0:
        other = SIDE.sub(lambda match: OTHER_SIDE.get(match[0], match[0]), pose.value)
        yield document.set_text(pose, other)


def _cut(document: Document, element: Element) -> Iterator[Patch]:
    """Yield what says that an object is truncated."""
    found = element.find("truncated")
    if found and found.value in NOT_CUT:
        yield document.set_text(found, NOT_CUT[found.value])
    elif found is None and (name := element.find("name")):
        new = document.space_before(name) + b"<truncated>1</truncated>"
        yield Patch(name.end, name.end, new)
