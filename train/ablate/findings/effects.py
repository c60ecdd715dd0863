"""Effects: what each technique does to the accuracy, overall and class by class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from train.ablate.ablation import AblationStudy
from train.ablate.design import NONE, effects, make_design
from train.ablate.findings.outcomes import Outcomes
from train.ablate.results import ClassEffect, TechniqueEffect
from train.statistics.intervals import LEVEL, paired
from train.statistics.significance import holm, paired_t
from train.statistics.verdicts import Pair, judge


def estimate_effects(
    ablation: AblationStudy, outcomes: Outcomes, seconds: Sequence[float], margin: float
) -> tuple[TechniqueEffect, ...]:
    """Estimate the effect of each technique; `seconds` are their times for one image.

    A seed counts if no trial of it that the effect needs diverged; a technique without any such
    seed is left out.
    """
    overall = _effects(ablation, outcomes, None)
    by_class = {label: _effects(ablation, outcomes, label) for label in outcomes.shown_classes}
    measured = [i for i in range(len(ablation.switches)) if _known(overall[:, i])]
    pairs = [Pair(ablation.switches[i].name, NONE.name, _known(overall[:, i])) for i in measured]
    results = []
    for i, verdict in zip(measured, judge(pairs, margin), strict=True):
        classes = sorted(
            (
                _class_effect(outcomes.classes[label], values[:, i])
                for label, values in by_class.items()
            ),
            key=lambda each: each.mean,
        )
        own = tuple(overall[:, i].tolist())
        results.append(TechniqueEffect(verdict, tuple(classes), _harmed(classes), own, seconds[i]))
    return tuple(results)


def _effects(ablation: AblationStudy, outcomes: Outcomes, label: int | None) -> NDArray[np.float64]:
    """Compute the effects for each seed: seeds × techniques, in points; NaN if a run diverged."""
    design = make_design(ablation.design, len(ablation.switches))
    if not outcomes.seeds:
        return np.empty((0, len(ablation.switches)))
    runs = np.stack([outcomes.accuracies(arm.name, label) for arm in ablation.design_arms], axis=1)
    return np.stack([effects(design, run) for run in runs])


def _known(values: NDArray[np.float64]) -> list[float]:
    """Return the values of the seeds with which no run diverged."""
    return [float(value) for value in values[np.isfinite(values)]]


def _class_effect(name: str, values: NDArray[np.float64]) -> ClassEffect:
    estimate, p_t = paired(_known(values)), paired_t(_known(values))
    return ClassEffect(name, estimate.mean, estimate.interval, p_t)


def _harmed(classes: Sequence[ClassEffect]) -> tuple[ClassEffect, ...]:
    """Return the classes with a significant loss, Holm-adjusted over all classes."""
    adjusted = holm([each.p_t for each in classes])
    return tuple(
        each
        for each, p_holm in zip(classes, adjusted, strict=True)
        if each.mean < 0 and p_holm <= LEVEL
    )
