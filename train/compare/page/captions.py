"""Captions: what the plots of a comparison show, in sentences."""

from __future__ import annotations

from collections import Counter

from train.compare.page.tables import cells, expansion_seconds, longest, of_length, total_seconds
from train.report.formatting import arm_name, count, known, listing, percent, points, seconds
from train.report.tables import Plain, name_of


def compared(comparison: Plain) -> str:
    """Return what was compared in one sentence; what the settings do not say is left out."""
    settings = comparison["settings"]
    sizes = [
        f"{count(settings[key])} {key}"
        for key in ("sources", "classes")
        if isinstance(settings.get(key), int)
    ]
    data = comparison["title"] + (f" ({', '.join(sizes)})" if sizes else "")
    lengths = listing(f"{length:,}" for length in sorted(comparison["lengths"]))
    seeds = max((cell["n"] for cell in comparison["cells"]), default=0)
    repeated = f" with {seeds:,} seed{'s' * (seeds != 1)} each" if seeds else ""
    equal = {"steps": " and equal optimizer steps"}.get(settings.get("budget", ""), "")
    tested = settings.get("test images")
    test = f"; tested on {count(tested)} images" if isinstance(tested, int) else ""
    names = listing(arm_name(arm["name"]) for arm in comparison["arms"])
    trained = f" for {lengths} passes" if lengths else ""
    return f"Compared: {names}, trained on {data}{trained}{repeated}{equal}{test}."


def ranking(comparison: Plain, epochs: int) -> str:
    """Return the accuracies at one length, the highest first."""
    found = sorted(
        (cell for cell in cells(comparison, epochs) if known(cell["mean"])),
        key=lambda cell: -cell["mean"],
    )
    words = [f"{arm_name(cell['arm'])} {percent(cell['mean'], 2)}" for cell in found]
    return f"After {epochs:,} passes: {_row(words)}."


def lengthening(comparison: Plain) -> str:
    """Return what more passes, and so more steps, did: for which arm most, for which least."""
    low, high = min(comparison["lengths"], default=0), longest(comparison)
    means = {
        (cell["arm"], cell["epochs"]): cell["mean"]
        for cell in cells(comparison)
        if known(cell["mean"])
    }
    gains = [
        (100 * (means[arm, high] - means[arm, low]), arm_name(arm))
        for arm in (arm["name"] for arm in comparison["arms"])
        if {(arm, low), (arm, high)} <= set(means)
    ]
    if low == high or not gains:
        return ranking(comparison, high)
    (most, first), (least, last) = max(gains), min(gains)
    others = f", for {last} by {points(least)}" if first != last else ""
    return f"From {low:,} to {high:,} passes, accuracy changes for {first} by {points(most)} points{others}."


def timing(comparison: Plain, whole: bool) -> str:
    """Return the most accurate and the fastest arm at the longest length, with the expansion's seconds if `whole`."""
    expansion = expansion_seconds(comparison) if whole else {}
    found = [
        (cell["mean"], taken, arm_name(cell["arm"]))
        for cell in cells(comparison, longest(comparison))
        if known(cell["mean"]) and (taken := total_seconds(cell, expansion)) is not None
    ]
    counted = "with the seconds of the expansion" if whole else "training alone"
    start = f"After {longest(comparison):,} passes, {counted}: "
    if not found:
        return f"{start}nothing was measured."
    best, fastest = max(found), min(found, key=lambda each: each[1])
    named = (
        {"most accurate": best, "fastest": fastest}
        if best != fastest
        else {"most accurate and fastest": best}
    )
    return (
        start
        + "; ".join(
            f"{what} {arm}, {percent(mean, 2)} in {seconds(taken)}"
            for what, (mean, taken, arm) in named.items()
        )
        + "."
    )


def verdicts(comparison: Plain, epochs: int) -> str:
    """Return how many pairs of a length got which verdict."""
    pairs = of_length(comparison, "pairs", epochs)
    tally = Counter(pair["verdict"] for pair in pairs)
    differ = tally["better"] + tally["worse"]
    parts = [f"{differ} differ{'s' * (differ == 1)}"] if differ else []
    parts += [
        f"{tally[kind]} {'is' if tally[kind] == 1 else 'are'} {kind}"
        for kind in ("equivalent", "identical", "undecided")
        if tally[kind]
    ]
    found = f"Of {len(pairs)} pairs after {epochs:,} passes, {listing(parts)}."
    if decided := [pair for pair in pairs if pair["verdict"] in ("better", "worse")]:
        largest = max(decided, key=lambda pair: abs(pair["mean"]))
        found += f" The largest difference: {name_of(largest)}, {points(largest['mean'])} points."
    return found


def gap(comparison: Plain) -> str:
    """Return the gaps at the longest length that has any."""
    gapped = [cell for cell in cells(comparison) if cell["gap"]]
    last = max((cell["epochs"] for cell in gapped), default=0)
    words = [
        f"{arm_name(cell['arm'])} {points(cell['gap']['points'])}"
        for cell in gapped
        if cell["epochs"] == last
    ]
    return f"Accuracy on stored copies minus accuracy on fresh views after {last:,} passes, in points: {_row(words)}."


def _row(words: list[str]) -> str:
    return ", ".join(words) or "nothing was measured"
