"""Designs: which techniques are on in which run, so that few runs say much about each of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from train.errors import TrainError

FIRST_ROW = (1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0)
"""The generator of the design of 12 runs: Plackett & Burman 1946, Biometrika 33."""
DESIGNS = ("plackett-burman", "single")


def plackett_burman(factors: int) -> NDArray[np.bool_]:
    """Return 12 runs × factors (at most 11): each is on in half of the runs, any two are on together in a quarter.

    So the effect of each is the difference of two means of six runs, and no other technique's effect is mixed into it;
    what two techniques do together is, a third of it, in each of the others.
    """
    if not 1 <= factors <= len(FIRST_ROW):
        raise TrainError(
            f"a design of 12 runs takes 1 … {len(FIRST_ROW)} techniques, got {factors}"
        )
    rows = [np.roll(FIRST_ROW, shift) for shift in range(len(FIRST_ROW))]
    return np.array([*rows, np.zeros(len(FIRST_ROW))], dtype=bool)[:, :factors]


def single(factors: int) -> NDArray[np.bool_]:
    """Return a run without any technique, and one with each of them alone."""
    return np.vstack([np.zeros(factors, dtype=bool), np.eye(factors, dtype=bool)])


def make_design(name: str, factors: int) -> NDArray[np.bool_]:
    """Return a design by its name, runs × factors."""
    if name not in DESIGNS:
        raise TrainError(f"--design must be {' or '.join(DESIGNS)}, got {name!r}")
    return plackett_burman(factors) if name == "plackett-burman" else single(factors)


def effects(
    design: NDArray[np.bool_], outcomes: Sequence[float] | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return each factor's effect: the mean outcome of the runs with it less that of the runs without it.

    In a design of single techniques, those without it are the run without any.
    """
    values = np.asarray(outcomes, dtype=np.float64)
    if design.sum(axis=1).max() <= 1:
        return np.array([values[column][0] - values[0] for column in design.T])
    return np.array([values[column].mean() - values[~column].mean() for column in design.T])
