"""Windows: views that targets are moved into, many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from expand.geometry import Affine, Placement, Size
from expand.targets.rings import Floats, Rings, Wholes
from expand.targets.targets import Targets

VISIBLE = 0.1
"""Share of an object that must be visible."""


class Window(NamedTuple):
    """The targets of an image, and one of its views."""

    targets: Targets
    placement: Placement
    """The output-to-input map of the view, and its size."""
    hidden: Sequence[Floats] = ()
    """Convex areas of the view (each K×2, in its pixels) that are painted over."""
    visible: float = VISIBLE
    """The share of an object (0 … 1) below which the view does not show it."""


@dataclass(frozen=True)
class Windows:
    """V windows. Their objects are numbered, those of one window after those of the other."""

    each: Sequence[Window]

    @cached_property
    def counts(self) -> list[int]:
        """How many objects each window has."""
        return [len(window.targets) for window in self.each]

    @cached_property
    def firsts(self) -> Wholes:
        """The number of the first object of each window; and last, that of all objects."""
        return np.cumsum([0, *self.counts])

    @property
    def total(self) -> int:
        """The number of objects in all windows."""
        return int(self.firsts[-1])

    @cached_property
    def views(self) -> Wholes:
        """The window of each object."""
        return np.repeat(np.arange(len(self.each)), self.counts)

    @cached_property
    def sides(self) -> Floats:
        """Width and height of the view of each object, V·N×2."""
        return np.array([each.placement.size for each in self.each], np.float64)[self.views]

    @cached_property
    def visible(self) -> Floats:
        """The share below which each object is not shown."""
        return np.array([each.visible for each in self.each])[self.views]

    @cached_property
    def forwards(self) -> Affine:
        """The maps from input to output, in pixels, as arrays of V."""
        sources = np.array([each.placement.source for each in self.each], np.float64)
        return Affine(*sources.T).inverse()

    @cached_property
    def straight(self) -> NDArray[np.bool_]:
        """In which windows axes stay axes: no turn, or one by quarters."""
        a, b, _, d, e, _ = (np.asarray(part) for part in self.forwards)
        straight: NDArray[np.bool_] = ((b == 0) & (d == 0)) | ((a == 0) & (e == 0))
        return straight

    def sizes(self, owners: Wholes) -> Size:
        """Return the sizes of the views that objects lie in, as arrays."""
        return Size(*self.sides[owners].T)

    def move(self, rings: Rings, corners: Sequence[int]) -> Rings:
        """Return rings moved into their views; so many `corners` are those of each window."""
        maps = np.repeat(np.stack(self.forwards), corners, axis=1)
        return rings.moved(Affine(*maps))

    def move_quadrilaterals(self, corners: Floats, among: NDArray[np.bool_]) -> Rings:
        """Return four corners (…×4×2) of each object in some windows, moved there, as rings.

        `among` (V) tells these windows.
        """
        lengths = [4 * count * some for count, some in zip(self.counts, among, strict=True)]
        return self.move(Rings.quadrilaterals(corners), lengths)

    def owners(self, objects: Sequence[Wholes]) -> Wholes:
        """Return the numbers of some objects of each window."""
        firsts = self.firsts.tolist()
        return np.concatenate([own + first for own, first in zip(objects, firsts, strict=False)])

    def painted(self) -> Iterator[tuple[int, Floats]]:
        """Yield each area that is painted over, after the window that it is in."""
        for view, window in enumerate(self.each):
            for area in window.hidden:
                yield view, area
