"""Whether Ultralytics reads the rows of a label file, or leaves out the whole image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from expand.layouts.labelled.yolo.rows.numbers import Numbers
from expand.layouts.labelled.yolo.rows.task import BOX, Task

LOWEST, HIGHEST = -0.01, 1.01
"""The limits of coordinates in its dataset check (verify_image_label in ultralytics/data/utils.py,
https://docs.ultralytics.com/reference/data/utils/)."""


def is_accepted(numbers: Numbers, task: Task, polygons: bool) -> bool:
    """Return whether rows with the right columns are read.

    Of polygons and oriented boxes it checks the upright box around the corners: its centre, width
    and height; the corners themselves can lie further outside. It reads numbers in 32 bits.
    """
    if not numbers.lengths or numbers.are_within(0):
        return True
    if polygons or task.name == "obb":
        boxes = _upright_boxes(numbers)
        return bool(boxes.max() <= HIGHEST and boxes.min() >= LOWEST)
    checked = together = numbers.table.astype(np.float32)
    if task.name == "pose":
        checked = together[:, BOX - 1 :].reshape(-1, task.dims)[:, :2]
    return bool(checked.max() <= HIGHEST and together.min() >= LOWEST)


def _upright_boxes(numbers: Numbers) -> NDArray[np.float32]:
    """Return centre, width and height of the upright box around the corners of each row, N×4."""
    corners, begins = numbers.values.astype(np.float32).reshape(-1, 2), numbers.begins
    low, high = np.minimum.reduceat(corners, begins), np.maximum.reduceat(corners, begins)
    return np.concatenate([(low + high) / 2, high - low], axis=1)


def upright(corners: NDArray[Any]) -> NDArray[Any]:
    """Return centre, width and height (… × 4) of the upright boxes around corners (… × M×2)."""
    low, high = corners.min(axis=-2), corners.max(axis=-2)
    return np.concatenate([(low + high) / 2, high - low], axis=-1)
