"""The report: accuracies, verdicts on all pairs, and the difference that could have been found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from benchmarks.published.study import ARMS, Arm
from train.report.formatting import points, points_range
from train.statistics.intervals import Estimate, Interval, paired
from train.statistics.looks import Looks
from train.statistics.overlap import Shared
from train.statistics.power import Spread
from train.statistics.verdicts import Pair, Verdict, judge
from train.trials.results import TrialResult

MARGIN = 0.25


@dataclass(frozen=True)
class Found:
    """The accuracy of each arm in percent, the verdicts, and what could have been found."""

    accuracies: tuple[tuple[Arm, Estimate], ...]
    verdicts: tuple[Verdict, ...]
    detectable: tuple[float | None, ...]
    """For each verdict, the difference in points that is found with a power of 80 %."""
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain data."""
        return {
            "accuracies": {arm.name: estimate._asdict() for arm, estimate in self.accuracies},
            "verdicts": [each.to_dict() for each in self.verdicts],
            "detectable": list(self.detectable),
            "seconds": self.seconds,
        }


def find(results: Sequence[TrialResult], images: int, shared: Shared) -> Found:
    """Judge all pairs of arms; `shared` is what the draws of two seeds have in common."""
    grouped = {arm: _of(results, arm) for arm in ARMS}
    seeds = min(map(len, grouped.values()))
    accuracies = {arm: [100 * each.accuracy for each in some] for arm, some in grouped.items()}
    pairs = [_pair(grouped, one, other, images, shared) for other, one in combinations(ARMS, 2)]
    looks = Looks(seeds, (seeds,))
    verdicts = judge(pairs, MARGIN, looks)
    alpha = looks.next_alpha / len(pairs)
    return Found(
        tuple((arm, paired(values)) for arm, values in accuracies.items()),
        tuple(verdicts),
        tuple(_detectable(each, alpha) for each in verdicts),
        sum(each.wall_seconds for each in results),
    )


def _of(results: Sequence[TrialResult], arm: Arm) -> list[TrialResult]:
    own = [each for each in results if each.arm == arm.name]
    return sorted(own, key=lambda each: each.replicate)


def _pair(
    grouped: dict[Arm, list[TrialResult]], one: Arm, other: Arm, images: int, shared: Shared
) -> Pair:
    right = [
        np.array([each.right(images) for each in grouped[arm]], np.int8) for arm in (one, other)
    ]
    table = right[0] - right[1]
    values = 100 * table.mean(axis=1, dtype=np.float64)
    return Pair(one.name, other.name, values, images=table, shared=shared)


def _detectable(verdict: Verdict, alpha: float) -> float | None:
    if verdict.sd is None:
        return None
    images = verdict.images or 1
    images_sd = (verdict.images_se or 0.0) * images**0.5
    return Spread(verdict.sd, images_sd, images, alpha).detectable(verdict.n)


def markdown(found: Found, told: str) -> str:
    """Return the report as Markdown; `told` says what was trained."""
    lines = ["# TrivialAugment and RandAugment against flip and crop", "", told, ""]
    lines += ["| arm | test accuracy |", "|---|---|"]
    for arm, estimate in found.accuracies:
        lines.append(f"| {arm.name} | {estimate.mean:.2f} %{_span(estimate.interval)} |")
    lines += ["", "| pair | difference in points | verdict | would be found in 4 of 5 studies |"]
    lines += ["|---|---|---|---|"]
    for verdict, least in zip(found.verdicts, found.detectable, strict=True):
        pair = f"{verdict.arm} − {verdict.against}"
        reach = "–" if least is None else f"{least:.2f} points"
        span = f" ({points_range(verdict.interval)})" if verdict.interval else ""
        shown = f"{points(verdict.mean)}{span}"
        lines.append(f"| {pair} | {shown} | {verdict.verdict} | {reach} |")
    return "\n".join([*lines, "", *(f"- {each.sentence}" for each in found.verdicts), ""])


def _span(interval: Interval | None) -> str:
    return f" ({interval.low:.2f} … {interval.high:.2f})" if interval else ""
