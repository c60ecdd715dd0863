"""Skeletons: the keypoints of each category, side by side in one array for an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from expand.layouts.labelled.coco.objects.shapes import Shape
from expand.targets import Points, flip_by_names


@dataclass(frozen=True)
class Skeleton:
    """The keypoints of a category: how many, their names, and which a mirror swaps."""

    count: int
    names: tuple[str, ...] = ()
    flip_idx: tuple[int, ...] | None = None
    """As `Points.flip_idx`."""


Skeletons = Mapping[str, Skeleton]
"""By the id of the category, as Python writes it."""


def find_skeletons(categories: Sequence[Mapping[str, Any]]) -> dict[str, Skeleton]:
    """Return the skeletons of categories; a key "flip_idx" says what names do not."""
    found = {}
    for category in categories:
        names = category.get("keypoints")
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
            flip_idx = category.get("flip_idx")
            if not _is_permutation(flip_idx, len(names)):
                flip_idx = (0,) if len(names) == 1 else flip_by_names(names)
            key = repr(category.get("id"))
            found[key] = Skeleton(len(names), tuple(names), flip_idx and tuple(flip_idx))
    return found


def _is_permutation(given: Any, count: int) -> bool:
    whole = isinstance(given, list) and all(type(each) is int for each in given)
    return whole and sorted(given) == list(range(count))


@dataclass(frozen=True)
class Columns:
    """Where the keypoints of each object are among those of all skeletons of an image."""

    skeletons: tuple[Skeleton, ...]
    """Each once."""
    of: tuple[Skeleton | None, ...]
    """That of each object."""

    @classmethod
    def find(cls, objects: Sequence[Shape], skeletons: Sequence[Skeletons]) -> Columns:
        """Return the columns of objects; `skeletons` are those of the file of each."""
        of: list[Skeleton | None] = []
        for shape, known in zip(objects, skeletons, strict=True):
            skeleton = None
            if count := len(shape.states):
                skeleton = known.get(repr(shape.given.get("category_id")))
                if skeleton is None or skeleton.count != count:
                    skeleton = Skeleton(count, flip_idx=(0,) if count == 1 else None)
            of.append(skeleton)
        return cls(tuple(dict.fromkeys(each for each in of if each)), tuple(of))

    def columns(self, index: int) -> slice:
        """Return the columns of an object."""
        begin = 0
        for skeleton in self.skeletons:
            if skeleton == self.of[index]:
                return slice(begin, begin + skeleton.count)
            begin += skeleton.count
        return slice(0, 0)

    def points(self, objects: Sequence[Shape]) -> Points | None:
        """Return the keypoints of objects; None if none of them is labelled."""
        if not any(shape.states.any() for shape in objects):
            return None
        total = sum(skeleton.count for skeleton in self.skeletons)
        places = np.zeros((len(objects), total, 2))
        states = np.zeros((len(objects), total), np.int64)
        for index, shape in enumerate(objects):
            places[index, self.columns(index)] = shape.points
            states[index, self.columns(index)] = shape.states
        return Points(places, states, self._names(), self._flip_idx())

    def _names(self) -> list[str]:
        named = all(skeleton.names for skeleton in self.skeletons)
        return [name for each in self.skeletons for name in each.names] if named else []

    def _flip_idx(self) -> list[int] | None:
        flip_idx: list[int] = []
        for skeleton in self.skeletons:
            if skeleton.flip_idx is None:
                return None
            flip_idx += [len(flip_idx) + each for each in skeleton.flip_idx]
        return flip_idx
