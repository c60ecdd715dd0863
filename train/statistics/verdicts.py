"""Verdicts on all pairs of arms together, as numbers and as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, assert_never

import numpy as np
from numpy.typing import NDArray

from train.errors import TrainError
from train.statistics.bootstrap import bca, bca_crossed
from train.statistics.intervals import LEVEL, Estimate, Interval, Values, paired
from train.statistics.power import FEWEST_SEEDS, MOST_MORE_SEEDS, more_seeds
from train.statistics.significance import equivalence, holm, paired_t, sign_flip

Name = Literal["identical", "better", "worse", "equivalent", "undecided"]


@dataclass(frozen=True, eq=False)
class Pair:
    """Two arms, the points that the first is ahead for each seed, and whether weights are equal.

    `images` (n×N, −1, 0, 1), where there is one, is how much more often right the first is, for
    each seed and test image.
    """

    arm: str
    against: str
    differences: Values
    same_weights: bool = False
    images: NDArray[np.int8] | None = None

    def __post_init__(self) -> None:
        if self.images is not None and len(self.images) != len(self.differences):
            raise TrainError(
                f"{self.arm} against {self.against}: {len(self.images)} rows, "
                f"{len(self.differences)} seeds"
            )


@dataclass(frozen=True)
class Evidence:
    """The numbers of a pair: differences in points, 95 % intervals, p values.

    `interval` (t) is the one that verdicts go with; `bca` resamples seeds, `bca_images` seeds and
    test images. `p_holm` is `p_t` adjusted for the family, `p_equivalence` is adjusted likewise,
    `p_signflip` is not adjusted.
    """

    arm: str
    against: str
    n: int
    mean: float
    sd: float | None
    interval: Interval | None
    bca: Interval | None
    bca_images: Interval | None
    p_t: float
    p_signflip: float
    p_holm: float
    p_equivalence: float


@dataclass(frozen=True)
class Verdict(Evidence):
    """The numbers of a pair and the verdict on it.

    `more_seeds` would decide what is undecided (None: more than 1,000).
    """

    verdict: Name
    more_seeds: int | None
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain data, with the keys of comparison.json and ablation.json."""
        plain = {**vars(self)}
        plain["words"] = plain.pop("sentence")
        return plain


def judge(pairs: Sequence[Pair], margin: float) -> list[Verdict]:
    """Judge each pair of one family: all pairs of arms trained for the same epochs.

    "identical": no difference in any seed, and the same weights. "better", "worse": the paired t
    test says so at 5 % after Holm's adjustment over the family, and so does the exact sign-flip
    test of this pair alone, which assumes no distribution; it cannot go below 2/2ⁿ, which makes six
    seeds the floor. "equivalent": otherwise, if two one-sided tests within ±`margin` points say so
    at 5 %, Holm-adjusted over the same family, from six seeds on too. Else "undecided".

    Of 1,000 simulated families of three equal arms, 3.7 % (six seeds) and 4.6 % (ten) had a pair
    called better or worse; of those with an arm that was better by 0.3 points, at a deviation of
    0.15, 99 % had it found with ten seeds.
    """
    if not margin > 0:
        raise TrainError(f"the margin must be above 0 points, got {margin:g}")
    differ = [paired_t(pair.differences) for pair in pairs]
    near = holm([equivalence(pair.differences, margin) for pair in pairs])
    strictest = LEVEL / max(1, len(pairs))
    verdicts = []
    for pair, p_t, p_holm, p_equivalence in zip(pairs, differ, holm(differ), near, strict=True):
        estimate = paired(pair.differences)
        evidence = _evidence(pair, estimate, p_t, p_holm, p_equivalence)
        name = _decide(evidence, pair.same_weights and not np.any(pair.differences))
        more = more_seeds(estimate, margin, strictest) if name == "undecided" else None
        sentence = _sentence(evidence, name, more, margin)
        verdicts.append(Verdict(**vars(evidence), verdict=name, more_seeds=more, sentence=sentence))
    return verdicts


def _evidence(
    pair: Pair, estimate: Estimate, p_t: float, p_holm: float, p_equivalence: float
) -> Evidence:
    return Evidence(
        pair.arm,
        pair.against,
        *estimate,
        bca=bca(pair.differences),
        bca_images=None if pair.images is None else bca_crossed(pair.images),
        p_t=p_t,
        p_signflip=sign_flip(pair.differences),
        p_holm=p_holm,
        p_equivalence=p_equivalence,
    )


def _decide(evidence: Evidence, identical: bool) -> Name:
    if identical:
        return "identical"
    if max(evidence.p_holm, evidence.p_signflip) <= LEVEL:
        return "better" if evidence.mean > 0 else "worse"
    if evidence.n >= FEWEST_SEEDS and evidence.p_equivalence <= LEVEL:
        return "equivalent"
    return "undecided"


def _sentence(evidence: Evidence, name: Name, more: int | None, margin: float) -> str:
    """Format the verdict as a sentence."""
    arm, against, mean, bounds = evidence.arm, evidence.against, evidence.mean, evidence.interval
    if name == "identical":
        seeds = "the only seed" if evidence.n == 1 else f"all {evidence.n} seeds"
        return f"{arm} and {against} are identical (same weights in {seeds}): no view repeats yet"
    if name == "equivalent":
        return f"{arm} is as good as {against} within {margin:g} points ({_bounds(bounds)})"
    if name == "undecided":
        difference = f"difference {_points(mean)} points, {_bounds(bounds)}"
        return f"{arm} against {against}: undecided; {_outlook(more)} ({difference})"
    if name != "better" and name != "worse":
        assert_never(name)
    if name == "worse" and bounds:
        mean, bounds = -mean, Interval(-bounds.high, -bounds.low)
    less = (
        f", by less than the margin of {margin:g} points" if evidence.p_equivalence <= LEVEL else ""
    )
    return f"{arm} is {name} than {against} by {_points(mean)} points ({_bounds(bounds)}){less}"


def _outlook(more: int | None) -> str:
    if more is None:
        return f"more than {MOST_MORE_SEEDS:,} more seeds would be needed"
    return f"about {more:,} more {'seed' if more == 1 else 'seeds'} would decide"


def _bounds(bounds: Interval | None) -> str:
    return (
        f"95 % interval {_points(bounds.low)} … {_points(bounds.high)}"
        if bounds
        else "from a single seed"
    )


def _points(value: float) -> str:
    """Format points with two decimals, or four if two would show zero."""
    text = f"{value:.2f}" if abs(value) >= 0.005 else f"{value:.4f}"
    return "0.00" if not float(text) else text.replace("-", "−")
