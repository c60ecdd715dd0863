"""Verdicts on all pairs of arms together, as numbers and as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from train.errors import TrainError
from train.statistics.bounds import Table, bound, samples
from train.statistics.crossed import crossed
from train.statistics.evidence import Evidence
from train.statistics.intervals import ALIKE, LEVEL, Interval, Values, numbers, paired
from train.statistics.looks import Look, Looks
from train.statistics.overlap import Shared, between_subsets, count_subsets
from train.statistics.power import FEWEST_SEEDS, Spread, images_for, more_seeds
from train.statistics.sentences import Judged, Name, format_verdict
from train.statistics.significance import paired_t, sign_flip


@dataclass(frozen=True, eq=False)
class Pair:
    """Two arms, the points that the first is ahead for each seed, and whether weights are equal.

    `images` (n×N, fractions in −1 … 1), where there is one, is how much more often right the first
    is, for each seed and test image. `replicates` are the numbers of the seeds, 0 to n − 1 unless
    some are missing; a look at s seeds judges those below s.
    """

    arm: str
    against: str
    differences: Values
    same_weights: bool = False
    images: Table | None = None
    replicates: Sequence[int] | None = None
    shared: Shared | None = None
    """The share of its sources that each seed has in common with each, if they have their own."""

    def __post_init__(self) -> None:
        for each in (self.images, self.replicates, self.shared):
            if each is not None and len(each) != len(self.differences):
                raise TrainError(
                    f"{self.arm} against {self.against}: {len(each)} rows, "
                    f"{len(self.differences)} seeds"
                )

    def first(self, seeds: int) -> Pair:
        """Return the pair as a look at so many seeds has it."""
        numbered = range(len(self.differences)) if self.replicates is None else self.replicates
        rows = [row for row, replicate in enumerate(numbered) if replicate < seeds]
        images = None if self.images is None else self.images[rows]
        values = numbers(self.differences)[rows] if rows else np.zeros(0)
        shared = None if self.shared is None else self.shared[np.ix_(rows, rows)]
        return Pair(self.arm, self.against, values, self.same_weights, images, shared=shared)


@dataclass(frozen=True)
class Verdict(Evidence):
    """The numbers of a pair, the verdict for images like these, and the one on these images.

    What is undecided would be decided by `more_seeds` (None: by no number up to 1,000) or else with
    `images_needed` test images (None: nor by them alone).
    """

    verdict: Name
    verdict_here: Name
    more_seeds: int | None
    images_needed: int | None
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain data, with the keys of comparison.json."""
        plain = {**vars(self)}
        plain["words"] = plain.pop("sentence")
        if self.draws is None:
            del plain["draws"]
        return plain


def judge(pairs: Sequence[Pair], margin: float, looks: Looks | None = None) -> list[Verdict]:
    """Judge each pair of one family: all pairs of arms trained for the same epochs.

    A verdict is read from its interval: "better" or "worse" where it leaves 0 out, otherwise
    "equivalent" where it lies within ±`margin` points, else "undecided"; "identical" are pairs with
    no difference in any seed and the same weights. Intervals come from `bound`: simultaneous over
    the pairs and the `looks` (None: one look at all seeds, which may spend all of the 5 %).
    """
    if not margin > 0:
        raise TrainError(f"the margin must be above 0 points, got {margin:g}")
    alpha = (looks.next_alpha if looks else LEVEL) / max(1, len(pairs))
    return [
        _judge(pair, evidence, margin, alpha)
        for pair, evidence in zip(pairs, measure(pairs, margin, looks), strict=True)
    ]


def measure(pairs: Sequence[Pair], margin: float, looks: Looks | None = None) -> list[Evidence]:
    """Measure each pair of one family, without a verdict."""
    return [_measure(pair, len(pairs), margin, looks) for pair in pairs]


def _measure(pair: Pair, family: int, margin: float, looks: Looks | None) -> Evidence:
    n, mean, sd, _ = paired(pair.differences)
    every = looks.looks if looks else (Look(max(n, *(pair.replicates or (0,))) + 1, LEVEL),)
    seen = [(pair.first(look.seeds), look) for look in every]
    drawn = [
        (samples(part.differences, part.images, part.shared), look)
        for part, look in seen
        if len(part.differences)
    ]
    here = bound([(each[0], look) for each, look in drawn], family, margin)
    alike = bound([(each[1] or each[0], look) for each, look in drawn], family, margin)
    _, last = samples(pair.differences, pair.images, pair.shared)
    both = crossed(pair.images) if last and pair.images is not None else None
    return Evidence(
        pair.arm,
        pair.against,
        n,
        mean,
        sd,
        images=None if pair.images is None else pair.images.shape[1],
        images_se=both.images_se if both else None,
        interval=alike.interval,
        interval_here=here.interval,
        p=alike.p,
        p_here=here.p,
        p_equivalence=alike.p_equivalence,
        p_t=paired_t(pair.differences),
        p_crossed=last.errors[1].p_value(mean) if last else None,
        p_signflip=sign_flip(pair.differences),
        draws=None if pair.shared is None else count_subsets(pair.shared),
    )


def _judge(pair: Pair, evidence: Evidence, margin: float, alpha: float) -> Verdict:
    identical = pair.same_weights and not np.any(pair.differences)
    name = decide(evidence.interval, margin, identical=identical)
    here = decide(evidence.interval_here, margin, identical=identical)
    overlap = 0.0 if pair.shared is None else between_subsets(pair.shared)
    undecided = name == "undecided"
    more, images = _outlook(evidence, margin, alpha, overlap) if undecided else (None, None)
    judged = Judged(name, here, more, images, margin)
    return Verdict(
        **vars(evidence),
        verdict=name,
        verdict_here=here,
        more_seeds=more,
        images_needed=images,
        sentence=format_verdict(evidence, judged),
    )


def decide(interval: Interval | None, margin: float, *, identical: bool = False) -> Name:
    """Read a verdict from the interval that it goes by; None, too few seeds, is undecided."""
    if identical:
        return "identical"
    if interval is None:
        return "undecided"
    if interval.low > ALIKE:
        return "better"
    if interval.high < -ALIKE:
        return "worse"
    inside = -margin + ALIKE < interval.low and interval.high < margin - ALIKE
    return "equivalent" if inside else "undecided"


def _outlook(
    evidence: Evidence, margin: float, alpha: float, overlap: float
) -> tuple[int | None, int | None]:
    """Return how many more seeds would decide, or with how many test images these seeds would.

    Where seeds have draws of their own, so would more of them; `overlap` is what two draws share.
    Nothing is known where seeds take fewer draws in turn.
    """
    n, sd = evidence.n, evidence.sd
    if evidence.draws is not None and evidence.draws < n:
        return None, None
    if sd is None:
        return max(n + 1, FEWEST_SEEDS) - n, None
    images = evidence.images or 1
    images_sd = (evidence.images_se or 0.0) * float(np.sqrt(images))
    known = evidence.images is not None and evidence.images > 1
    spread = Spread(sd, images_sd, images, alpha, overlap, unseen=known)
    more = more_seeds(spread, evidence.mean, margin, n)
    return more, None if more else images_for(spread, evidence.mean, margin, n)
