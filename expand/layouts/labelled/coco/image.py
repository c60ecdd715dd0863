"""The annotations of one image, patched for each of its views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from expand.errors import BadImageError, ExpandError
from expand.geometry import IDENTITY, Affine, Placement, Size
from expand.layouts.labelled.coco.objects.drawn import Drawn
from expand.layouts.labelled.coco.objects.layers import bits_of
from expand.layouts.labelled.coco.objects.patches import Moved, patch
from expand.layouts.labelled.coco.objects.shapes import Shape, bounds_of
from expand.layouts.labelled.dataset import LabelledView, ViewLabels
from expand.targets import Carried, Targets, carry
from expand.targets.rings import Wholes

CUT = 1e-4
"""Share of an object outside the image that rounding explains."""


@dataclass(frozen=True)
class CocoImage:
    """The annotations of an image."""

    targets: Targets
    notes: Mapping[str, int]
    shapes: tuple[Shape, ...]
    """All annotations."""
    drawn: Drawn
    kept: Wholes
    """The objects that are in `targets`, by their places in `drawn.objects`."""
    turned: bool
    """Whether they were drawn on the stored pixels."""
    upright: Affine
    """From the frame in which they were drawn to the upright image."""

    @property
    def classes(self) -> Sequence[str]:
        """The name of the category of each object of `targets`."""
        return [self.drawn.objects[index].category for index in self.kept.tolist()]

    @classmethod
    def place(cls, shapes: Sequence[Shape], drawn: Drawn, upright: Affine, size: Size) -> CocoImage:
        """Return annotations in the upright image of this size, clipped to it."""
        targets, turned = drawn.targets(), upright != IDENTITY
        kept: Wholes = np.arange(len(drawn.objects), dtype=np.int64)
        notes: dict[str, int] = {}
        if turned or _outside(targets, drawn.size):
            carried = _carry(targets, Placement(upright.inverse(), size))
            counts = {"clipped": _count_clipped(targets, carried), "outside": len(carried.dropped)}
            notes = {what: count for what, count in counts.items() if count}
            targets, kept = carried.targets, carried.kept
        return cls(targets, notes, tuple(shapes), drawn, kept, turned, upright)

    def write(self, view: LabelledView) -> ViewLabels:
        """Return, for each annotation that the view has, its place and its patch.

        None for view 0, unless the image was turned upright.
        """
        if view.k == 0 and not self.turned:
            return ViewLabels()
        patches: dict[int, dict[str, Any]] = {
            shape.place: {} for shape in self.shapes if not shape.located
        }
        for shape, moved in (*self._objects(view), *self._crowds(view)):
            patches[shape.place] = patch(shape, moved)
        return ViewLabels(annotation=[[place, patches[place]] for place in sorted(patches)])

    def _objects(self, view: LabelledView) -> Iterator[tuple[Shape, Moved]]:
        """Yield the objects that a view shows."""
        moved, drawn = view.carried.targets, self.drawn
        masks = moved.masks[: len(drawn.layers)]
        assert moved.boxes or not len(moved)
        for place, row in enumerate(view.carried.kept.tolist()):
            index = int(self.kept[row])
            shape, columns = drawn.objects[index], drawn.columns.columns(index)
            bits = bits_of(index, drawn.layers, masks)
            if shape.bits is not None and shape.bits.any() and not (bits is None or bits.any()):
                continue  # a mask of few pixels can fall between those of the view
            assert moved.boxes
            points, states = np.zeros_like(shape.points), np.zeros_like(shape.states)
            if moved.points:
                points = moved.points.places[place, columns]
                states = moved.points.visibility[place, columns]
            yield (
                shape,
                Moved(
                    view.size,
                    view.forward.after(self.upright),
                    moved.boxes.edges[place],
                    moved.polygons.parts(place) if moved.polygons else (),
                    bits,
                    points,
                    states,
                    float(view.carried.shares[row]),
                ),
            )

    def _crowds(self, view: LabelledView) -> Iterator[tuple[Shape, Moved]]:
        """Yield the crowds of which a view shows at least a pixel."""
        drawn = self.drawn
        masks = view.carried.targets.masks[len(drawn.layers) :]
        for index, shape in enumerate(drawn.crowds):
            bits = bits_of(index, drawn.crowd_layers, masks)
            if bits is not None and bits.any():
                forward = view.forward.after(self.upright)
                box = bounds_of(bits)
                none = np.zeros_like(shape.points), np.zeros_like(shape.states)
                yield shape, Moved(view.size, forward, box, (), bits, *none, 1.0)


def _carry(targets: Targets, placement: Placement) -> Carried:
    try:
        return carry(targets, placement, visible=0)
    except BadImageError:
        raise
    except ExpandError as error:  # keypoints that a mirror cannot swap
        raise BadImageError(f"cannot be turned upright: {error}") from error


def _outside(targets: Targets, size: Size) -> bool:
    """Tell whether some objects are partly outside the image."""
    sides = np.array([size.width, size.height], np.float64)
    places = [] if targets.boxes is None else [targets.boxes.edges.reshape(-1, 2)]
    if targets.polygons:
        places.append(targets.polygons.rings.corners)
    if targets.points:
        places.append(targets.points.places.reshape(-1, 2))
    return any(((each < 0) | (each > sides)).any() for each in places)


def _count_clipped(targets: Targets, carried: Carried) -> int:
    """Return how many objects lost something at the border of the image."""
    clipped = carried.cut[carried.kept] & (carried.shares[carried.kept] < 1 - CUT)
    if targets.points and carried.targets.points:
        before = (targets.points.visibility[carried.kept] > 0).sum(axis=1)
        clipped |= (carried.targets.points.visibility > 0).sum(axis=1) < before
    return int(clipped.sum())
