"""The arms of an ablation."""

from __future__ import annotations

from dataclasses import dataclass

NONE, TRIVIAL = "none", "TrivialAugment"
DESIGN, FINAL = "design", "final"
"""The phases of an ablation."""


@dataclass(frozen=True)
class AblationArm:
    """An arm: the techniques that are on, by their numbers in the recipe."""

    name: str
    on: tuple[int, ...] = ()
