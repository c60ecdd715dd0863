"""The numbers of all rows of a label file in one array: there are many in a file of polygons."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain
from typing import NamedTuple

import numpy as np

from expand.layouts.labelled.yolo.rows.text import Row
from expand.targets.rings import Floats, Wholes


class Numbers(NamedTuple):
    """The numbers of N rows, one row after the other, without classes."""

    values: Floats
    lengths: list[int]
    """How many numbers each row has."""
    lowest: float
    highest: float

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Numbers:
        """Return the numbers of rows."""
        values = np.array([*chain.from_iterable([row.numbers for row in rows])], np.float64)
        lowest, highest = (values.min(), values.max()) if values.size else (0.0, 0.0)
        return cls(values, [len(row.numbers) for row in rows], float(lowest), float(highest))

    def are_within(self, margin: float) -> bool:
        """Tell whether all are shares of the image, or outside by no more than a margin."""
        return self.lowest >= -margin and self.highest <= 1 + margin

    @property
    def table(self) -> Floats:
        """The numbers of rows of one length, N×L; L is 4, as that of boxes, if there are none."""
        return self.values.reshape(-1, self.lengths[0] if self.lengths else 4)

    @property
    def begins(self) -> Wholes:
        """The first corner of each row, of rows that are corners."""
        return np.array([*accumulate([length // 2 for length in self.lengths[:-1]], initial=0)])
