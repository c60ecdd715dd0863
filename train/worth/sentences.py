"""Sentences: the headline of a study of worth, its rates in words, notes and limits."""

from __future__ import annotations

from collections.abc import Sequence

from train.compare.arms import Arm
from train.report.formatting import listing
from train.statistics.intervals import Interval
from train.trials.tuning.search import Search
from train.trials.tuning.sentences import describe_fixed, describe_search
from train.worth.exchange import ABOVE, BELOW, Rate, gains, loses
from train.worth.results import ArmRate, WorthSetup
from train.worth.study import WorthStudy

SCOPES = {
    "these": "these {total} sources",
    "like these": "sources like these",
}


def images(count: float) -> str:
    """Format a number of images, measured with three digits: "1,850"."""
    return f"{float(f'{count:.3g}'):,.0f}"


def named(arm: Arm) -> str:
    """Name what an arm trains on: "×4 copies", "views on the fly"."""
    return {
        "fly": "views on the fly",
        "disk": f"×{arm.factor} copies",
        "disk-random": f"×{arm.factor} copies drawn independently",
        "disk-all": f"×{arm.factor} copies shuffled together",
        "disk-balanced": f"balanced ×{arm.factor} copies",
        "hybrid": f"×{arm.factor} copies with views on the fly",
    }.get(arm.strategy, arm.name)


def quantity(worth: float, span: tuple[float, float]) -> str:
    """Say how many sources do the same: a number, or that it lies outside the curve."""
    low, high = span
    if worth == ABOVE:
        return f"more than {high:,.0f}"
    return f"fewer than {low:,.0f}" if worth == BELOW else images(worth)


def between(interval: Interval | None, span: tuple[float, float]) -> str:
    """Format an interval of sources: "1,700 … 1,900", "1,700 … more than 2,000"."""
    if interval is None:
        return "from a single seed"
    ends = [quantity(end, span) for end in interval]
    return ends[0] if ends[0] == ends[1] else " … ".join(ends)


def describe_rate(arm: Arm, rate: Rate, span: tuple[float, float]) -> str:
    """Say what an arm is worth at one size."""
    told = (
        f"{arm.name} with {rate.sources:,.0f} sources does as well as {quantity(rate.worth, span)} "
        "without augmentation"
    )
    if rate.interval is None:
        return f"{told} (from a single seed)"
    decided = gains(rate.sources, rate.interval) or loses(rate.sources, rate.interval)
    shown = "" if decided else ": neither a gain nor a loss is shown"
    return f"{told} (95 % interval {between(rate.interval, span)}){shown}"


def headline(
    setup: WorthSetup, rates: Sequence[ArmRate], span: tuple[float, float]
) -> tuple[str, ...]:
    """Return what each arm is worth at the largest size that can be read, and at the largest."""
    if not rates:
        return ("What augmentation is worth could not be measured: too many trials diverged.",)
    shown = _size_shown(rates)
    lines = [_at(shown, [rate for rate in rates if rate.sources == shown], span)]
    last = max(rate.sources for rate in rates)
    at_last = [rate for rate in rates if rate.sources == last]
    at_shown = [rate for rate in rates if rate.sources == shown]
    news = not all(rate.is_beyond for rate in (*at_shown, *at_last))
    if shown != last and news:
        lines.append(_at(last, at_last, span))
    return (*lines, _scope(setup))


def _size_shown(rates: Sequence[ArmRate]) -> float:
    """Return the size that the headline speaks of.

    The largest at which most arms are measured to gain or to lose. If there is none, the smallest
    at which every arm surely does more than the largest size; else the largest of all, or of a
    single seed, which shows nothing, the largest at which most are measured.
    """
    by_size: dict[float, list[ArmRate]] = {}
    for rate in sorted(rates, key=lambda each: -each.sources):
        by_size.setdefault(rate.sources, []).append(rate)
    decided = {
        size: sum(rate.measured and (rate.gains or rate.loses) for rate in some)
        for size, some in by_size.items()
    }
    beyond = [size for size, some in by_size.items() if all(rate.is_beyond for rate in some)]
    if not any(decided.values()) and beyond:
        return min(beyond)
    if not any(decided.values()) and all(rate.interval for rate in rates):
        return max(by_size)
    measured = {size: sum(rate.measured for rate in some) for size, some in by_size.items()}
    counted = decided if any(decided.values()) else measured
    return max(by_size, key=lambda size: (counted[size], size))


