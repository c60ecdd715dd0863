"""Points: keypoints of objects, and how a mirror swaps them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from expand.errors import ExpandError, shown
from expand.geometry import Affine, Size
from expand.targets.clip import TOLERANCE
from expand.targets.rings import Floats, move_points
from expand.targets.values import coordinates

ABSENT, HIDDEN, VISIBLE = 0, 1, 2
"""COCO's states of a keypoint: not labelled, labelled but not visible, visible."""
SIDES = {"left": "right", "right": "left"}


@dataclass(frozen=True, eq=False)
class Points:
    """K points of each of N objects.

    `places` is N×K×2: x and y in pixels, where the pixel in column i covers [i, i + 1).
    `visibility` is N×K: 0 not labelled (its place is 0, 0), 1 labelled but hidden, 2 visible, as in
    COCO; all are visible if it is left out. `names` are K names. `flip_idx` is a permutation of
    0 … K − 1, as in a YOLO pose dataset: a mirrored object has its point i where point
    `flip_idx[i]` of the object is. If it is left out and `names` have pairs of left and right, it
    swaps these. Without either, more than one point an object cannot be mirrored.
    """

    places: Floats
    visibility: NDArray[np.int64]
    names: tuple[str, ...]
    flip_idx: tuple[int, ...] | None

    def __init__(
        self,
        places: ArrayLike,
        visibility: ArrayLike | None = None,
        names: Sequence[str] = (),
        flip_idx: Sequence[int] | None = None,
    ) -> None:
        array = coordinates(places, "points", (-1, -1, 2))
        count = array.shape[1]
        states = np.full(array.shape[:2], VISIBLE) if visibility is None else np.asarray(visibility)
        if states.shape != array.shape[:2] or not np.isin(states, (ABSENT, HIDDEN, VISIBLE)).all():
            raise ExpandError("the visibility of points is N×K whole numbers: 0, 1 or 2")
        if names and len(names) != count:
            raise ExpandError(f"{count} points an object have {len(names)} names")
        if flip_idx is None:
            flip_idx = (0,) if count == 1 else flip_by_names(names)
        elif sorted(flip_idx) != list(range(count)):
            raise ExpandError(
                f"flip_idx must be a permutation of 0 … {count - 1}, got {shown(list(flip_idx))}"
            )
        states = states.astype(np.int64)
        self._set(np.where(states[..., None] == ABSENT, 0.0, array), states, names, flip_idx)

    def _set(
        self,
        places: Floats,
        visibility: NDArray[np.int64],
        names: Sequence[str],
        flip_idx: Sequence[int] | None,
    ) -> None:
        object.__setattr__(self, "places", places)
        object.__setattr__(self, "visibility", visibility)
        object.__setattr__(self, "names", tuple(names))
        object.__setattr__(self, "flip_idx", None if flip_idx is None else tuple(flip_idx))

    def __len__(self) -> int:
        return len(self.places)

    def take(self, objects: NDArray[np.int64]) -> Points:
        """Return the points of these objects."""
        return self._with(self.places[objects], self.visibility[objects])

    def moved(self, forward: Affine, size: Size) -> Points:
        """Return the points in a view of `size`; those outside are not labelled any more.

        A map that mirrors swaps them by `flip_idx`.
        """
        mirrored = forward.determinant < 0
        swap = self._mirrored() if mirrored else list(range(self.places.shape[1]))
        places = move_points(self.places, forward)[:, swap]
        sides = np.array([size.width, size.height], np.float64)
        inside = ((places >= -TOLERANCE) & (places <= sides + TOLERANCE)).all(axis=-1)
        states = np.where(inside, self.visibility[:, swap], ABSENT)
        return self._with(np.where(states[..., None] == ABSENT, 0.0, places.clip(0, sides)), states)

    def behind(self, covered: NDArray[np.bool_]) -> Points:
        """Return the points with those that are `covered` (N×K) hidden."""
        states = np.where(covered & (self.visibility == VISIBLE), HIDDEN, self.visibility)
        return self._with(self.places, states)

    def check_mirror(self) -> None:
        """Raise `ExpandError` if they cannot be mirrored."""
        if self.flip_idx is None:
            raise ExpandError(
                f"{self.places.shape[1]} points an object cannot be mirrored without flip_idx, "
                "which says what is left and what is right: give it (YOLO: flip_idx in data.yaml; "
                "COCO: keypoint names with left_ and right_), or use a recipe without flip"
            )

    def _mirrored(self) -> list[int]:
        self.check_mirror()
        return list(self.flip_idx or ())

    def _with(self, places: Floats, visibility: NDArray[np.int64]) -> Points:
        points = object.__new__(Points)
        points._set(places, visibility, self.names, self.flip_idx)
        return points


def flip_by_names(names: Sequence[str]) -> tuple[int, ...] | None:
    """Return the permutation that swaps left and right in names (left_eye, right_eye).

    None if no name has a side, or one has no partner.
    """
    others = [re.sub("left|right", _other_side, name, flags=re.IGNORECASE) for name in names]
    if list(names) == others or not set(others) <= set(names) or len(set(names)) < len(names):
        return None
    return tuple(list(names).index(other) for other in others)


def _other_side(match: re.Match[str]) -> str:
    side = match[0]
    other = SIDES[side.lower()]
    return other.upper() if side.isupper() else other.title() if side[0].isupper() else other
