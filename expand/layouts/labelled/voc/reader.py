"""The labels of one image: its annotation and its masks, read in a worker."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from expand.errors import BadImageError
from expand.geometry import IDENTITY, Placement, Size
from expand.images.masks import open_mask
from expand.layouts.labelled.dataset import Frame, ImageLabels, Labels
from expand.layouts.labelled.voc.annotations.annotation import Annotation, Labelled
from expand.layouts.labelled.voc.annotations.document import LARGEST
from expand.layouts.labelled.voc.naming import check_clear, is_annotation, label_files, label_name
from expand.layouts.labelled.voc.writer import ReadAnnotation, ReadMask, VocImageLabels
from expand.layouts.source import Source
from expand.storage.reading import read_image
from expand.targets import Boxes, Carried, Mask, OrientedBoxes, Points, Polygons, Targets, carry
from expand.targets.masks import mask_bounds, move_mask
from expand.targets.rings import Floats, Wholes

NEAR = 1.0
"""Pixels between the sides of a box and of its instance, so that they are surely the same."""


@dataclass(frozen=True)
class VocLabels(Labels):
    """Reads the annotation and the masks that `Source.annotation` names."""

    fill: int = 0
    """The value of a mask where a view shows nothing of its image."""
    listed: bool = False
    """Whether lists of images say which objects are in them."""

    def names(self, source: Source, image: str) -> tuple[str, ...]:
        """Return the paths of the label files of a view, whose image is called `image`."""
        return tuple(label_name(name, image) for name in label_files(source))

    def load(self, root: str, source: Source) -> Mapping[str, bytes]:
        """Read the label files of an image; raise BadImageError if that is not possible."""
        check_clear(source)
        return {name: read_label(root, name) for name in label_files(source)}

    def parse(self, source: Source, files: Mapping[str, bytes], frame: Frame) -> ImageLabels:
        """Read the labels; raise BadImageError for what no rule can mend."""
        masks = [
            _read_mask(name, data, self.fill, frame)
            for name, data in files.items()
            if not is_annotation(name)
        ]
        annotations = [
            _read_annotation(name, data, frame)
            for name, data in files.items()
            if is_annotation(name)
        ]
        read = annotations[0] if annotations else None
        rows, places = (read.labelled, read.targets) if read else ((), Targets())
        moving = tuple(_linked(mask, rows, places) for mask in masks)
        targets = Targets(places.boxes, places.oriented, places.polygons, places.points, moving)
        return VocImageLabels(source.id, read, tuple(masks), targets, self.listed)


def read_label(root: str, name: str) -> bytes:
    """Read a label file; raise BadImageError with its name."""
    path = os.path.join(root, name)
    try:
        if is_annotation(name) and os.stat(path).st_size > LARGEST:
            raise BadImageError(f"has more than {LARGEST:,} bytes")
        return read_image(path)
    except OSError as error:
        raise BadImageError(f"{name}: cannot be read ({error.strerror})") from error
    except BadImageError as error:
        raise BadImageError(f"{name}: {error}") from error


def _read_mask(name: str, data: bytes, fill: int, frame: Frame) -> ReadMask:
    """Read a mask, and turn it upright if it was drawn on the stored image."""
    try:
        file = open_mask(data, fill)
    except BadImageError as error:
        raise BadImageError(f"{name}: {error}") from error
    height, width = file.pixels.shape[:2]
    turned = _is_stored(Size(width, height), frame, f"{name}: it")
    mask = Mask(file.pixels, file.fill)
    if turned:
        mask = move_mask(mask, Placement(frame.upright.inverse(), frame.size))
    return ReadMask(name, data, file, mask, turned or file.turned)


def _is_stored(size: Size | None, frame: Frame, what: str) -> bool:
    """Tell whether labels were drawn on the stored image: their size tells it from the upright one.

    Raise BadImageError for another size.
    """
    if size is None or size == frame.size:
        return False
    if size == frame.stored:
        return True
    raise BadImageError(
        f"{what} has {size.width:g}×{size.height:g} pixels, and the image "
        f"{frame.size.width:g}×{frame.size.height:g}"
    )


def _read_annotation(name: str, data: bytes, frame: Frame) -> ReadAnnotation:
    """Read an annotation; its places are moved to the upright image, and clipped to it."""
    annotation = Annotation.parse(name, data)
    line = annotation.sides[0].line if annotation.sides else 1
    turned = _is_stored(annotation.size, frame, f"{name}, line {line}: its image")
    upright = frame.upright if turned else IDENTITY
    targets, kept = _targets(annotation.labelled), annotation.labelled
    notes = {"duplicate": count} if (count := annotation.duplicates) else {}
    if turned or _are_outside(targets, frame.size):
        carried = carry(targets, Placement(upright.inverse(), frame.size), visible=0)
        targets, kept = carried.targets, tuple(kept[row] for row in carried.kept.tolist())
        notes |= _mended(carried)
    removed = tuple(each for each in annotation.labelled if each not in kept)
    return ReadAnnotation(name, data, annotation, kept, removed, targets, notes, upright)


def _mended(carried: Carried) -> dict[str, int]:
    counts = {
        "clipped": int(carried.cut[carried.kept].sum()),
        "outside": len(carried.dropped),
    }
    return {reason: count for reason, count in counts.items() if count}


def _targets(rows: Sequence[Labelled]) -> Targets:
    """Return the places of objects and parts, as they are drawn; all of them have a box."""
    if not rows:
        return Targets()
    oriented, polygons, points = None, None, None
    boxes = Boxes([_edges(row) for row in rows])
    if any(row.oriented for row in rows):
        oriented = OrientedBoxes(
            [
                row.oriented.corners if row.oriented else corners
                for row, corners in zip(rows, boxes.corners(), strict=True)
            ]
        )
    if any(row.polygons for row in rows):
        polygons = Polygons([[each.corners for each in row.polygons] for row in rows])
    if any(row.point for row in rows):
        points = Points(
            [[row.point.place if row.point else (0.0, 0.0)] for row in rows],
            [[2 if row.point else 0] for row in rows],
        )
    return Targets(boxes, oriented, polygons, points)


def _edges(row: Labelled) -> Floats:
    """Return the box of an object: its own, or that around all else that tells its place."""
    if row.box:
        return np.array(row.box.edges)
    corners = [each.corners for each in row.polygons]
    if row.oriented and not corners:
        corners = [row.oriented.corners]
    if row.point and not corners:
        corners = [np.array([row.point.place])]
    joined = np.concatenate(corners)
    return np.concatenate([joined.min(axis=0), joined.max(axis=0)])


def _are_outside(targets: Targets, size: Size) -> bool:
    """Tell whether any place is outside the image."""
    if not len(targets):
        return False
    assert targets.boxes
    corners = [targets.boxes.edges.reshape(-1, 2)]
    if targets.polygons:
        corners.append(targets.polygons.rings.corners)
    if targets.oriented:
        corners.append(targets.oriented.corners.reshape(-1, 2))
    if targets.points:
        corners.append(targets.points.places.reshape(-1, 2))
    sides = np.array([size.width, size.height])
    return any(bool((each < 0).any() or (each > sides).any()) for each in corners)


def _linked(mask: ReadMask, rows: Sequence[Labelled], targets: Targets) -> Mask:
    """Return a mask; one of instances is linked to the objects if it surely shows them.

    Value i is object i of the annotation. That is certain if the box of each object is the box of
    its pixels. A border of ignored pixels round objects is not: those belong to the object too.
    """
    if not mask.shows_instances or mask.mask.pixels.ndim > 2 or targets.boxes is None:
        return mask.mask
    numbers = np.array([-1 if row.is_part else row.number for row in rows])
    if numbers.max() > np.iinfo(mask.mask.pixels.dtype).max:
        return mask.mask
    linked = Mask(mask.mask.pixels, mask.mask.fill, numbers)
    return linked if _fit(linked, targets.boxes.edges, numbers) else mask.mask


def _fit(mask: Mask, edges: Floats, numbers: Wholes) -> bool:
    for index in np.flatnonzero(numbers > 0).tolist():
        bounds = mask_bounds(mask, index)
        if bounds is None or np.abs(edges[index] - bounds).max() > NEAR:
            return False
    return True
