"""What a parsed image writes: for each of its views, the patches of its annotations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from expand.errors import BadImageError, ExpandError
from expand.geometry import IDENTITY, Affine, Placement, Size
from expand.layouts.labelled.coco.annotation import stamp
from expand.layouts.labelled.coco.objects.drawn import Drawn
from expand.layouts.labelled.coco.objects.layers import MovedLayer, runs_of
from expand.layouts.labelled.coco.objects.panoptic import Segments, png_of_view
from expand.layouts.labelled.coco.objects.patches import patch
from expand.layouts.labelled.coco.objects.seen import Seen, View
from expand.layouts.labelled.coco.objects.shapes import Shape
from expand.layouts.labelled.dataset import LabelledView, ViewLabels
from expand.layouts.source import Source
from expand.targets import Carried, Mask, Targets, carry
from expand.targets.rings import Wholes

CUT = 1e-4
"""Share of an object outside the image that rounding explains."""


@dataclass(frozen=True)
class CocoImage:
    """The annotations of an image."""

    source: Source
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
    id_of: Callable[[int, str], Any]
    """Returns the id of a category by its name, in the file of an annotation at a place."""

    @property
    def classes(self) -> Sequence[str]:
        """The name of the category of each object of `targets`."""
        return [self.drawn.objects[index].category for index in self.kept.tolist()]

    @classmethod
    def place(
        cls,
        source: Source,
        shapes: Sequence[Shape],
        drawn: Drawn,
        upright: Affine,
        size: Size,
        id_of: Callable[[int, str], Any],
    ) -> CocoImage:
        """Return annotations of an image, upright, of this size, and clipped to it."""
        targets, turned = drawn.targets(), upright != IDENTITY
        kept: Wholes = np.arange(len(drawn.objects), dtype=np.int64)
        notes: dict[str, int] = {}
        if turned or _outside(targets, drawn.size):
            carried = _carry(targets, Placement(upright.inverse(), size))
            counts = {"clipped": _count_clipped(targets, carried), "outside": len(carried.dropped)}
            notes = {what: count for what, count in counts.items() if count}
            targets, kept = carried.targets, carried.kept
        return cls(source, targets, notes, tuple(shapes), drawn, kept, turned, upright, id_of)

    def write(self, view: LabelledView) -> ViewLabels:
        """Return a stamp and, for each annotation that the view has, its place and its patch.

        None for view 0, unless the image was turned upright. The files are those of panoptic
        annotations.
        """
        if view.k == 0 and not self.turned:
            return ViewLabels(tuple(each.original() for each in self.drawn.segments))
        patches: dict[int, dict[str, Any]] = {
            shape.place: {} for shape in self.shapes if not shape.located
        }
        for shape, seen in (*self._objects(view), *self._crowds(view)):
            patches[shape.place] = patch(shape, seen)
        if view.renames:
            self._rename(view, patches)
        files = []
        for segments, mask in self._segments(view):
            path = png_of_view(segments.path, self.source.id, view.name)
            file, patches[segments.place] = segments.moved(mask.pixels, path)
            files.append(file)
        listed = [[place, patches[place]] for place in sorted(patches)]
        return ViewLabels(tuple(files), [stamp(self.source.annotation), listed])

    def _rename(self, view: LabelledView, patches: Mapping[int, dict[str, Any]]) -> None:
        """Add the new categories of objects that a mirror makes another; raise BadImageError."""
        for shape in self.shapes:
            new = view.class_of(shape.category)
            if shape.place in patches and new != shape.category:
                patches[shape.place]["category_id"] = self.id_of(shape.place, new)

    def _segments(self, view: LabelledView) -> Iterator[tuple[Segments, Mask]]:
        """Yield the panoptic annotations with their colours in a view."""
        first = len(self.drawn.layers) + len(self.drawn.crowd_layers)
        yield from zip(self.drawn.segments, view.carried.targets.masks[first:], strict=True)

    def _objects(self, view: LabelledView) -> Iterator[tuple[Shape, Seen]]:
        """Yield the objects that a view shows."""
        drawn, carried, targets = self.drawn, view.carried, view.carried.targets
        forward = view.forward.after(self.upright)
        prepared = View.of(targets, carried.shares[carried.kept].tolist(), view.size, forward)
        layers = list(map(MovedLayer.of, drawn.layers, targets.masks))
        for place, index in enumerate(self.kept[carried.kept].tolist()):
            shape, runs = drawn.objects[index], runs_of(index, layers)
            if runs is None or runs.area:  # a mask of few pixels can fall between those of a view
                yield shape, prepared.seen(place, drawn.columns.columns(index), runs)

    def _crowds(self, view: LabelledView) -> Iterator[tuple[Shape, Seen]]:
        """Yield the crowds of which a view shows at least a pixel."""
        drawn, forward = self.drawn, view.forward.after(self.upright)
        masks = view.carried.targets.masks[len(drawn.layers) :]
        layers = list(map(MovedLayer.of, drawn.crowd_layers, masks))
        for index, shape in enumerate(drawn.crowds):
            runs = runs_of(index, layers)
            if runs and runs.area:
                edges = runs.bounds().tolist()
                yield shape, Seen(view.size, forward, edges, 1.0, runs=runs)


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
