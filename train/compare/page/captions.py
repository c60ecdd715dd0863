"""Captions: what the plots of a comparison show, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from train.compare.page.tables import total_seconds
from train.compare.results import Comparison, PairVerdict
from train.report.formatting import arm_name, count, listing, percent, points, seconds
from train.report.tables import name_of

LINES = "Thin lines: intervals for images like these; thick ones: on these test images."
BUDGETS = {"steps": " and equal optimizer steps"}


def compared(comparison: Comparison) -> str:
    """Say in one sentence what was compared."""
    setup = comparison.setup
    data = f"{setup.data} ({count(setup.sources)} sources, {count(setup.classes)} classes)"
    epochs = listing(f"{each:,}" for each in sorted(comparison.epochs))
    trained = f" for {epochs} epochs" if epochs else ""
    if comparison.search:
        trained = f" for {comparison.trained(comparison.longest)},"
    seeds = max((each.replicates for each in comparison.summaries), default=0)
    repeated = f" with {seeds:,} seed{'s' * (seeds != 1)} each" if seeds else ""
    names = listing(arm_name(arm.name) for arm in comparison.arms)
    equal = "" if comparison.search else BUDGETS.get(setup.budget, "")
    tested = f"tested on {count(setup.test_images)} images"
    return f"Compared: {names}, trained on {data}{trained}{repeated}{equal}; {tested}."


def ranking(comparison: Comparison, epochs: int) -> str:
    """List the accuracies after a number of epochs, the highest first."""
    ordered = sorted(comparison.summaries_after(epochs), key=lambda each: -each.mean)
    parts = [f"{arm_name(each.arm.name)} {percent(each.mean, 2)}" for each in ordered]
    return f"After {comparison.trained(epochs)}: {_join(parts)}."


def more_epochs(comparison: Comparison) -> str:
    """Say which arm gained most from more epochs, and which least."""
    low, high = min(comparison.epochs, default=0), comparison.longest
    before = {each.arm: each.mean for each in comparison.summaries_after(low)}
    gains = [
        (100 * (each.mean - before[each.arm]), arm_name(each.arm.name))
        for each in comparison.summaries_after(high)
        if each.arm in before
    ]
    if low == high or not gains:
        return ranking(comparison, high)
    (most, first), (least, last) = max(gains), min(gains)
    others = f", for {last} by {points(least)}" if first != last else ""
    start = f"From {low:,} to {high:,} epochs, accuracy changes"
    return f"{start} for {first} by {points(most)} points{others}."


def timing(comparison: Comparison, whole: bool) -> str:
    """Name the most accurate and the fastest arm; `whole` counts the seconds of expansion."""
    expansion = comparison.expansion_seconds if whole else {}
    measured = [
        (each.mean, total_seconds(each, expansion), arm_name(each.arm.name))
        for each in comparison.summaries_after(comparison.longest)
    ]
    counted = "with the seconds of the expansion" if whole else "training alone"
    start = f"After {comparison.trained(comparison.longest)}, {counted}: "
    if not measured:
        return f"{start}nothing was measured."
    best, fastest = max(measured), min(measured, key=lambda each: each[1])
    named = (
        {"most accurate": best, "fastest": fastest}
        if best != fastest
        else {"most accurate and fastest": best}
    )
    parts = (
        f"{title} {arm}, {percent(mean, 2)} in {seconds(taken)}"
        for title, (mean, taken, arm) in named.items()
    )
    return f"{start}{'; '.join(parts)}."


def verdicts(comparison: Comparison, epochs: int) -> str:
    """Count the verdicts after a number of epochs, and name the largest difference."""
    pairs = comparison.pairs_after(epochs)
    trained = comparison.trained(epochs)
    counted = f"Of {len(pairs)} pairs after {trained}, {listing(_tally(pairs))}."
    decided = [pair.verdict for pair in pairs if pair.verdict.verdict in ("better", "worse")]
    if not decided:
        return f"{counted} {LINES}"
    largest = max(decided, key=lambda verdict: abs(verdict.mean))
    name = name_of(largest)
    return f"{counted} The largest difference: {name}, {points(largest.mean)} points. {LINES}"


def _tally(pairs: Sequence[PairVerdict]) -> list[str]:
    tally = Counter(pair.verdict.verdict for pair in pairs)
    differ = tally["better"] + tally["worse"]
    parts = [f"{differ} differ{'s' * (differ == 1)}"] if differ else []
    others = (
        f"{number} {'is' if number == 1 else 'are'} {kind}"
        for kind in ("equivalent", "identical", "undecided")
        if (number := tally[kind])
    )
    return [*parts, *others]


def gap(comparison: Comparison) -> str:
    """List the gaps after the most epochs that have any."""
    gapped = [(each, each.gap) for each in comparison.summaries_after() if each.gap]
    last = max((each.epochs_asked for each, _ in gapped), default=0)
    parts = [
        f"{arm_name(each.arm.name)} {points(gap.points)}"
        for each, gap in gapped
        if each.epochs_asked == last
    ]
    start = "Accuracy on views trained on minus accuracy on fresh views"
    return f"{start} after {last:,} epochs, in points: {_join(parts)}."


def _join(parts: Sequence[str]) -> str:
    return ", ".join(parts) or "nothing was measured"
