"""Headlines: the verdicts on several pairs, together in one short sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from train.report.formatting import listing
from train.statistics.intervals import Interval
from train.statistics.power import FEWEST_SEEDS
from train.statistics.sentences import Name, format_points
from train.statistics.verdicts import Verdict


class _Pair(NamedTuple):
    """A pair as the sentence says it: of two arms that differ, the better one is first."""

    first: str
    second: str
    name: Name
    mean: float
    interval: Interval | None

    @property
    def most(self) -> float:
        """By how many points the arms differ at most."""
        return max(map(abs, self.interval)) if self.interval else float("nan")


def format_together(verdicts: Sequence[Verdict], *, here: bool = False) -> str:
    """Say which arms are better, which are as good, and how far apart the others are at most.

    `here`: the verdicts on these test images, not those for images like these.
    """
    pairs = [_pair(verdict, here=here) for verdict in verdicts]
    decided = [*_better(pairs), *_as_good(pairs), *_identical(pairs)]
    undecided = [pair for pair in pairs if pair.name == "undecided"]
    if not undecided:
        return "; ".join(decided)
    known = [pair for pair in undecided if pair.interval]
    if not known and not decided:
        return f"nothing is decided, {_too_few(verdicts)}"
    start = "undecided: " if decided else "nothing is decided; "
    open_ = [f"{start}{_apart(known)}"] if known else []
    few = [f"{pair.first} against {pair.second}" for pair in undecided if not pair.interval]
    open_ += [f"no verdict on {listing(few)}, {_too_few(verdicts)}"] if few else []
    return "; ".join([*decided, *open_])


def _pair(verdict: Verdict, *, here: bool) -> _Pair:
    name = verdict.verdict_here if here else verdict.verdict
    interval = verdict.interval_here if here else verdict.interval
    if name != "worse":
        return _Pair(verdict.arm, verdict.against, name, verdict.mean, interval)
    turned = interval and Interval(-interval.high, -interval.low)
    return _Pair(verdict.against, verdict.arm, "better", -verdict.mean, turned)


def _better(pairs: Sequence[_Pair]) -> list[str]:
    """Say of each arm which others it is better than: the one that is better than most first."""
    own: dict[str, list[_Pair]] = {}
    for pair in pairs:
        if pair.name == "better":
            own.setdefault(pair.first, []).append(pair)
    ordered = sorted(own.items(), key=lambda each: -len(each[1]))
    return [f"{arm} is better than {listing(map(_by, some))}" for arm, some in ordered]


def _by(pair: _Pair) -> str:
    low, high = pair.interval or (float("nan"), float("nan"))
    span = f"{format_points(low)} … {format_points(high)}"
    return f"{pair.second} by {format_points(pair.mean)} points ({span})"


def _as_good(pairs: Sequence[_Pair]) -> list[str]:
    return [
        f"{pair.first} is as good as {pair.second}, within {format_points(pair.most)} points"
        for pair in pairs
        if pair.name == "equivalent"
    ]


def _identical(pairs: Sequence[_Pair]) -> list[str]:
    return [
        f"{pair.first} and {pair.second} are identical"
        for pair in pairs
        if pair.name == "identical"
    ]


def _apart(pairs: Sequence[_Pair]) -> str:
    """Say by how much arms differ at most; those with the same second arm together."""
    groups: dict[str, list[_Pair]] = {}
    for pair in pairs:
        groups.setdefault(pair.second, []).append(pair)
    return ", ".join(
        f"{_which(some)} by at most {format_points(max(pair.most for pair in some))} points"
        for some in groups.values()
    )


def _which(pairs: Sequence[_Pair]) -> str:
    if len(pairs) == 1:
        return f"{pairs[0].first} and {pairs[0].second} differ"
    return f"{listing(pair.first for pair in pairs)} differ from {pairs[0].second}"


def _too_few(verdicts: Sequence[Verdict]) -> str:
    """Say how many seeds, or draws, a verdict takes, and how many there are."""
    seeds = min(each.n for each in verdicts)
    draws = min((each.draws for each in verdicts if each.draws is not None), default=seeds)
    noun, count = ("seed", seeds) if seeds < FEWEST_SEEDS else ("draw", draws)
    verb = "is" if count == 1 else "are"
    return f"which takes at least {FEWEST_SEEDS} {noun}s (there {verb} {count})"
