"""A reader of YOLO label files that follows the rules of Ultralytics' dataset check.

Written from the rules of `verify_image_label` (ultralytics/data/utils.py), so that the tests do not
need the package: one wrong number loses the whole image.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]


class Labelled(NamedTuple):
    """The objects of an image, in shares of its size."""

    classes: list[int]
    boxes: Floats
    """Centre, width and height, N×4."""
    rings: list[Floats]
    """The corners of each polygon; none for boxes."""
    points: Floats
    """N×K×dims, for pose."""
    duplicates: int


def read_label(path: Path, classes: int, shape: tuple[int, int] | None = None) -> Labelled:
    """Read a label file; raise AssertionError or ValueError where Ultralytics drops the image."""
    lines = path.read_text(encoding="utf-8").strip().splitlines()
    rows = [line.split() for line in lines if line]
    widths = {len(row) for row in rows}
    rings = list[Floats]()
    if shape is None and any(width > 6 for width in widths):
        assert not any(width % 2 == 0 for width in widths), "a coordinate has no partner"
        rings = [np.array(row[1:], np.float32).reshape(-1, 2) for row in rows]
        table = np.array(
            [[float(row[0]), *_box(ring)] for row, ring in zip(rows, rings, strict=True)], "f4"
        )
    else:
        table = np.array(rows, np.float32)
    if not len(table):
        return Labelled([], np.zeros((0, 4), "f4"), [], np.zeros((0, 0, 0), "f4"), 0)
    dims = shape[1] if shape else 0
    assert table.shape[1] == 5 + (shape[0] * dims if shape else 0), "another number of columns"
    places = table[:, 5:].reshape(-1, dims)[:, :2] if shape else table[:, 1:]
    assert places.max() <= 1.01, "a coordinate is too large"
    assert table.min() >= -0.01, "a number is negative"
    assert table[:, 0].max() < classes, "a class is unknown"
    return Labelled(
        table[:, 0].astype(int).tolist(),
        table[:, 1:5],
        rings,
        table[:, 5:].reshape(-1, *(shape or (0, 0))) if shape else np.zeros((0, 0, 0), "f4"),
        len(table) - len(np.unique(table, axis=0)),
    )


def _box(ring: Floats) -> list[float]:
    low, high = ring.min(axis=0), ring.max(axis=0)
    return [*((low + high) / 2).tolist(), *(high - low).tolist()]


def label_of(image: Path) -> Path:
    """Return where Ultralytics looks for the label file of an image."""
    before, found, after = str(image).rpartition("/images/")
    moved = f"{before}/labels/{after}" if found else str(image)
    return Path(f"{moved.rpartition('.')[0]}.txt")
