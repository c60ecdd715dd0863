"""Effects: what each technique does to the accuracy, overall and class by class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from train.ablate.ablation import AblationStudy
from train.ablate.design import NONE, effects, make_design
from train.ablate.findings.outcomes import Outcomes
from train.ablate.results import ClassEffect, TechniqueEffect
from train.statistics.looks import Looks
from train.statistics.verdicts import Pair, judge, measure

Images = NDArray[np.float64]


def estimate_effects(
    ablation: AblationStudy,
    outcomes: Outcomes,
    seconds: Sequence[float],
    margin: float,
    looks: Looks | None = None,
) -> tuple[TechniqueEffect, ...]:
    """Estimate the effect of each technique; `seconds` are their times for one image.

    A seed counts if no trial of it that the effect needs diverged; a technique without any such
    seed is left out. All techniques are one family of verdicts, all classes of all techniques
    another one.
    """
    overall = _effects(ablation, outcomes)
    measured = [i for i in range(len(ablation.switches)) if _seeds(outcomes, overall[:, i])]
    pairs = [_pair(ablation, outcomes, overall, i) for i in measured]
    by_class = _class_effects(outcomes, pairs, margin, looks)
    results = []
    for i, verdict in zip(measured, judge(pairs, margin, looks), strict=True):
        classes = tuple(sorted(by_class[verdict.arm], key=lambda each: each.mean))
        harmed = tuple(each for each in classes if each.interval and each.interval.high < 0)
        own = tuple(overall[:, i].tolist())
        results.append(TechniqueEffect(verdict, classes, harmed, own, seconds[i]))
    return tuple(results)


def _effects(ablation: AblationStudy, outcomes: Outcomes) -> NDArray[np.float64]:
    """Compute the effects for each seed: seeds × techniques, in points; NaN if a run diverged."""
    design = make_design(ablation.design, len(ablation.switches))
    if not outcomes.seeds:
        return np.empty((0, len(ablation.switches)))
    runs = np.stack([outcomes.accuracies(arm.name) for arm in ablation.design_arms], axis=1)
    return np.stack([effects(design, run) for run in runs])


def _seeds(outcomes: Outcomes, values: NDArray[np.float64]) -> list[int]:
    """List the seeds with which no run diverged that an effect needs."""
    both = zip(outcomes.seeds, np.isfinite(values), strict=True)
    return [seed for seed, known in both if known]


def _pair(
    ablation: AblationStudy, outcomes: Outcomes, overall: NDArray[np.float64], technique: int
) -> Pair:
    """Return the runs with a technique against those without, for each seed and test image."""
    values = overall[:, technique]
    seeds = _seeds(outcomes, values)
    images = _images(ablation, outcomes, technique, seeds)
    known = values[np.isfinite(values)].tolist()
    return Pair(
        ablation.switches[technique].name, NONE.name, known, images=images, replicates=seeds
    )


def _images(
    ablation: AblationStudy, outcomes: Outcomes, technique: int, seeds: Sequence[int]
) -> Images:
    """Return the effect on each test image: seeds × images, in −1 … 1.

    An effect is a weighted sum over the runs of the design; its weights are the effects that runs
    have of which a single one is right.
    """
    design, arms = make_design(ablation.design, len(ablation.switches)), ablation.design_arms
    weights = [float(effects(design, one)[technique]) for one in np.eye(len(arms))]
    images = np.zeros((len(seeds), len(outcomes.labels)))
    for arm, weight in zip(arms, weights, strict=True):
        if weight:
            images += weight * outcomes.right(arm.name, seeds)
    return images


def _class_effects(
    outcomes: Outcomes, pairs: Sequence[Pair], margin: float, looks: Looks | None
) -> dict[str, list[ClassEffect]]:
    """Measure the effect of each technique on each class; all of them are one family."""
    labels = outcomes.shown_classes
    every = [_of_class(pair, outcomes.of_class(label)) for pair in pairs for label in labels]
    found: dict[str, list[ClassEffect]] = {pair.arm: [] for pair in pairs}
    names = [outcomes.classes[label] for _ in pairs for label in labels]
    for name, one in zip(names, measure(every, margin, looks), strict=True):
        found[one.arm].append(ClassEffect(name, one.mean, one.interval, one.p_t, one.p))
    return found


def _of_class(pair: Pair, chosen: NDArray[np.bool_]) -> Pair:
    assert pair.images is not None
    images = pair.images[:, chosen]
    means = 100 * images.mean(axis=1, dtype=np.float64)
    return Pair(pair.arm, pair.against, means.tolist(), images=images, replicates=pair.replicates)
