"""Evidence: the numbers of a difference between two arms, without a verdict."""

from __future__ import annotations

from dataclasses import dataclass, field

from train.statistics.intervals import Interval


@dataclass(frozen=True)
class Evidence:
    """The numbers of a pair: differences in points, intervals and p values.

    `interval` is the one that the verdict goes by; `interval_here` that of the verdict on these
    test images alone. Both hold for all pairs of the family and all looks together in 95 % of
    studies. They are None for fewer than six seeds. `p` and `p_here` belong to them: at most 0.05
    where they leave 0 out; `p_equivalence` is at most 0.05 where `interval` lies within the margin.
    `p_t` (seeds), `p_crossed` (seeds and images) and `p_signflip` are those of this pair and look
    alone. `images` counts the test images (None: not known, `interval` is then `interval_here`),
    `images_se` is what a new draw of them adds to the standard error, in points. `draws` counts the
    subsets of the sources that the seeds learned from (None: all from the same sources).
    """

    arm: str
    against: str
    n: int
    mean: float
    sd: float | None
    images: int | None
    images_se: float | None
    interval: Interval | None
    interval_here: Interval | None
    p: float
    p_here: float
    p_equivalence: float
    p_t: float
    p_crossed: float | None
    p_signflip: float
    draws: int | None = field(default=None, kw_only=True)
