"""Assign units to parts: whole, evenly over the classes, and with little change when images come.

A unit is what no split divides: an image, or a group of them. Images of their own are ordered by a
keyed hash in each class; the first part takes the first of them, and so on. So each class is
divided exactly, and one image more moves at most one other at each boundary between two parts.
What is rounded up differs from class to class by a hash too, and evens out over the classes.

Groups come first, large ones before small ones, as in scikit-learn's StratifiedGroupKFold. A group
takes the part that its hash points at if that has room for it, and otherwise the part where its
classes lack most; so most groups stay where they are when others come or grow.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from expand.errors import ExpandError
from expand.splitting.parts import Part, apportion
from expand.views.keys import draw, unit


class Unit(NamedTuple):
    """Images that stay together: a key, and how many there are of each class."""

    key: str
    counts: tuple[tuple[str, int], ...]

    @property
    def size(self) -> int:
        """The number of images."""
        return sum(count for _, count in self.counts)


def assign(
    units: Sequence[Unit], parts: Sequence[Part], seed: int, *, every: bool = True
) -> bytearray:
    """Return the index of the part of each unit.

    Every part gets units of every class; raise ExpandError for a class with fewer units than parts.
    Without `every`, such a class has units in the first part, and the others may lack it.
    """
    rooms = _Rooms(units, parts, seed)
    if every:
        rooms.check()
    ranks = [draw(seed, "parts", each.key, 0, 1)[0] for each in units]
    # sizes by powers of two: a group that grows by an image keeps its place in the order
    groups = sorted(
        (number for number, each in enumerate(units) if each.size > 1),
        key=lambda number: (-units[number].size.bit_length(), ranks[number], number),
    )
    result = bytearray(len(units))
    for number in groups:
        result[number] = rooms.place(units[number], unit(ranks[number]))
    for label, members in _singles(units).items():
        members.sort(key=lambda number: (ranks[number], number))
        ends = list(accumulate(rooms.lengths(label, len(members))))
        for place, number in enumerate(members):
            result[number] = bisect_right(ends, place)
    if every:
        _check_filled(result, parts)
    return result


class _Rooms:
    """How many images of each class each part still gets."""

    def __init__(self, units: Sequence[Unit], parts: Sequence[Part], seed: int) -> None:
        self.parts, self.shares = parts, [part.share for part in parts]
        self.ends = list(accumulate(self.shares))
        self.images, self.left = Counter[str](), Counter[str]()
        for each in units:
            for label, count in each.counts:
                self.images[label] += count
                self.left[label] += 1
        self.offsets = {
            label: [1 - unit(each) for each in draw(seed, "rounding", label, 0, len(parts))]
            for label in self.images
        }
        self.lacking = {
            label: set(range(len(parts) if count >= len(parts) else 1))
            for label, count in self.left.items()
        }
        """The parts that are to have a unit of a class, and have none yet."""
        self.room = {
            label: apportion(count, self.shares, self._least(label), self.offsets[label])
            for label, count in self.images.items()
        }

    def check(self) -> None:
        """Refuse classes that cannot be in every part."""
        few = sorted(label for label, count in self.left.items() if count < len(self.parts))
        if few:
            raise ExpandError(_describe_few(few, self.left, self.images, self.parts))

    def place(self, each: Unit, point: float) -> int:
        """Choose a part for a unit; its hash points at one at `point` of all shares, 0 … 1."""
        allowed = self._allowed(each)
        part = min(bisect_right(self.ends, point), len(self.ends) - 1)
        if part not in allowed or not self._fits(each, part):
            part = min(sorted(allowed), key=lambda other: self._cost(each, other))
        for label, count in each.counts:
            self.room[label][part] -= count
            self.lacking[label].discard(part)
            self.left[label] -= 1
        return part

    def lengths(self, label: str, count: int) -> list[int]:
        """Divide the images of a class that are units of their own, by the room that is left."""
        room = self.room[label]
        if min(room) >= 0:
            return room
        free = [max(0, each) for each in room]
        return apportion(count, free, self._least(label), self.offsets[label])

    def _least(self, label: str) -> list[int]:
        return [int(part in self.lacking[label]) for part in range(len(self.parts))]

    def _allowed(self, each: Unit) -> Iterable[int]:
        """Return the parts for a unit: those that lack a class with no units to spare."""
        needed = [
            self.lacking[label]
            for label, _ in each.counts
            if self.left[label] <= len(self.lacking[label])
        ]
        return set().union(*needed) or range(len(self.shares))

    def _fits(self, each: Unit, part: int) -> bool:
        return all(self.room[label][part] >= count for label, count in each.counts)

    def _cost(self, each: Unit, part: int) -> float:
        """Return how much further the shares of the classes are from those asked: chi-squared."""
        share = self.shares[part]
        return sum(
            count * (count - 2 * self.room[label][part]) / (share * self.images[label])
            for label, count in each.counts
        )


def _singles(units: Sequence[Unit]) -> dict[str, list[int]]:
    """Return the units that are one image, by class."""
    singles: dict[str, list[int]] = defaultdict(list)
    for number, each in enumerate(units):
        if each.size == 1:
            singles[each.counts[0][0]].append(number)
    return singles


def _describe_few(
    few: Sequence[str], units: Counter[str], images: Counter[str], parts: Sequence[Part]
) -> str:
    """Say which classes have fewer units than there are parts."""
    label, names = few[0], ", ".join(part.name for part in parts)
    has = "1 image" if images[label] == 1 else f"{images[label]:,} images"
    if units[label] < images[label]:
        has += " in 1 group" if units[label] == 1 else f" in {units[label]:,} groups"
    more = f" (and {len(few) - 1:,} more)" if few[1:] else ""
    what = f'class "{label}"{more}' if label else "the folder"
    return (
        f"{what} has {has}, too few for {len(parts)} parts ({names}): each part needs one. "
        "Ask for fewer --parts, or leave the class out"
    )


def _check_filled(result: bytearray, parts: Sequence[Part]) -> None:
    empty = [part.name for number, part in enumerate(parts) if number not in result]
    if empty:
        raise ExpandError(
            f'no group is left for part "{empty[0]}": the groups hold too many classes each; ask '
            "for fewer --parts"
        )
