"""A stored comparison computed again from its trials, with scipy and statsmodels alone.

Written from docs/comparing.md, "How verdicts are computed", and from the files of a comparison; nothing is imported from
`train`.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW

Array = NDArray[np.float64]
Trials = dict[tuple[str, int, int], dict[str, Any]]


class Part(NamedTuple):
    """What one look says of one difference, on one of the two questions."""

    low: float
    high: float
    p: float
    p_equivalence: float


class Stored:
    """The trials of a stored comparison, and what it says of them; `classes` has that of each test image."""

    def __init__(self, folder: Path, classes: Sequence[str]) -> None:
        self.said: dict[str, Any] = json.loads((folder / "comparison.json").read_text("utf-8"))
        self.classes = np.array(classes)
        self.margin = float(self.said["settings"]["margin in points"])
        trials = [json.loads(path.read_text("utf-8")) for path in (folder / "runs").glob("*.json")]
        self.trials: Trials = {
            (t["arm"], t.get("epochs_asked", t.get("length")), t["replicate"]): t for t in trials
        }

    def right(self, arm: str, epochs: int) -> Array:
        """Return which images each seed had right: seeds × images, in the order of the seeds."""
        seeds = range(self.said["looks"]["looks"][-1]["seeds"])
        rows = [base64.b64decode(self.trials[arm, epochs, seed]["right"]) for seed in seeds]
        bits = [
            np.unpackbits(np.frombuffer(row, np.uint8), count=len(self.classes)) for row in rows
        ]
        return np.array(bits, float)

    def looks(self) -> list[tuple[int, float]]:
        """Return the seeds of each look, and what it spends of the 5 %."""
        planned, spent, left, looks = self.said["looks"]["planned"], 0.0, 0.01, []
        for seeds in (look["seeds"] for look in self.said["looks"]["looks"]):
            goal = 0.04 * math.log(1 + (math.e - 1) * min(1, seeds / planned))
            if goal > spent + 1e-12:
                looks.append((seeds, goal - spent))
                spent = goal
            else:
                left /= 2
                looks.append((seeds, left))
        return looks

    def judge(self, tables: Sequence[Array], *, alike: bool) -> list[Part]:
        """Judge a family of differences (seeds × images) by all looks."""
        family = [
            [
                look_at(table[:seeds], alpha, len(tables), self.margin, alike=alike)
                for seeds, alpha in self.looks()
            ]
            for table in tables
        ]
        return [
            together(looks, float(100 * table.mean()))
            for looks, table in zip(family, tables, strict=True)
        ]


def together(looks: Sequence[Part], mean: float) -> Part:
    """Return what lies in the intervals of all looks; the last one where that leaves out the mean."""
    low, high = max(look.low for look in looks), min(look.high for look in looks)
    if not low <= mean <= high:
        return looks[-1]
    return Part(low, high, min(look.p for look in looks), min(look.p_equivalence for look in looks))


def look_at(table: Array, alpha: float, family: int, margin: float, *, alike: bool) -> Part:
    """Return the interval and the p values of one difference at one look."""
    values = 100 * table.mean(axis=1)
    errors = [over_seeds(values), *([over_both(table)] if alike else [])]
    reach = max(stats.t.ppf(1 - alpha / family / 2, df) * se for se, df in errors)
    if alike:  # an upper limit of Clopper and Pearson: of no image, how many may differ
        reach = max(reach, 100 * stats.beta.ppf(1 - alpha / family / 2, 1, table.shape[1]))
    low, high = flips(values)
    mean = values.mean()

    def p_value(tested: float) -> float:
        worst = max(
            2 * stats.t.sf(abs(mean - tested) / se, df)
            if se > 0
            else float(abs(mean - tested) < 1e-9)
            for se, df in errors
        )
        if alike:
            worst = max(
                worst, min(1.0, 2 * stats.binom.pmf(0, table.shape[1], abs(mean - tested) / 100))
            )
        adjusted = multipletests([worst] + [1.0] * (family - 1), method="bonferroni")[1][0]
        flipped = stats.permutation_test(
            (values - tested,),
            np.mean,
            permutation_type="samples",
            vectorized=True,
            n_resamples=np.inf,
        ).pvalue
        return float(max(min(1.0, adjusted * 0.05 / alpha), flipped))

    equivalent = max(p_value(margin), p_value(-margin)) if abs(mean) < margin else 1.0
    return Part(min(mean - reach, low), max(mean + reach, high), p_value(0.0), equivalent)


def over_seeds(values: Array) -> tuple[float, float]:
    """Return the standard error of the mean over seeds, and its degrees of freedom."""
    described = DescrStatsW(values)
    return float(described.std_mean), len(values) - 1.0


def over_both(table: Array) -> tuple[float, float]:
    """Return the standard error over seeds and images from a two-way analysis of variance."""
    (n, images), (seed, image) = table.shape, np.indices(table.shape)
    frame = {"y": 100 * table.ravel(), "seed": seed.ravel(), "image": image.ravel()}
    by_seed, by_image, rest = sm.stats.anova_lm(ols("y ~ C(seed) + C(image)", frame).fit())[
        "mean_sq"
    ]
    if by_image <= rest:
        return math.sqrt(by_seed / table.size), n - 1.0
    top = by_seed + by_image - rest
    df = top**2 / (
        by_seed**2 / (n - 1) + by_image**2 / (images - 1) + rest**2 / ((n - 1) * (images - 1))
    )
    return math.sqrt(top / table.size), float(df)


def flips(values: Array) -> tuple[float, float]:
    """Return the interval of the sign-flip test: the k-th smallest and k-th largest mean of a subset."""
    numbers = range(1, len(values) + 1)
    means = sorted(float(np.mean(part)) for size in numbers for part in combinations(values, size))
    k = int(0.025 * 2 ** len(values))
    return means[k - 1], means[-k]


def verdict(part: Part, margin: float) -> str:
    """Read the verdict from the interval."""
    if part.low > 1e-9 or part.high < -1e-9:
        return "better" if part.low > 0 else "worse"
    return "equivalent" if -margin < part.low and part.high < margin else "undecided"
