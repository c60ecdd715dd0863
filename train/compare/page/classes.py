"""Gains and losses of a comparison, class by class."""

from __future__ import annotations

from train.compare.page.tables import longest, of_length
from train.report.classes import Heat, chance_of, heats_of
from train.report.tables import Plain


def heats(comparison: Plain) -> list[Heat]:
    """Return the table of all classes at the longest length."""
    return heats_of(of_length(comparison, "classes", longest(comparison)))


def chance(comparison: Plain) -> tuple[int, float]:
    """Return how many differences there are at the longest length, and how many of them exclude 0 by chance alone."""
    return chance_of(of_length(comparison, "classes", longest(comparison)))
