"""The annotation of a view: what moves is replaced in the file, all else is kept."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from expand.geometry import Affine
from expand.layouts.labelled.dataset import LabelledView
from expand.layouts.labelled.voc.annotations.annotation import Annotation, Labelled
from expand.layouts.labelled.voc.annotations.document import Document, Patch
from expand.layouts.labelled.voc.annotations.elements import Element
from expand.layouts.labelled.voc.read import ReadAnnotation
from expand.layouts.names import split_suffix
from expand.targets.points import ABSENT

SIDE = re.compile("left|right", re.IGNORECASE)
OTHER_SIDE = {"left": "right", "Left": "Right", "LEFT": "RIGHT"}
OTHER_SIDE |= {right: left for left, right in OTHER_SIDE.items()}
NOT_CUT = {"0": "1", "false": "true", "False": "True", "no": "yes", "": "1", "Unspecified": "1"}
"""What `truncated` says of an object that is not cut, and what of one that is."""


def move_annotation(read: ReadAnnotation, view: LabelledView) -> bytes:
    """Return the annotation of a view."""
    annotation, carried = read.annotation, view.carried
    document = annotation.document
    rows = [read.labelled[row] for row in carried.kept.tolist()]
    numbers = {each.number for each in rows if not each.is_part}
    patches = [*_headed(annotation, view)]
    if len(rows) < len(annotation.labelled):
        patches += _gone(annotation, rows, numbers)
    cut = carried.cut[carried.kept]
    truncated = cut.any() and any(each.element.find("truncated") for each in annotation.labelled)
    facing = view.forward.after(read.upright)
    edges = _edges(rows, view)
    for index, each in enumerate(rows):
        if each.number in numbers:
            if each.box:
                patches += each.box.moved(document, edges[index])
            patches += _placed(document, each, view, index)
            patches += _faced(document, each.element, facing)
            if (new := view.class_of(each.name)) != each.name:
                patches.append(document.set_text(each.element.all("name")[0], new))
            if truncated and cut[index]:
                patches += _cut(document, each.element)
    return document.patched(patches)


def _gone(
    annotation: Annotation, rows: Sequence[Labelled], numbers: Collection[int]
) -> Iterator[Patch]:
    """Yield what removes all but some objects and parts; an object goes with its parts."""
    kept = {id(each.element) for each in rows}
    for each in annotation.labelled:
        if id(each.element) not in kept and (not each.is_part or each.number in numbers):
            yield annotation.document.remove(each.element)


def _headed(annotation: Annotation, view: LabelledView) -> Iterator[Patch]:
    """Yield what changes the names and the size of the image."""
    document, root = annotation.document, annotation.document.root
    base = view.name.rpartition("/")[2]
    for element in (root.find("filename"), root.find("path")):
        if element and view.k:
            folder = element.value[: 1 + max(map(element.value.rfind, "/\\"))]
            named = element.value[len(folder) :]
            new = base if split_suffix(named)[1] or not named else split_suffix(base)[0]
            yield document.set_text(element, f"{folder}{new}")
    for side, value in zip(annotation.sides, view.size, strict=bool(annotation.sides)):
        if side.value != (text := str(int(value))):
            yield document.set_text(side, text)


def _placed(
    document: Document, labelled: Labelled, view: LabelledView, index: int
) -> Iterator[Patch]:
    """Yield what moves all places of an object but its box to where the view shows them."""
    targets, size = view.carried.targets, view.size
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


def _edges(rows: Sequence[Labelled], view: LabelledView) -> list[list[float]]:
    """Return the boxes of objects in a view.

    That round a polygon is wider by half a pixel: its corners are the centres of pixels.
    """
    carried, forward = view.carried, view.forward
    if carried.targets.boxes is None:
        return []
    edges = carried.targets.boxes.edges
    if any(each.polygons for each in rows):
        around = np.array([bool(each.polygons) for each in rows])
        if forward.b == forward.d == 0 or forward.a == forward.e == 0:
            around &= carried.cut[carried.kept]
        half = 0.5 * math.sqrt(abs(float(forward.determinant)))
        sides = np.array([view.size.width, view.size.height] * 2, np.float64)
        wider = (edges + half * np.array([-1, -1, 1, 1])).clip(0, sides)
        edges = np.where(around[:, None], wider, edges)
    places: list[list[float]] = edges.tolist()
    return places


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
        end = document.end(name)
        yield end, end, new
