"""Polygons of an annotation: corners in one of three spellings, and how to write moved ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from expand.errors import BadImageError
from expand.geometry import Size
from expand.layouts.labelled.voc.annotations.document import Document, Patch
from expand.layouts.labelled.voc.annotations.elements import Element
from expand.layouts.labelled.voc.annotations.numbers import (
    centre_of,
    decimals_of,
    is_same,
    pixel_at,
    read_number,
    written,
)
from expand.targets.rings import Floats

CORNER = re.compile(r"([xy])(\d{0,6})")


@dataclass(frozen=True, eq=False)
class Corners:
    """A `polygon`; its corners are pixels in column x and row y, counted from 1.

    They are elements x1, y1, x2, y2 and so on (Roboflow, supervision), x and y by turns, or x and y
    in an element of their own (LabelMe).
    """

    element: Element
    units: tuple[Element, ...]
    """The elements that hold x and y of a corner; empty if there are none."""
    leaves: tuple[tuple[Element, Element], ...]
    """x and y of each corner."""
    corners: Floats

    @classmethod
    def read(cls, element: Element, name: str, what: str) -> Corners:
        """Read a polygon; raise BadImageError for one that is none."""
        units = tuple(each for each in element.children if each.find("x") and each.find("y"))
        leaves = [(unit.all("x")[0], unit.all("y")[0]) for unit in units] or _pairs(element)
        if not leaves:
            raise BadImageError(
                f'"{name}", line {element.line}: the {element.tag} of {what} has no corners, or '
                "one without x or y"
            )
        corners = [[centre_of(read_number(leaf, name)) for leaf in pair] for pair in leaves]
        return cls(element, units, tuple(leaves), np.array(corners, np.float64))

    def moved(self, document: Document, rings: Sequence[Floats], size: Size) -> Iterator[Patch]:
        """Yield what makes it the given polygons, in a view of a size.

        A corner that did not move keeps its text.
        """
        if len(rings) == 1 and len(rings[0]) == len(self.corners):
            yield from self._shifted(document, rings[0], size)
        elif rings:
            space = document.space_before(self.element)
            texts = [self._rewritten(document, ring, size) for ring in rings]
            yield self.element.begin, document.end(self.element), space.join(texts)
        else:
            yield document.remove(self.element)

    def _shifted(self, document: Document, corners: Floats, size: Size) -> Iterator[Patch]:
        texts = self._texts(corners, size)
        for pair, before, after, new in zip(
            self.leaves, self.corners.tolist(), corners.tolist(), texts, strict=True
        ):
            for axis in (0, 1):
                if not is_same(before[axis], after[axis]):
                    yield document.set_number(pair[axis], new[axis])

    def _texts(self, corners: Floats, size: Size) -> list[tuple[str, str]]:
        """Return x and y of corners, with as many decimals as the polygon has."""
        decimals = decimals_of(*(leaf for pair in self.leaves for leaf in pair))
        width, height = float(size.width), float(size.height)
        return [
            (
                written(pixel_at(x, decimals, width), decimals),
                written(pixel_at(y, decimals, height), decimals),
            )
            for x, y in corners.tolist()
        ]

    def _rewritten(self, document: Document, corners: Floats, size: Size) -> bytes:
        """Return the element with other corners, each spelled as its first one is."""
        units = self.units or [leaf for pair in self.leaves for leaf in pair]
        first, last = min(each.begin for each in units), max(map(document.end, units))
        space = document.space_before(units[0])
        texts = [
            self._spelled(document, number, space, values)
            for number, values in enumerate(self._texts(corners, size), 1)
        ]
        before = document.part(self.element.begin, first)
        return before + space.join(texts) + document.part(last, document.end(self.element))

    def _spelled(
        self, document: Document, number: int, space: bytes, values: Sequence[str]
    ) -> bytes:
        if self.units:
            patches = map(document.set_number, self.leaves[0], values)
            return document.part(self.units[0].begin, document.end(self.units[0]), patches)
        numbered = len(self.leaves[0][0].tag) > 1
        tags = [f"{axis}{number if numbered else ''}" for axis in "xy"]
        return space.join(
            f"<{tag}>{value}</{tag}>".encode() for tag, value in zip(tags, values, strict=True)
        )


def _pairs(element: Element) -> list[tuple[Element, Element]]:
    """Return x and y of each corner, by their numbers or else in order; [] if one is missing."""
    axes: dict[str, dict[int, Element]] = {"x": {}, "y": {}}
    for leaf in element.children:
        if match := CORNER.fullmatch(leaf.tag):
            found = axes[match[1]]
            found[int(match[2]) if match[2] else len(found)] = leaf
    if axes["x"].keys() != axes["y"].keys():
        return []
    return [(axes["x"][number], axes["y"][number]) for number in sorted(axes["x"])]
