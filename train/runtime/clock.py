"""The clock of a run: the seconds spent on each kind of work."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

Work = Literal["wait", "augment", "compute", "evaluate"]


@dataclass
class Clock:
    """Seconds spent waiting for data, augmenting, computing and evaluating."""

    wait: float = 0.0
    augment: float = 0.0
    compute: float = 0.0
    evaluate: float = 0.0

    @property
    def training(self) -> float:
        """The seconds of training: everything but evaluation."""
        return self.wait + self.augment + self.compute

    @contextmanager
    def measure(self, work: Work) -> Iterator[None]:
        """Add the seconds of a block to one kind of work.

        Blocks may be nested: seconds that an inner block has counted are not counted again.
        """
        started, counted = time.perf_counter(), self.training + self.evaluate
        yield
        inner = self.training + self.evaluate - counted
        seconds = time.perf_counter() - started - inner
        setattr(self, work, getattr(self, work) + seconds)
