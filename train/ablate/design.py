"""Designs and arms: which techniques are on in which run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from train.errors import TrainError

FIRST_ROW = (1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0)
"""The generator of the design of 12 runs: Plackett & Burman 1946, Biometrika 33."""
DESIGNS = ("plackett-burman", "single")
Phase = Literal["design", "final"]
"""The trials that choose techniques, and those that check the choice."""


@dataclass(frozen=True)
class AblationArm:
    """One way to train: the techniques that are on, as their numbers in the recipe.

    `left_out` is the technique that this arm lacks of the chosen ones, in an arm "without" it.
    """

    name: str
    on: tuple[int, ...] = ()
    left_out: int | None = None

    @property
    def label(self) -> str:
        """What the files of its trials are named for: the techniques that are on."""
        return "-".join(map(str, self.on)) or self.name


NONE, TRIVIAL = AblationArm("none"), AblationArm("TrivialAugment")


def plackett_burman(factors: int) -> NDArray[np.bool_]:
    """Build the Plackett-Burman design of 12 runs: runs × factors, at most 11 factors.

    Each factor is on in half of the runs, and any two are on together in a quarter. So the effect
    of a factor is the difference of two means of six runs, free of the other main effects; a third
    of each two-factor interaction is confounded with every other factor.
    """
    if not 1 <= factors <= len(FIRST_ROW):
        raise TrainError(
            f"a design of 12 runs takes 1 … {len(FIRST_ROW)} techniques, got {factors}"
        )
    rows = [np.roll(FIRST_ROW, shift) for shift in range(len(FIRST_ROW))]
    return np.array([*rows, np.zeros(len(FIRST_ROW))], dtype=bool)[:, :factors]


def single(factors: int) -> NDArray[np.bool_]:
    """Build one run without any technique, and one run with each technique alone."""
    return np.vstack([np.zeros(factors, dtype=bool), np.eye(factors, dtype=bool)])


def make_design(name: str, factors: int) -> NDArray[np.bool_]:
    """Build the design of that name: runs × factors."""
    if name not in DESIGNS:
        raise TrainError(f"--design must be {' or '.join(DESIGNS)}, got {name!r}")
    return plackett_burman(factors) if name == "plackett-burman" else single(factors)


def effects(
    design: NDArray[np.bool_], outcomes: Sequence[float] | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compute the effect of each factor: mean outcome of the runs with it minus those without it.

    In a design of single techniques the only run to compare with is the one without any.
    """
    values = np.asarray(outcomes, dtype=np.float64)
    if design.sum(axis=1).max() <= 1:
        return np.array([values[column][0] - values[0] for column in design.T])
    return np.array([values[column].mean() - values[~column].mean() for column in design.T])
