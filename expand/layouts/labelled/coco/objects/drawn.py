"""The annotations of an image as targets, in the frame in which they were drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from expand.geometry import Size
from expand.layouts.labelled.coco.objects.layers import stack, unlinked
from expand.layouts.labelled.coco.objects.panoptic import Segments
from expand.layouts.labelled.coco.objects.shapes import Shape
from expand.layouts.labelled.coco.objects.skeletons import Columns, Skeletons
from expand.targets import Boxes, Mask, Polygons, Targets
from expand.targets.rings import Rings


@dataclass(frozen=True)
class Drawn:
    """The annotations that say where something is."""

    objects: tuple[Shape, ...]
    """Those that say where an object is, without crowds that have a mask."""
    crowds: tuple[Shape, ...]
    columns: Columns
    """The keypoints of the objects."""
    size: Size
    layers: tuple[Mask, ...]
    """The masks of the objects, and of the crowds."""
    crowd_layers: tuple[Mask, ...]
    segments: tuple[Segments, ...] = ()
    """The panoptic annotations."""

    @classmethod
    def of(
        cls,
        shapes: Sequence[Shape],
        skeletons: Sequence[Skeletons],
        size: Size,
        segments: Sequence[Segments] = (),
    ) -> Drawn:
        """Sort annotations of an image of this size; each has the skeletons of its file."""
        crowds = tuple(shape for shape in shapes if shape.crowd)
        objects = tuple(shape for shape in shapes if shape.located and not shape.crowd)
        known = [skeletons[shape.place] for shape in objects]
        return cls(
            objects,
            crowds,
            Columns.find(objects, known),
            size,
            stack([shape.runs for shape in objects], size),
            stack([shape.runs for shape in crowds], size),
            tuple(segments),
        )

    def targets(self) -> Targets:
        """Return them as targets; crowds and segments are masks that no view drops."""
        panoptic = (each.mask for each in self.segments)
        masks = (*self.layers, *unlinked(self.crowd_layers), *panoptic)
        if not self.objects:
            return Targets(masks=masks)
        return Targets(
            Boxes(np.array([shape.bounds() for shape in self.objects])),
            polygons=self._polygons(),
            points=self.columns.points(self.objects),
            masks=masks,
        )

    def _polygons(self) -> Polygons | None:
        """Return the polygons of the objects, whose numbers are checked; None if none has any."""
        rings = [part for shape in self.objects for part in shape.parts]
        if not rings:
            return None
        counts = [len(shape.parts) for shape in self.objects]
        owners = np.repeat(np.arange(len(counts)), counts)
        return Polygons.of(Rings.of(rings), owners, len(counts))
