"""The settings that a search tries: the same for every arm, spread evenly over their ranges."""

from __future__ import annotations

from collections.abc import Sequence

from expand.views.keys import MASK, STEPS, draw, unit
from train.errors import TrainError
from train.trials.tuning.settings import TunedSettings

MOST_TRIALS = 1_000
SHORTEST = 8
"""The shortest training that is tried is an eighth of the longest."""
LR_RANGE = 4.0
"""Learning rates are tried up to so many times above and below the one asked for."""
DECAYS = (0.25, 64.0)
"""Weight decays are tried between these multiples of the one asked for: 5e-4 gives 1.25e-4 … 0.032.

On 2,000 sources of CIFAR-10 a plain run gains from decays up to 2e-2."""
DECAY = 5e-4
"""What takes the place of a weight decay of 0, of which all multiples are 0."""
SMOOTHINGS, DROPOUTS = (-0.1, 0.2), (-0.2, 0.6)
"""Label smoothing and dropout are drawn from these ranges; below 0 stands for none, so that a third
of the trials has no smoothing and a quarter no dropout."""
DIMENSIONS = 5


def check_count(count: int) -> None:
    """Refuse a search of too few or too many trials; 0 stands for none."""
    if count and not 2 <= count <= MOST_TRIALS:
        raise TrainError(f"--tune must be 2 … {MOST_TRIALS:,} trials for each arm, got {count}")


def candidates(
    asked: TunedSettings, count: int, seed: int, *, dropout: bool
) -> tuple[TunedSettings, ...]:
    """Return `count` settings to try: those that were asked for, then others around them.

    The others follow Richtmyer's sequence, moved by an offset that depends on the seed alone, so
    that a smaller search is part of every larger one. `asked.epochs` is the longest training;
    lengths are denser near it. Without `dropout` the model has none, and it is not varied.
    """
    offsets = draw(seed, "tune", "", 0, DIMENSIONS)
    others = (_settings(asked, _point(offsets, number), dropout) for number in range(1, count))
    return asked, *others


def _point(offsets: Sequence[int], number: int) -> list[float]:
    """Return a point of the unit cube."""
    return [
        unit((offset + number * step) & MASK) for offset, step in zip(offsets, STEPS, strict=False)
    ]


def _settings(asked: TunedSettings, point: Sequence[float], dropout: bool) -> TunedSettings:
    lr, epochs, decay, smoothing, drop = point
    low, high = DECAYS
    return TunedSettings(
        epochs=max(1, round(asked.epochs * SHORTEST ** -(epochs**2))),
        lr=_rounded(asked.lr * LR_RANGE ** (2 * lr - 1)),
        weight_decay=_rounded((asked.weight_decay or DECAY) * low * (high / low) ** decay),
        smoothing=_above_zero(SMOOTHINGS, smoothing),
        dropout=_above_zero(DROPOUTS, drop) if dropout else asked.dropout,
    )


def _rounded(value: float) -> float:
    """Round to three digits: what a page shows is what was trained with."""
    return float(f"{value:.3g}")


def _above_zero(ends: tuple[float, float], share: float) -> float:
    low, high = ends
    return max(0.0, round(low + (high - low) * share, 3))
