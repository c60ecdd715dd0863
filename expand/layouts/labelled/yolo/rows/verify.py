"""Whether Ultralytics reads the rows of a label file, or leaves out the whole image."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expand.layouts.labelled.yolo.rows.task import BOX, Task
from expand.layouts.labelled.yolo.rows.text import Row

LOWEST, HIGHEST = -0.01, 1.01
"""The limits of coordinates in its dataset check (verify_image_label in ultralytics/data/utils.py,
https://docs.ultralytics.com/reference/data/utils/)."""


def is_accepted(rows: Sequence[Row], task: Task, polygons: bool) -> bool:
    """Return whether rows with the right columns are read.

    Of polygons and oriented boxes it checks the upright box around the corners: its centre, width
    and height; the corners themselves can lie further outside. It reads numbers in 32 bits.
    """
    if not rows:
        return True
    if polygons or task.name == "obb":
        boxes = _upright_boxes([row.numbers for row in rows])
        return bool(boxes.max() <= HIGHEST and boxes.min() >= LOWEST)
    together = np.array([row.numbers for row in rows], np.float32)
    checked = together
    if task.name == "pose":
        checked = together[:, BOX - 1 :].reshape(-1, task.dims)[:, :2]
    return bool(checked.max() <= HIGHEST and together.min() >= LOWEST)


def _upright_boxes(rows: Sequence[tuple[float, ...]]) -> NDArray[np.float32]:
    """Return centre, width and height of the upright box around the corners of each row, N×4."""
    corners = np.array([*chain.from_iterable(rows)], np.float32).reshape(-1, 2)
    begins = [*accumulate((len(row) // 2 for row in rows[:-1]), initial=0)]
    low, high = np.minimum.reduceat(corners, begins), np.maximum.reduceat(corners, begins)
    return np.concatenate([(low + high) / 2, high - low], axis=1)


def upright(corners: NDArray[Any]) -> NDArray[Any]:
    """Return centre, width and height (… × 4) of the upright boxes around corners (… × M×2)."""
    low, high = corners.min(axis=-2), corners.max(axis=-2)
    return np.concatenate([(low + high) / 2, high - low], axis=-1)
