"""Looks: how the 5 % for false claims is divided when a study is judged again with more seeds.

Every look spends a part of the 5 %, and its claims are tested at that part alone. The parts never
sum to more than 5 %, so whatever is claimed at any look is false in at most 5 % of studies
(Bonferroni): this needs no assumption on how the looks depend on each other.

Up to the planned number of seeds the parts follow a spending function (Lan and DeMets, "Discrete
sequential boundaries for clinical trials", Biometrika 1983) of the type of Pocock: with a share t
of the planned seeds, 4 % · ln(1 + (e − 1) · t) is spent in all. 1 % is kept for seeds that nobody
planned: each look beyond the plan spends half of what is left of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from train.errors import TrainError
from train.statistics.intervals import LEVEL
from train.statistics.power import FEWEST_SEEDS

RESERVE = 0.01
"""What is kept of LEVEL for looks beyond the planned number of seeds."""


class Look(NamedTuple):
    """One look: how many seeds it judged, and the share of false claims that it may make."""

    seeds: int
    alpha: float


@dataclass(frozen=True)
class Looks:
    """The planned number of seeds, and the seeds of every look so far, the fewest first."""

    planned: int
    seeds: tuple[int, ...]
    draws: int | None = None
    """How many subsets of the sources the seeds take in turn; None: all learn from the same."""

    @property
    def decides(self) -> bool:
        """Whether the last look can decide anything: it takes six seeds, and as many draws."""
        return min(self.seeds[-1], self.draws or self.seeds[-1]) >= FEWEST_SEEDS

    def __post_init__(self) -> None:
        if self.planned < 1 or not self.seeds or min(self.seeds) < 1:
            raise TrainError("looks need a planned number of seeds and at least one look")
        if list(self.seeds) != sorted(set(self.seeds)):
            raise TrainError(f"each look needs more seeds than the one before, got {self.seeds}")

    @property
    def looks(self) -> tuple[Look, ...]:
        """Each look with what it spends."""
        alphas = spend(self.planned, self.seeds)
        return tuple(Look(n, alpha) for n, alpha in zip(self.seeds, alphas, strict=True))

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain data, with the keys of comparison.json and ablation.json."""
        return {"planned": self.planned, "looks": [look._asdict() for look in self.looks]}

    @property
    def next_alpha(self) -> float:
        """What the next look would spend, with the planned seeds or, where they are used, more."""
        after = max(self.planned, self.seeds[-1] + 1)
        return spend(self.planned, (*self.seeds, after))[-1]

    def at(self, seeds: int) -> Looks:
        """Return the looks up to the one with so many seeds, which may be a new one.

        Raise TrainError for fewer seeds than the last look has, unless they had a look themselves.
        """
        if seeds in self.seeds:
            return replace(self, seeds=self.seeds[: self.seeds.index(seeds) + 1])
        if seeds < self.seeds[-1]:
            seen = ", ".join(map(str, self.seeds))
            raise TrainError(
                f"--seeds {seeds} is fewer than the {self.seeds[-1]} that were judged already; "
                f"use more, or a number that was judged: {seen}"
            )
        return replace(self, seeds=(*self.seeds, seeds))


def spend(planned: int, seeds: Sequence[int]) -> list[float]:
    """Return what each look spends; the sum stays below LEVEL."""
    alphas, spent, left = [], 0.0, RESERVE
    for n in seeds:
        goal = (LEVEL - RESERVE) * math.log1p((math.e - 1) * min(1.0, n / planned))
        if goal - spent > 1e-12:
            alphas.append(goal - spent)
            spent = goal
        else:
            left /= 2
            alphas.append(left)
    return alphas
