"""Boxes, oriented boxes, polygons and masks: what labels say about areas of an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from expand.errors import ExpandError, shown
from expand.images.pixels import Pixels
from expand.targets.rings import Floats, Rings, Wholes


def coordinates(values: ArrayLike, what: str, shape: tuple[int, ...]) -> Floats:
    """Return coordinates as float64; refuse another shape (−1: any length) and non-numbers.

    An empty list is not an object.
    """
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise ExpandError(f"{what} must be numbers: {error}") from error
    if array.size == 0 and array.ndim == 1:
        array = array.reshape(0, *(max(side, 0) for side in shape[1:]))
    fits = array.ndim == len(shape) and all(
        want in (-1, have) for want, have in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = "×".join("N" if side < 0 else str(side) for side in shape)
        raise ExpandError(f"{what} must be {wanted} numbers, got {shown(array.shape)}")
    if not np.isfinite(array).all():
        raise ExpandError(f"{what} must be finite numbers")
    return array


@dataclass(frozen=True, eq=False)
class Boxes:
    """N boxes, N×4: left, top, right, bottom in pixels; the pixel in column i covers [i, i + 1)."""

    edges: Floats

    def __init__(self, edges: ArrayLike) -> None:
        array = coordinates(edges, "boxes", (-1, 4))
        if (array[:, 2:] < array[:, :2]).any():
            raise ExpandError("a box must be left, top, right, bottom; one ends before it begins")
        object.__setattr__(self, "edges", array)

    @classmethod
    def of(cls, edges: Floats) -> Boxes:
        """Return boxes whose edges are known to be right."""
        boxes = cls.__new__(cls)
        object.__setattr__(boxes, "edges", edges)
        return boxes

    def __len__(self) -> int:
        return len(self.edges)

    def corners(self) -> Floats:
        """Return the four corners of each box, N×4×2, round it from the left top one."""
        return self.edges[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]

    def take(self, objects: Wholes) -> Boxes:
        """Return the boxes of these objects."""
        return Boxes(self.edges[objects])


@dataclass(frozen=True, eq=False)
class OrientedBoxes:
    """The four corners of each of N oriented boxes, N×4×2: x and y in pixels, round the box.

    A carried one keeps the order of its corners. Parts of it may lie outside the view, where it is
    at an angle to the border. It is a parallelogram where a technique stretches one axis.
    """

    corners: Floats

    def __init__(self, corners: ArrayLike) -> None:
        object.__setattr__(self, "corners", coordinates(corners, "oriented boxes", (-1, 4, 2)))

    def __len__(self) -> int:
        return len(self.corners)

    def take(self, objects: Wholes) -> OrientedBoxes:
        """Return the oriented boxes of these objects."""
        return OrientedBoxes(self.corners[objects])


@dataclass(frozen=True, eq=False)
class Polygons:
    """The polygons of N objects: each has any number of parts, M×2 corners (x and y in pixels).

    An object that is cut in two has two parts. Parts are areas that belong to the object; a hole is
    no part (use a mask).
    """

    rings: Rings
    objects: Wholes
    """The object of each ring, ascending."""
    count: int

    def __init__(self, parts: Sequence[Sequence[ArrayLike]]) -> None:
        each = [[coordinates(ring, "a polygon", (-1, 2)) for ring in rings] for rings in parts]
        if not all(len(ring) for rings in each for ring in rings):
            raise ExpandError("a polygon must have corners")
        objects = np.repeat(np.arange(len(each)), [len(rings) for rings in each])
        self._set(Rings.of([ring for rings in each for ring in rings]), objects, len(each))

    def _set(self, rings: Rings, objects: Wholes, count: int) -> None:
        object.__setattr__(self, "rings", rings)
        object.__setattr__(self, "objects", objects.astype(np.int64, copy=False))
        object.__setattr__(self, "count", count)

    @classmethod
    def of(cls, rings: Rings, objects: Wholes, count: int) -> Polygons:
        """Return rings as the polygons of `count` objects; `objects` are those of the rings."""
        polygons = cls.__new__(cls)
        polygons._set(rings, objects, count)
        return polygons

    def __len__(self) -> int:
        return self.count

    def parts(self, index: int) -> list[Floats]:
        """Return the parts of one object."""
        return [self.rings.ring(ring) for ring in np.flatnonzero(self.objects == index).tolist()]

    def split(self, firsts: Wholes) -> list[Polygons]:
        """Return the polygons of the objects from each number in `firsts` up to the next."""
        places = np.searchsorted(self.objects, firsts).tolist()
        return [
            Polygons.of(self.rings.between(low, high), self.objects[low:high] - first, last - first)
            for (low, high), (first, last) in zip(
                pairwise(places), pairwise(firsts.tolist()), strict=True
            )
        ]

    def take(self, objects: Wholes) -> Polygons:
        """Return the polygons of these objects, which are ascending."""
        if len(objects) == self.count:
            return self
        place = np.searchsorted(objects, self.objects)
        found = place < len(objects)
        found[found] = objects[place[found]] == self.objects[found]
        chosen = np.flatnonzero(found)
        return Polygons.of(self.rings.take(chosen), place[chosen], len(objects))


@dataclass(frozen=True, eq=False)
class Mask:
    """An image of labels, H×W or H×W×C, uint8 or uint16: classes (semantic) or instances.

    `fill` is its value where a view has no pixels of the source: the background, or the index to
    ignore. `objects` (N) links a mask of instances to the objects: the value of each object in an
    H×W mask, or its channel of an H×W×C mask, where it is what is not 0; −1 if it has none.
    """

    pixels: Pixels
    fill: int = 0
    objects: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        pixels: object = self.pixels
        if (
            not isinstance(pixels, np.ndarray)
            or pixels.dtype not in (np.uint8, np.uint16)
            or pixels.ndim not in (2, 3)
            or not pixels.size
        ):
            kind = (
                f"{pixels.dtype}, {pixels.shape}"
                if isinstance(pixels, np.ndarray)
                else shown(pixels)
            )
            raise ExpandError(f"a mask is H×W or H×W×C, uint8 or uint16; got {kind}")
        if not 0 <= self.fill <= np.iinfo(pixels.dtype).max:
            raise ExpandError(f"the fill of a mask of {pixels.dtype} cannot be {shown(self.fill)}")
        if self.objects is not None:
            self._check_objects(np.asarray(self.objects, np.int64))

    def _check_objects(self, objects: NDArray[np.int64]) -> None:
        most = np.iinfo(self.pixels.dtype).max + 1
        if self.pixels.ndim == 3:
            most = self.pixels.shape[2]
        if objects.ndim != 1 or ((objects < -1) | (objects >= most)).any():
            raise ExpandError(f"the objects of a mask are N whole numbers, -1 … {most - 1}")
        object.__setattr__(self, "objects", objects)

    @cached_property
    def counts(self) -> Floats:
        """How many pixels each object has: the same for all views of an image."""
        return self.count()

    def count(self, among: NDArray[np.bool_] | None = None) -> Floats:
        """Return how many pixels each object has, of those `among` (H×W)."""
        objects = np.empty(0, np.int64) if self.objects is None else self.objects
        if self.pixels.ndim == 2:
            chosen = None if among is None else among.view(np.uint8)
            most = np.iinfo(self.pixels.dtype).max + 1
            counts = cv2.calcHist([self.pixels], [0], chosen, [most], [0, most]).ravel()
        else:
            found = self.pixels != 0
            counts = (found if among is None else found & among[..., None]).sum(axis=(0, 1))
        return np.where(objects < 0, 0, counts[objects]).astype(np.float64)

    def take(self, objects: Wholes) -> Mask:
        """Return the mask linked to these objects; its pixels stay what they are."""
        if self.objects is None:
            return self
        return Mask(self.pixels, self.fill, self.objects[objects])
