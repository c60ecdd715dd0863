"""Findings: from the results of all trials to accuracies and exchange rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from train.compare.arms import Arm
from train.statistics.intervals import Interval
from train.trials.results import TrialResult
from train.worth.exchange import Measured, Rate, exchange
from train.worth.results import Cell
from train.worth.study import NONE


class Key(NamedTuple):
    """An arm at a size."""

    arm: Arm
    size: int


class Found(NamedTuple):
    """All cells, and the rates of those of every arm but none; empty without a curve."""

    cells: tuple[Cell, ...]
    rates: tuple[tuple[Arm, Rate], ...]


Trials = Mapping[Key, Mapping[int, Sequence[TrialResult]]]
"""The trials of each arm and size, by the epochs asked for; of all replicates, or left out."""


def find(trials: Trials, half: NDArray[np.bool_], overlaps: Mapping[int, float]) -> Found:
    """Measure every cell, and read its worth from the curve of none.

    `half` says of each test image in which half it is; `overlaps` has the overlap of each size.
    """
    known = {key: measure(of_key, half, overlaps[key.size]) for key, of_key in trials.items()}
    plain = sorted((key for key in known if key.arm == NONE), key=lambda key: key.size)
    others = [key for key in known if key.arm != NONE]
    if len(plain) < 2:
        return Found(tuple(_cell(key, known[key], trials[key], None) for key in known), ())
    measured = ([known[key].measured for key in some] for some in (plain, others))
    rates, spans, more = exchange(*measured)
    intervals = dict(zip([*plain, *others], [*spans, *more], strict=True))
    cells = tuple(_cell(key, known[key], trials[key], intervals[key]) for key in known)
    return Found(cells, tuple((key.arm, rate) for key, rate in zip(others, rates, strict=True)))


class Best(NamedTuple):
    """A cell measured after its best epochs, and the epochs of each half."""

    measured: Measured
    epochs: tuple[int, int]


def measure(
    by_length: Mapping[int, Sequence[TrialResult]], half: NDArray[np.bool_], overlap: float
) -> Best:
    """Measure each half of the test images after the epochs that are best on the other half.

    So the best of several lengths is taken without an image that is measured having a say in it.
    """
    right = {
        length: np.stack([trial.right(len(half)) for trial in trials]).astype(np.float64)
        for length, trials in by_length.items()
    }
    chosen = tuple(_best(right, ~part) for part in (half, ~half))
    merged = np.where(half, right[chosen[0]], right[chosen[1]])
    some = by_length[chosen[0]]
    sources = fmean(trial.images / trial.epochs_trained for trial in some)
    return Best(Measured.of(sources, merged, overlap), (chosen[0], chosen[1]))


def _best(right: Mapping[int, NDArray[np.float64]], part: NDArray[np.bool_]) -> int:
    """Return the epochs with the highest accuracy on a part of the images; of equals, the fewest.

    Without images in that part (a test set of one image), the fewest epochs.
    """
    if not part.any():
        return min(right)
    return min(right, key=lambda length: (-right[length][:, part].mean(), length))


def _cell(
    key: Key, best: Best, by_length: Mapping[int, Sequence[TrialResult]], span: Interval | None
) -> Cell:
    used = sorted({by_length[length][0].epochs_trained for length in best.epochs})
    return Cell(
        arm=key.arm,
        sources=best.measured.sources,
        epochs=tuple(used),
        accuracies=tuple(best.measured.replicates.tolist()),
        mean=best.measured.mean,
        interval=span,
        seconds=median(
            trial.seconds.training for length in best.epochs for trial in by_length[length]
        ),
    )
