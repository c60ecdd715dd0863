"""Layers: many masks of an image as few label images, so that they are moved together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from expand.geometry import Size
from expand.images.pixels import Pixels
from expand.layouts.labelled.coco.objects.rle import Runs
from expand.targets import Mask
from expand.targets.rings import Wholes

MOST = 255
"""Masks in a layer: its values are uint8, and 0 is the background."""


def stack(masks: Sequence[Runs | None], size: Size) -> tuple[Mask, ...]:
    """Return the masks of N objects as layers, each with masks that do not overlap."""
    width, height = int(size.width), int(size.height)
    layers: list[tuple[Pixels, Wholes]] = []
    for index, runs in enumerate(masks):
        if runs is None or not len(runs.begins):
            continue
        pixels = runs.pixels()
        free = (
            layer for layer in layers if int(layer[1].max()) < MOST and not layer[0][pixels].any()
        )
        columns, objects = next(free, (None, None))
        if columns is None or objects is None:
            columns = np.zeros(width * height, np.uint8)
            objects = np.full(len(masks), -1)
            layers.append((columns, objects))
        objects[index] = max(int(objects.max()), 0) + 1
        columns[pixels] = objects[index]
    return tuple(
        Mask(np.ascontiguousarray(columns.reshape(width, height).T), objects=objects)
        for columns, objects in layers
    )


def unlinked(layers: Sequence[Mask]) -> tuple[Mask, ...]:
    """Return layers whose masks are not objects: no view drops any of them."""
    return tuple(Mask(layer.pixels) for layer in layers)


@dataclass(frozen=True)
class MovedLayer:
    """A layer in a view, as runs: those of each value are together."""

    values: Wholes
    """The value of each object in it; not positive if it is in another layer."""
    begins: Wholes
    lengths: Wholes
    first: list[int]
    """The first run of each value, 0 … 256."""
    height: int
    width: int

    @classmethod
    def of(cls, layer: Mask, moved: Mask) -> MovedLayer:
        """Return a moved layer; `layer` says which value each object has."""
        height, width = moved.pixels.shape[:2]
        columns = np.ascontiguousarray(moved.pixels.T).ravel()
        begins = np.flatnonzero(columns[1:] != columns[:-1]) + 1
        begins = np.concatenate([[0], begins])
        lengths = np.diff(begins, append=len(columns))
        values = columns[begins]
        order = np.argsort(values, kind="stable")
        first = np.searchsorted(values[order], np.arange(MOST + 2)).tolist()
        assert layer.objects is not None
        return cls(layer.objects, begins[order], lengths[order], first, height, width)


def runs_of(index: int, layers: Sequence[MovedLayer]) -> Runs | None:
    """Return the mask of object `index` in moved layers; None if it has none."""
    for layer in layers:
        if (value := int(layer.values[index])) > 0:
            own = slice(layer.first[value], layer.first[value + 1])
            return Runs(layer.begins[own], layer.lengths[own], layer.height, layer.width)
    return None
