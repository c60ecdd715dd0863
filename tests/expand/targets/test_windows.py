"""Targets of several images, moved into several views at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from expand.geometry import IDENTITY, Placement, Size
from expand.targets import Boxes, Carried, OrientedBoxes, Points, Polygons, Targets
from expand.targets.carry import carry_all
from expand.targets.windows import Window
from tests.expand.targets.scenes import placements, star

SIZE = Size(100.0, 80.0)
HIDDEN = np.array([[20.0, 10], [60, 10], [60, 50], [20, 50]])


def targets(random: np.random.Generator, kinds: str) -> Targets:
    """Return drawn targets of up to four objects."""
    count = int(random.integers(0, 5))
    centres = random.uniform(5, 75, (count, 2))
    half = random.uniform(0, 20, (count, 2))
    parts: dict[str, Any] = {}
    if "boxes" in kinds:
        edges = np.concatenate([centres - half, centres + half], axis=1)
        parts["boxes"] = Boxes(edges.clip(0, [100, 80, 100, 80]))
    if "oriented" in kinds:
        rings = [star(x, y, 15, 4) for x, y in centres.tolist()]
        parts["oriented"] = OrientedBoxes(np.reshape(rings, (-1, 4, 2)))
    if "polygons" in kinds:
        parts["polygons"] = Polygons(
            [
                [star(x, y, 5 + 20 * part, 8).clip(0, 80) for part in (0, 1)]
                for x, y in centres.tolist()
            ]
        )
    if "points" in kinds:
        parts["points"] = Points(random.uniform(0, 80, (count, 3, 2)), flip_idx=[0, 2, 1])
    return Targets(**parts)


def windows(seed: int, kinds: str) -> Iterator[Window]:
    """Yield views of three images: view 0 and those of two recipes."""
    random = np.random.default_rng(seed)
    for _ in range(3):
        drawn = targets(random, kinds)
        yield Window(drawn, Placement(IDENTITY, SIZE), visible=0)
        for name in ("rotate", "crop", "rotate90"):
            for placement in placements(name, 80, 100, 2):
                yield Window(drawn, placement, [HIDDEN] * int(random.integers(0, 2)), 0.3)


def arrays(carried: Carried) -> list[Any]:
    """Return all that a view says of its targets, as lists and bytes."""
    found, polygons, points = carried.targets, carried.targets.polygons, carried.targets.points
    values = [carried.kept, carried.shares, carried.cut]
    values += [found.boxes.edges] if found.boxes is not None else []
    values += [found.oriented.corners] if found.oriented is not None else []
    values += [*polygons.rings, polygons.objects] if polygons is not None else []
    values += [points.places, points.visibility] if points is not None else []
    return [len(found), carried.dropped, *[(each.shape, each.tobytes()) for each in values]]


@pytest.mark.parametrize("kinds", ["boxes", "oriented", "polygons", "boxes polygons", "points"])
@pytest.mark.parametrize("seed", range(3))
def test_targets_of_several_images_are_carried_together_as_they_are_alone(
    seed: int, kinds: str
) -> None:
    every = list(windows(seed, kinds))
    together = carry_all(every)
    alone = [carry_all([window])[0] for window in every]
    assert list(map(arrays, together)) == list(map(arrays, alone))
