"""Sentences: the headline of a comparison, its notes, and what was not tested."""

from __future__ import annotations

from collections.abc import Sequence

from train.compare.arms import Arm
from train.compare.findings.costs import format_epochs
from train.compare.results import BreakEven, MissingVerdict, PairVerdict, Unfinished, trained_for
from train.compare.study import ComparisonStudy
from train.report.formatting import listing
from train.report.headlines import format_together
from train.statistics.sentences import ALIKE_WORDS, here_words
from train.statistics.verdicts import Verdict

NO_COPIES = "No arm has both copies and a fly arm to compare with, so there is no break-even."

SOURCES_TOO = "for sources and images like these"
"""What a verdict speaks of where seeds, sources and test images are drawn again."""
NOT_MEASURED = "Cost: not measured, because trials diverged."


def headline(
    study: ComparisonStudy,
    pairs: Sequence[PairVerdict],
    costs: Sequence[BreakEven],
    missing: Sequence[MissingVerdict] = (),
    unfinished: Sequence[Unfinished] = (),
) -> tuple[str, ...]:
    """Return lines on the longest training: which arm is better, for which images, at what cost.

    What would decide a pair, and its p values, are in the sentences of the verdicts.
    """
    longest = max(study.lengths)
    last = [pair for pair in pairs if pair.epochs == longest]
    main = [p for p in last if p.against == Arm("fly") and p.arm.strategy == "disk"]
    against_none = [p for p in last if p.against == Arm("none")]
    helped = [p for p in against_none if p.arm == Arm("fly")]
    chosen = [*main, *helped] if main else against_none or last
    lost = [each for each in missing if each.epochs == longest]
    first = f"After {trained_for(longest, tuned=study.tune > 0)}: {_verdicts(chosen, lost)}."
    timed = [each for each in costs if each.epochs == longest]
    cost = _format_costs(timed) if timed or not missing else NOT_MEASURED
    alike = SOURCES_TOO if study.draws else ALIKE_WORDS
    scope = _scope([pair.verdict for pair in chosen], alike)
    return (first, *scope, *_not_converged(chosen, unfinished), cost)


def _verdicts(chosen: Sequence[PairVerdict], lost: Sequence[MissingVerdict]) -> str:
    """Say in one sentence what was found, and which pairs have no verdict."""
    found = format_together([pair.verdict for pair in chosen]) if chosen else ""
    names = listing(f"{each.arm.name} against {each.against.name}" for each in lost) or "no pairs"
    without = f"no verdict: {names}" if lost or not found else ""
    return "; ".join(filter(None, (found, without)))


def _scope(verdicts: Sequence[Verdict], alike: str) -> list[str]:
    """Say for which images verdicts hold, and which are others on these test images alone."""
    judged = [
        each
        for each in verdicts
        if each.images and each.interval and each.interval_here and each.verdict != "identical"
    ]
    if not judged:
        return []
    where = here_words(judged[0].images)
    others = [each for each in judged if each.verdict != each.verdict_here]
    if not others:
        return [f"This holds {alike}, and {where}."]
    return [f"This holds {alike}; {where} alone, {format_together(others, here=True)}."]


def _not_converged(
    pairs: Sequence[PairVerdict], unfinished: Sequence[Unfinished]
) -> tuple[str, ...]:
    """Name the arms of these pairs that have not converged."""
    judged = {(arm, pair.epochs) for pair in pairs for arm in (pair.arm, pair.against)}
    names = [each.arm.name for each in unfinished if (each.arm, each.epochs) in judged]
    said = f"Not converged: {listing(names)}; verdicts on {'it' if len(names) == 1 else 'them'}"
    return (f"{said} may change with more epochs.",) if names else ()


def _format_costs(costs: Sequence[BreakEven]) -> str:
    """Format in a few words when copies break even."""
    if not costs:
        return NO_COPIES
    parts = [
        f"{each.arm.name} breaks even after {format_epochs(each.epochs_needed)}"
        for each in costs
        if each.epochs_needed is not None
    ]
    if unknown := [each.arm.name for each in costs if each.payback == "unknown"]:
        parts.append(f"one seed is not enough to tell whether {listing(unknown)} breaks even")
    if never := [each.arm.name for each in costs if each.payback == "never"]:
        verb = "never breaks even" if len(never) == 1 else "never break even"
        why = "an epoch over copies is not significantly faster than one on the fly"
        parts.append(f"{listing(never)} {verb}: {why}")
    return f"Cost: {'; '.join(parts)}."


def notes(study: ComparisonStudy, jobs: int) -> tuple[str, ...]:
    """Return what a reader has to know beside the numbers."""
    factors = sorted({arm.factor for arm in study.arms if arm.factor})
    flies = Arm("fly") in study.arms
    lines = []
    if flies and study.clean_every:
        lines.append(_clean_note(study.clean_every, factors))
    if any(arm.strategy == "disk-balanced" for arm in study.arms):
        lines.append(
            f"disk-balanced has the copies that expand {study.balancing.options} writes, more of "
            "small classes than of large ones; in as many steps as any other arm, it shows small "
            "classes more often and large ones less often"
        )
    if study.budget in BUDGET_NOTES:
        lines.append(BUDGET_NOTES[study.budget])
    if not study.codec.lossless:
        lines.append(
            f"copies are encoded with --codec {study.codec.format}, so they lose what it loses"
        )
    if flies and factors and study.renderer == "batched":
        lines.append(
            "the views of fly are rendered in batches and differ from the copies by up to one grey "
            "level, so no two of these arms are identical"
        )
    if jobs > 1:
        lines.append(f"{jobs} trials ran in parallel, so seconds are those of a shared machine")
    return tuple(lines)


BUDGET_NOTES = {
    "files": "equal epochs over all files: arms with F files per source have F times the steps",
    "wall": "equal seconds of training, without those of the expansion: arms differ in steps",
    "wall-expansion": "equal seconds, with those of the expansion: arms differ in steps",
}
"""What a budget other than equal steps means for the comparison."""


def _clean_note(every: int, factors: Sequence[int]) -> str:
    smaller = ", ".join(f"×{factor}" for factor in factors[:-1])
    more = f"; arms with fewer copies show it more often ({smaller})" if smaller else ""
    return f"fly shows the untouched image in one of {every} epochs, as disk ×{every} does{more}"


def _other_settings(study: ComparisonStudy) -> str:
    if study.tune:
        return f"settings beyond the {study.tune} of the search; batch sizes and schedules (--tune)"
    return (
        "other learning rates, batch sizes and schedules for each arm: all arms share one (--tune)"
    )


def not_tested(study: ComparisonStudy) -> tuple[str, ...]:
    """Return what this comparison leaves open."""
    budgets = {"steps": "equal seconds, or equal epochs over all files (--budget wall, files)"}
    sources = f"{study.sources:,}" if study.sources else "all"
    return (
        f"models other than {study.model}: larger ones memorise sooner (--model)",
        f'recipes and strengths other than those of "{study.views.name}" (--recipe)',
        f"more or fewer sources than {sources} (--sources)",
        f"training for other than {', '.join(map(str, study.lengths))} epochs (--epochs)",
        _other_settings(study),
        budgets.get(study.budget, "equal optimizer steps (--budget steps)"),
        "test images from other sources than the test folder",
    )
