"""The study of worth: arms on draws of growing size, and its trials."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from train.compare.arms import Arm
from train.compare.study import ComparisonStudy
from train.data.subsets import MOST_DRAWS, Draw
from train.errors import TrainError
from train.feed.batches import split
from train.fit.hyperparameters import MOST_EPOCHS
from train.trials.study import Trial
from train.trials.tuning.settings import TunedSettings

NONE = Arm("none")
FEWEST_SIZES, MOST_SIZES = 2, 20
SIZE = re.compile(r"[0-9]{1,12}(/[0-9]{1,12}|\.[0-9]{1,12})?|\.[0-9]{1,12}")
"""A fraction, a decimal or a whole number, without an exponent."""


@dataclass(frozen=True, kw_only=True)
class WorthStudy(ComparisonStudy):
    """A comparison on draws of several sizes; checks itself.

    `lengths` are epochs on the largest size; on smaller ones a trial has as many steps.
    """

    sizes: tuple[str, ...] = ("1/8", "1/4", "1/2", "1")
    """Shares of the sources (at most 1) or numbers of them (above 1), as given."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if NONE not in self.arms:
            raise TrainError(
                "--arms must name none: what the other arms are worth is read from its curve"
            )
        if self.budget != "steps":
            raise TrainError(f"every trial has the same steps, so budget is steps: {self.budget}")

    def _check_draws(self) -> None:
        if self.draws is not None and not 2 <= self.draws <= MOST_DRAWS:
            raise TrainError(f"--draws must be 2 … {MOST_DRAWS:,}, got {self.draws:,}")

    @property
    def is_drawn(self) -> bool:
        """Whether replicates learn from different sources: always."""
        return True

    def draw_of(self, replicate: int, sources: int, largest: int) -> Draw:
        """Return the draw that a replicate learns from: one of its own, or one of `draws`."""
        return Draw(replicate % self.draws if self.draws else replicate, sources, largest)

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain data."""
        return {**super().to_dict(), "sizes": list(self.sizes)}


def parse_sizes(text: str) -> tuple[str, ...]:
    """Return the sizes of a list such as `1/8,1/4,1` or `250,500,1000`, each once."""
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",")))
    for word in words:
        _size(word)
    if not FEWEST_SIZES <= len(words) <= MOST_SIZES:
        raise TrainError(
            f"--sizes takes {FEWEST_SIZES} … {MOST_SIZES} sizes, such as 1/8,1/4,1/2,1, "
            f"got {len(words)}"
        )
    return words


def _size(word: str) -> Fraction:
    """Return a share of at most 1, or a whole number of sources."""
    try:
        size = Fraction(word) if SIZE.fullmatch(word) else Fraction(0)
    except ZeroDivisionError:
        size = Fraction(0)
    if size <= 0 or (size > 1 and size.denominator > 1):
        raise TrainError(
            f"--sizes must be shares of at most 1, such as 1/8, or numbers of sources, "
            f"got {word[:80]!r}"
        )
    return size


def sizes_of(study: WorthStudy, total: int, classes: int) -> tuple[int, ...]:
    """Return the sizes in sources, the smallest first; raise TrainError if they do not fit.

    `total` is the number of sources that the dataset has.
    """
    largest = total if study.sources is None else study.sources
    if not 2 <= largest <= total:
        raise TrainError(
            f'--sources must be 2 … {total:,}, the number that "{study.data}" has, got {largest:,}'
        )
    counts: dict[int, str] = {}
    for word in study.sizes:
        size = _size(word)
        count = int(size) if size > 1 else round(size * largest)
        if count > largest:
            raise TrainError(f"--sizes {word} is more than the {largest:,} sources that there are")
        if count < classes:
            raise TrainError(
                f"--sizes {word} is {count:,} of {largest:,} sources, fewer than the {classes:,} "
                "classes; give larger sizes"
            )
        counts.setdefault(count, word)
    if len(counts) < FEWEST_SIZES:
        raise TrainError(f"--sizes {','.join(study.sizes)} are all {min(counts):,} sources")
    return tuple(sorted(counts))


def epochs_at(study: WorthStudy, epochs: int, size: int, largest: int) -> int:
    """Return for how many epochs a trial of a size trains: as many steps as on the largest."""
    batch = study.training.batch_size
    steps = epochs * len(split(largest, batch))
    trained = max(1, round(steps / len(split(size, batch))))
    if trained > MOST_EPOCHS:
        raise TrainError(f"{epochs:,} epochs on {largest:,} sources are too many on {size:,}")
    return trained


@dataclass(frozen=True)
class SizedTrial(Trial):
    """A trial on a draw of one size."""

    size: int


def trials(
    study: WorthStudy,
    sizes: Sequence[int],
    seeds: int,
    tuned: Mapping[str, TunedSettings] = MappingProxyType({}),
) -> Iterator[SizedTrial]:
    """Yield all trials, arms and sizes interleaved over replicates.

    `tuned` are the settings that a search chose for each arm at the largest size; smaller sizes
    train for as many steps.
    """
    count, largest = len(study.arms), sizes[-1]
    for replicate in range(seeds):
        for asked in study.lengths:
            for size in sizes:
                for shift in range(count):
                    arm = study.arms[(shift + replicate) % count]
                    draw = study.draw_of(replicate, size, largest)
                    name = f"{arm.label}_n{size}of{largest}_k{asked}_d{draw.number}_s{replicate}"
                    own = tuned.get(arm.name)
                    trained = epochs_at(study, own.epochs if own else asked, size, largest)
                    own = own and replace(own, epochs=trained)
                    yield SizedTrial(
                        arm, replicate, asked, trained, name, size, draw=draw, tuned=own
                    )
