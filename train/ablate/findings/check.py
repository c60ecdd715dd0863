"""The check: choose techniques on one half of the test images, measure the choice on the other."""

from __future__ import annotations

from collections.abc import Sequence

from train.ablate.ablation import AblationStudy
from train.ablate.design import NONE, TRIVIAL, AblationArm
from train.ablate.findings.outcomes import Outcomes
from train.ablate.results import ArmAccuracy, ArmPair, CheckSummary, TechniqueEffect
from train.statistics.intervals import paired
from train.statistics.verdicts import Pair, judge


def choose(ablation: AblationStudy, techniques: Sequence[TechniqueEffect]) -> tuple[int, ...]:
    """Choose the techniques to check: those with a gain in the design that do not harm.

    Of techniques that were tried alone, which are not checked, choose those that help.
    """
    if ablation.design == "single":
        return tuple(i for i, each in enumerate(techniques) if each.effect == "helps")
    return tuple(i for i, each in enumerate(techniques) if each.mean > 0 and each.effect != "harms")


def check(arms: Sequence[AblationArm], outcomes: Outcomes, margin: float) -> CheckSummary:
    """Compare the chosen techniques with both baselines and with all but one of themselves."""
    compared = _compared(arms)
    verdicts = judge([_pair(arm, against, outcomes) for arm, against in compared], margin)
    return CheckSummary(
        tuple(ArmAccuracy(arm, paired(outcomes.accuracies(arm.name).tolist())) for arm in arms),
        tuple(
            ArmPair(arm, against, verdict)
            for (arm, against), verdict in zip(compared, verdicts, strict=True)
        ),
    )


def _compared(arms: Sequence[AblationArm]) -> list[tuple[AblationArm, AblationArm]]:
    chosen = next((arm for arm in arms if arm.on and arm.left_out is None), None)
    pairs = [(chosen, other) for other in arms if other != chosen] if chosen else []
    return [*pairs, (TRIVIAL, NONE)]


def _pair(arm: AblationArm, against: AblationArm, outcomes: Outcomes) -> Pair:
    differences = outcomes.accuracies(arm.name) - outcomes.accuracies(against.name)
    images = outcomes.right(arm.name) - outcomes.right(against.name)
    return Pair(arm.name, against.name, differences.tolist(), images=images)


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
