"""The labels of one image: its annotation and its masks, read in a worker."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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
BORDER = 8.0
"""Pixels between them where the instance has a border of ignored pixels; that of VOC has 5."""


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
        masks = [_linked(mask, rows, places) for mask in masks]
        moving = tuple(each.mask for each in masks)
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
    size = Size(width, height)
    if frame.turned and not file.turned and size == frame.size == frame.stored:
        raise BadImageError(
            f"{name}: its size does not tell whether it is turned as its image is, by its EXIF "
            "orientation; turn both upright, and remove the orientation from the image"
        )
    turned = _is_stored(size, frame, f"{name}: it")
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


def _linked(mask: ReadMask, rows: Sequence[Labelled], targets: Targets) -> ReadMask:
    """Return a mask of instances with what is certain of them; value i is object i.

    It is linked to the objects if the box of each is that of its pixels. A border of ignored pixels
    round them is part of them too: then their values are known, but not their extent.
    """
    pixels = mask.mask.pixels
    if not mask.shows_instances or pixels.ndim > 2 or targets.boxes is None:
        return mask
    numbers = np.array([-1 if row.is_part else row.number for row in rows])
    if numbers.max() > np.iinfo(pixels.dtype).max:
        return mask
    linked = Mask(pixels, mask.mask.fill, numbers)
    gaps = _gaps(linked, targets.boxes.edges, numbers)
    if gaps is None or gaps.min() < -NEAR or gaps.max() > BORDER:
        return mask
    return replace(mask, mask=linked if gaps.max() <= NEAR else mask.mask, numbered=True)


def _gaps(mask: Mask, edges: Floats, numbers: Wholes) -> Floats | None:
    """Return how far the pixels of each object are from the sides of its box; None if it has none.

    They are negative for pixels outside the box.
    """
    gaps = []
    for index in np.flatnonzero(numbers > 0).tolist():
        bounds = mask_bounds(mask, index)
        if bounds is None:
            return None
        gaps.append((np.array(bounds) - edges[index]) * [1, 1, -1, -1])
    return np.array(gaps)
