"""Sentences: a verdict in words, for images like these and on these test images."""

from __future__ import annotations

from typing import Literal, NamedTuple, assert_never

from train.statistics.evidence import Evidence
from train.statistics.intervals import LEVEL, Interval
from train.statistics.looks import Looks
from train.statistics.power import FEWEST_SEEDS, MOST_MORE_SEEDS

Name = Literal["identical", "better", "worse", "equivalent", "undecided"]
ALIKE_WORDS = "for images like these"
"""What a verdict speaks of where seeds and test images are drawn again."""


def here_words(images: int | None) -> str:
    """Return what a verdict speaks of where only seeds are drawn again."""
    return "on these test images" if images is None else f"on these {images:,} test images"


class Judged(NamedTuple):
    """What is said of a pair: both verdicts, what would decide it, and the margin in points."""

    name: Name
    here: Name
    more_seeds: int | None
    images_needed: int | None
    margin: float


def format_looks(looks: Looks) -> str:
    """Say which look this is, which share of the 5 % it may spend, and what is left."""
    *before, last = looks.looks
    seeds = f"{last.seeds:,} seed{'s' * (last.seeds != 1)}"
    if not looks.decides:
        few = seeds if last.seeds < FEWEST_SEEDS else f"{looks.draws} draws"
        return f"With {few} nothing is decided, so none of the 5 % for false claims is spent."
    planned = f"{looks.planned:,} were planned" if last.seeds != looks.planned else "as planned"
    spent = ", ".join(f"{_share(look.alpha)} with {look.seeds:,} seeds" for look in before)
    earlier = f" Earlier looks spent {spent}." if before else ""
    rest = LEVEL - sum(look.alpha for look in looks.looks)
    return (
        f"Look {len(looks.looks)}, with {seeds} ({planned}): of the 5 % for false claims it spends "
        f"{_share(last.alpha)}, and {_share(rest)} is kept for looks with more seeds.{earlier}"
    )


def _share(alpha: float) -> str:
    return f"{100 * alpha:.3g} %"


def format_verdict(pair: Evidence, judged: Judged) -> str:
    """Format the verdict as a sentence, with the one on these images where images are known."""
    main = _main(pair, judged)
    if judged.name == "identical" or pair.images is None or pair.interval_here is None:
        return main
    return f"{main}; {_here(pair, judged)}"


def _main(pair: Evidence, judged: Judged) -> str:
    name, bounds, margin = judged.name, pair.interval, judged.margin
    frame = "" if pair.images is None else f" {ALIKE_WORDS}"
    if name == "identical":
        seeds = "the only seed" if pair.n == 1 else f"all {pair.n} seeds"
        weights = f"same weights in {seeds}"
        return f"{pair.arm} and {pair.against} are identical ({weights}): no view repeats yet"
    if name == "equivalent":
        within = f"within {margin:g} points ({_bounds(bounds)})"
        return f"{pair.arm} is as good as {pair.against}{frame} {within}"
    if name == "undecided":
        size = f"difference {format_points(pair.mean)} points, {_bounds(bounds, pair.n)}"
        start = f"{pair.arm} against {pair.against}: undecided{frame}"
        return f"{start}; {format_outlook(pair, judged.more_seeds, judged.images_needed)} ({size})"
    if name != "better" and name != "worse":
        assert_never(name)
    mean, ends = (pair.mean, bounds) if name == "better" else (-pair.mean, _mirrored(bounds))
    less = f", by less than the margin of {margin:g} points" if _inside(bounds, margin) else ""
    size = f"{format_points(mean)} points ({_bounds(ends)})"
    return f"{pair.arm} is {name} than {pair.against}{frame} by {size}{less}"


def _here(pair: Evidence, judged: Judged) -> str:
    """Format the verdict on these images: the interval alone if it is the same."""
    name, bounds = judged.here, pair.interval_here
    where = here_words(pair.images)
    if name == judged.name and same_here(pair):
        return f"the same {where}"
    ends = _mirrored(bounds) if name == "worse" else bounds
    span = _span(ends)
    if name == judged.name:
        return f"{where} {span}"
    if name == "equivalent":
        return f"{where} as good ({span})"
    return f"{where} {name} ({span})"


def same_here(pair: Evidence) -> bool:
    """Tell whether both intervals read the same, since the seeds decide how wide they are."""
    return _span(pair.interval) == _span(pair.interval_here)


def format_outlook(pair: Evidence, more: int | None, images: int | None) -> str:
    """Say what would decide an undecided pair."""
    least, draws = FEWEST_SEEDS, pair.draws
    if pair.n < least:
        return f"at least {least} seeds are needed, {least - pair.n} more"
    if draws is not None and draws < least:
        return f"at least {least} draws are needed, {least - draws} more"
    if draws is not None and draws < pair.n:
        return "more draws (--draws) tell more than more seeds"
    own = "" if draws is None else ", each with its own draw,"
    if more is not None:
        return f"about {more:,} more {'seed' if more == 1 else 'seeds'}{own} would decide"
    if images is not None:
        return f"more seeds would not decide, about {images:,} test images would"
    return f"{MOST_MORE_SEEDS:,} more seeds{own} would not decide"


def _inside(bounds: Interval | None, margin: float) -> bool:
    return bounds is not None and -margin < bounds.low and bounds.high < margin


def _mirrored(bounds: Interval | None) -> Interval | None:
    return Interval(-bounds.high, -bounds.low) if bounds else None


def _bounds(bounds: Interval | None, seeds: int = 0) -> str:
    if bounds:
        return f"95 % interval {_span(bounds)}"
    return "from a single seed" if seeds == 1 else f"from {seeds} seeds"


def _span(bounds: Interval | None) -> str:
    return f"{format_points(bounds.low)} … {format_points(bounds.high)}" if bounds else "–"


def format_points(value: float) -> str:
    """Format points with two decimals, or four if two would show zero."""
    text = f"{value:.2f}" if abs(value) >= 0.005 else f"{value:.4f}"
    return "0.00" if not float(text) else text.replace("-", "−")