def _at(size: float, rates: Sequence[ArmRate], span: tuple[float, float]) -> str:
    """Say what every arm is worth at one size, and for which arms nothing is shown."""
    shown = [each for each in rates if not each.interval or each.gains or each.loses]
    unclear = [each for each in rates if each not in shown]
    beyond = [named(rate.arm) for rate in shown if rate.is_beyond]
    parts = [
        f"{named(each.arm)} do as well as {quantity(each.worth, span)} without augmentation "
        f"({between(each.interval, span)})"
        for each in shown
        if not each.is_beyond
    ]
    if beyond:
        parts.append(
            f"{listing(beyond)} do better than {span[1]:,.0f} without augmentation, the largest "
            "number that was measured"
        )
    parts += [_unclear(unclear, span)] if unclear else []
    return f"With {size:,.0f} images, {'; '.join(parts)}."


def _unclear(rates: Sequence[ArmRate], span: tuple[float, float]) -> str:
    """Say what arms may be worth that are shown neither to gain nor to lose."""
    first, *more = (between(each.interval, span) for each in rates)
    spans = [f"as good as {first} without augmentation", *more]
    arms = [f"{named(each.arm)} ({span})" for each, span in zip(rates, spans, strict=True)]
    return f"neither a gain nor a loss is shown for {listing(arms)}"


def _scope(setup: WorthSetup) -> str:
    """Say for which sources and images the intervals hold."""
    if setup.replicates < 2:
        return (
            "One seed gives no intervals: chance may have a large part in these numbers (--seeds)."
        )
    where = SCOPES[setup.scope].format(total=f"{setup.total:,}")
    return f"95 % intervals, for {where} and for test images like these {setup.test_images:,}."


def notes(study: WorthStudy, setup: WorthSetup, jobs: int) -> tuple[str, ...]:
    """Return what a reader has to know beside the numbers."""
    lines = [
        STEPS_NOTE,
        *_describe_draws(setup),
        INTERVALS_NOTE,
    ]
    if len(study.lengths) > 1:
        lines.append(
            "every arm, none included, is measured at every size after the number of epochs that "
            "suits it best: each half of the test images after the number that is best on the "
            "other half"
        )
    elif not study.tune:
        lines.append(
            "all arms were trained for one number of epochs, which may suit none less than the "
            "others: with several --epochs every arm has its own best one"
        )
    if study.clean_every:
        lines.append(
            f"fly shows the untouched image in one of {study.clean_every} epochs, as the copies do"
        )
    if jobs > 1:
        lines.append(f"{jobs} trials ran in parallel, so seconds are those of a shared machine")
    return tuple(lines)


def _describe_draws(setup: WorthSetup) -> tuple[str, ...]:
    """Say what draws share, and what follows for the intervals."""
    if not any(setup.overlaps):
        return ("no two draws share a source, so they are independent samples of sources",)
    shared = listing(
        f"{100 * share:.0f} % at {size:,.0f}"
        for size, share in zip(setup.sizes, setup.overlaps, strict=True)
    )
    return (
        f"two draws share on average this part of their sources: {shared}",
        SCOPE_NOTES[setup.scope],
    )


def describe_settings(study: WorthStudy, search: Search | None) -> tuple[str, ...]:
    """Say in sentences how the settings of the arms were found."""
    if search:
        return (*describe_search(search, study.longest), LARGEST)
    return (describe_fixed(study.training, study.dropout),)


LARGEST = (
    "The search was made at the largest size, on the sources of the first draw. Smaller sizes "
    "train with the same settings for as many steps, which may not be the best ones there."
)
STEPS_NOTE = (
    "all trials with the same --epochs have the same number of optimizer steps, whatever their "
    "size, so that a small size is not a short training"
)
INTERVALS_NOTE = (
    "intervals are not corrected for their number: about one of 20 does not contain its true value"
)
SCOPE_NOTES = {
    "these": "the largest size is the whole dataset, which all draws share: intervals hold for "
    "other seeds, other draws from it and other test images, not for another dataset of this size; "
    "with --sources at most half of the dataset they do",
    "like these": "draws share sources, and intervals are widened by what they share (the "
    "variance s²(1/R + ρ/(1 − ρ)) of Nadeau and Bengio 2003, with the shared part as ρ)",
}


def not_tested(study: WorthStudy, setup: WorthSetup) -> tuple[str, ...]:
    """Return what this study leaves open."""
    lengths = listing(f"{each:,}" for each in study.lengths)
    return (
        f"sizes outside {min(setup.sizes):,.0f} … {max(setup.sizes):,.0f}: nothing is extrapolated",
        f"models other than {study.model} (--model)",
        f'recipes and strengths other than those of "{study.views.name}" (--recipe)',
        f"trainings other than {lengths} epochs on the largest size (--epochs)",
        f"settings beyond the {study.tune} of the search (--tune)"
        if study.tune
        else "other learning rates and weight decays: all arms share one setting (--tune)",
        "real images from elsewhere: the rates count images like those of DATA",
    )
