"""Effects that the tests of findings plant in the results of trials."""

from __future__ import annotations

from tests.train.ablate.ablations import outcomes_of, results_for
from train.ablate.ablation import AblationStudy
from train.ablate.findings.effects import estimate_effects
from train.ablate.results import TechniqueEffect

FLIP, ROTATE, TRANSLATE, SCALE, NOISE = range(5)
PLANTED = {
    FLIP: (5.0, 5.0),
    ROTATE: (4.0, -10.0),
    TRANSLATE: (0.0, 0.0),
    SCALE: (1.0, 1.0),
    NOISE: (-4.0, -4.0),
}
"""Points that each technique of classic adds to the accuracy of either class."""
SECONDS = [1e-6, 2e-6, 3e-6, 4e-6, 5e-6]


def estimated(
    ablation: AblationStudy,
    points: dict[int, tuple[float, float]],
    *,
    seeds: int = 6,
    spread: int = 1,
    margin: float = 0.25,
) -> tuple[TechniqueEffect, ...]:
    """Estimate effects from results in which techniques add these points."""
    results = results_for(ablation.design_arms, points, seeds=seeds, spread=spread)
    return estimate_effects(ablation, outcomes_of(results), SECONDS, margin)
