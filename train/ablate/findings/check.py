"""The check: choose techniques on one half of the test images, measure the choice on the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from train.ablate.ablation import AblationStudy
from train.ablate.design import NONE, TRIVIAL, AblationArm
from train.ablate.findings.outcomes import Outcomes
from train.ablate.results import ArmAccuracy, ArmPair, CheckSummary, TechniqueEffect
from train.statistics.intervals import Estimate, paired
from train.statistics.looks import Looks
from train.statistics.verdicts import Pair, judge


def choose(ablation: AblationStudy, techniques: Sequence[TechniqueEffect]) -> tuple[int, ...]:
    """Choose the techniques to check: those with a gain in the design that do not harm.

    Of techniques that were tried alone, which are not checked, choose those that help.
    """
    if ablation.design == "single":
        names = {each.name for each in techniques if each.effect == "helps"}
    else:
        names = {each.name for each in techniques if each.mean > 0 and each.effect != "harms"}
    return tuple(i for i, switch in enumerate(ablation.switches) if switch.name in names)


def check(
    arms: Sequence[AblationArm], outcomes: Outcomes, margin: float, looks: Looks | None = None
) -> CheckSummary:
    """Compare the chosen techniques with both baselines and with all but one of themselves."""
    every = _compared(arms)
    compared = [(arm, against) for arm, against in every if _common(arm, against, outcomes)]
    verdicts = judge([_pair(arm, against, outcomes) for arm, against in compared], margin, looks)
    known = {arm: outcomes.accuracies(arm.name) for arm in arms}
    return CheckSummary(
        tuple(
            ArmAccuracy(arm, _accuracy(values[np.isfinite(values)]))
            for arm, values in known.items()
            if np.isfinite(values).any()
        ),
        tuple(
            ArmPair(arm, against, verdict)
            for (arm, against), verdict in zip(compared, verdicts, strict=True)
        ),
        tuple(pair for pair in every if pair not in compared),
    )


def _accuracy(values: NDArray[np.float64]) -> Estimate:
    """Estimate an accuracy in percent."""
    found = paired(values)
    return found._replace(interval=found.interval and found.interval.within(0.0, 100.0))


def _common(arm: AblationArm, against: AblationArm, outcomes: Outcomes) -> list[int]:
    """List the seeds with which neither of two arms diverged."""
    differences = outcomes.accuracies(arm.name) - outcomes.accuracies(against.name)
    both = zip(outcomes.seeds, np.isfinite(differences), strict=True)
    return [seed for seed, known in both if known]


def _compared(arms: Sequence[AblationArm]) -> list[tuple[AblationArm, AblationArm]]:
    chosen = next((arm for arm in arms if arm.on and arm.left_out is None), None)
    pairs = [(chosen, other) for other in arms if other != chosen] if chosen else []
    return [*pairs, (TRIVIAL, NONE)]


def _pair(arm: AblationArm, against: AblationArm, outcomes: Outcomes) -> Pair:
    differences = outcomes.accuracies(arm.name) - outcomes.accuracies(against.name)
    seeds = _common(arm, against, outcomes)
    images = outcomes.right(arm.name, seeds) - outcomes.right(against.name, seeds)
    known = differences[np.isfinite(differences)].tolist()
    return Pair(arm.name, against.name, known, images=images, replicates=seeds)


def keep(chosen: Sequence[int], checked: CheckSummary | None) -> tuple[int, ...]:
    """Return the techniques to suggest: the chosen ones, less one if the others are better without.

    Only one is left out, so that what is suggested was itself measured.
    """
    if checked is None:
        return tuple(chosen)
    if checked.harms:
        return ()
    dropped = checked.better_without
    return tuple(
        number for number in chosen if dropped is None or number != dropped.against.left_out
    )
