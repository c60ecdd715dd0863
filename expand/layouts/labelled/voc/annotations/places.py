"""The elements of an XML file that tell a place: read, and written again when they move.

Internal coordinates are pixels with fractions: the pixel in column i covers [i, i + 1).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from expand.errors import BadImageError
from expand.geometry import Size
from expand.layouts.labelled.voc.annotations.document import Document, Patch
from expand.layouts.labelled.voc.annotations.elements import Element
from expand.layouts.labelled.voc.annotations.numbers import (
    ROUNDING,
    SAME,
    centre_of,
    decimals_of,
    is_same,
    pixel_at,
    read_number,
    written,
)
from expand.targets.rings import Floats

SIDES = ("xmin", "ymin", "xmax", "ymax")
ORIENTED = ("cx", "cy", "w", "h", "angle")
CORNERS = tuple(
    f"{axis}_{corner}"
    for corner in ("left_top", "right_top", "right_bottom", "left_bottom")
    for axis in "xy"
)
ANGLE_DECIMALS = 6
"""Those that roLabelImg writes."""
LENGTH_DECIMALS = 4


def leaves_of(element: Element, tags: Sequence[str], name: str, what: str) -> list[Element]:
    """Return the elements of these names in another one, each of which must be there."""
    found = [element.find(tag) for tag in tags]
    for tag, leaf in zip(tags, found, strict=True):
        if leaf is None:
            raise BadImageError(
                f'"{name}", line {element.line}: the {element.tag} of {what} has no {tag}'
            )
    return [leaf for leaf in found if leaf]


@dataclass(frozen=True)
class Box:
    """A `bndbox`: xmin, ymin, xmax and ymax are its first and last pixels, counted from 1."""

    leaves: tuple[Element, ...]
    edges: tuple[float, float, float, float]
    """Left, top, right and bottom."""

    @classmethod
    def read(cls, element: Element, name: str, what: str) -> Box:
        """Read a box; raise BadImageError for one that is none."""
        leaves = leaves_of(element, SIDES, name, what)
        left, top, right, bottom = (read_number(leaf, name) for leaf in leaves)
        for low, high, axis in ((left, right, "x"), (top, bottom, "y")):
            if low > high:
                raise BadImageError(
                    f'"{name}", line {element.line}: {axis}min of {what} is {low:g}, more than '
                    f"its {axis}max, {high:g}"
                )
        left, top = _first(left), _first(top)
        return cls(tuple(leaves), (left, top, max(right, left), max(bottom, top)))

    @cached_property
    def decimals(self) -> int:
        """The most decimals that any of its sides has."""
        return decimals_of(*self.leaves)

    def moved(self, document: Document, edges: Sequence[float]) -> list[Patch]:
        """Return what moves it; edges go outwards to whole numbers, or as many decimals as it has.

        So it never cuts its object. An edge that did not move keeps its text.
        """
        patches, decimals = list[Patch](), self.decimals
        for low, high in ((0, 2), (1, 3)):
            begin, end = edges[low], edges[high]
            begins, ends = is_same(self.edges[low], begin), is_same(self.edges[high], end)
            if begins and ends:
                continue
            narrow = end - begin < 1  # then its two edges depend on each other
            first, last = _outwards(begin, end, decimals)
            if narrow or not begins:
                patches.append(document.set_number(self.leaves[low], written(first, decimals)))
            if narrow or not ends:
                patches.append(document.set_number(self.leaves[high], written(last, decimals)))
        return patches


def _outwards(low: float, high: float, decimals: int) -> tuple[float, float]:
    """Return the first and the last pixel, counted from 1, of what lies between two edges.

    What is nearly a number with so many decimals is that number.
    """
    step = 10.0**decimals
    first = math.floor(round(low * step, ROUNDING)) / step
    end = math.ceil(round(high * step, ROUNDING)) / step
    if end - first < 1:  # nothing is narrower than a pixel
        first = max(0.0, end - 1)
        end = first + 1
    return first + 1, end


def _first(pixel: float) -> float:
    """Return where a pixel begins that is counted from 1; one counted from 0 begins at 0, too."""
    return pixel - 1 if not 0 <= pixel < 1 else 0.0


@dataclass(frozen=True, eq=False)
class OrientedBox:
    """A `robndbox` of roLabelImg: centre, width, height, and the angle of its width in radians.

    Angles are clockwise, and centres are pixels with fractions. DIOR-R has four corners instead.
    """

    leaves: tuple[Element, ...]
    corners: Floats

    @classmethod
    def read(cls, element: Element, name: str, what: str) -> OrientedBox:
        """Read an oriented box; raise BadImageError for one that is none."""
        if element.find(CORNERS[0]):
            leaves = leaves_of(element, CORNERS, name, what)
            places = [read_number(leaf, name) for leaf in leaves]
            return cls(tuple(leaves), np.array(places).reshape(4, 2))
        leaves = leaves_of(element, ORIENTED, name, what)
        x, y, width, height, angle = (read_number(leaf, name) for leaf in leaves)
        if width <= 0 or height <= 0:
            raise BadImageError(
                f'"{name}", line {element.line}: the robndbox of {what} has no width or no height'
            )
        across = np.array([math.cos(angle), math.sin(angle)]) * width / 2
        down = np.array([-math.sin(angle), math.cos(angle)]) * height / 2
        corners = np.array([-across - down, across - down, across + down, down - across])
        return cls(tuple(leaves), corners + np.array([x, y]))

    def moved(self, document: Document, corners: Floats) -> Iterator[Patch]:
        """Yield what moves it to the box around four corners, parallel to the first two."""
        if np.abs(corners - self.corners).max() < SAME:
            return
        if len(self.leaves) == len(CORNERS):
            decimals = decimals_of(*self.leaves)
            for leaf, value in zip(self.leaves, corners.ravel().tolist(), strict=True):
                yield document.set_number(leaf, written(value, decimals))
            return
        side = corners[1] - corners[0]
        angle = math.atan2(side[1], side[0]) % math.pi
        axes = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        along = corners @ axes.T
        low, high = along.min(axis=0), along.max(axis=0)
        centre, lengths = (low + high) / 2 @ axes, high - low
        values = [*centre.tolist(), *lengths.tolist(), angle]
        for leaf, value in zip(self.leaves, values, strict=True):
            decimals = ANGLE_DECIMALS if leaf is self.leaves[-1] else LENGTH_DECIMALS
            yield document.set_number(leaf, written(value, decimals))


@dataclass(frozen=True)
class Place:
    """A `point`: the pixel in column x and row y, counted from 1."""

    element: Element
    leaves: tuple[Element, ...]
    place: tuple[float, float]

    @classmethod
    def read(cls, element: Element, name: str, what: str) -> Place:
        """Read a point; raise BadImageError for one that is none."""
        leaves = leaves_of(element, ("x", "y"), name, what)
        x, y = (read_number(leaf, name) for leaf in leaves)
        return cls(element, tuple(leaves), (centre_of(x), centre_of(y)))

    def moved(self, document: Document, place: Floats, size: Size) -> Iterator[Patch]:
        """Yield what moves it in a view of a size."""
        decimals = decimals_of(*self.leaves)
        for leaf, old, new, side in zip(self.leaves, self.place, place.tolist(), size, strict=True):
            if not is_same(old, new):
                value = pixel_at(new, decimals, float(side))
                yield document.set_number(leaf, written(value, decimals))
