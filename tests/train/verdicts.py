"""Verdicts made by hand, for tests of what is said and shown of them."""

from __future__ import annotations

from typing import Any

from train.statistics.intervals import Interval
from train.statistics.sentences import Name
from train.statistics.verdicts import Verdict


def verdict_of(
    arm: str,
    against: str,
    name: Name,
    mean: float,
    bounds: tuple[float, float] | None,
    **changes: Any,
) -> Verdict:
    """Return a verdict on six seeds; without test images, so that only one interval is shown.

    With `images` the one on these images is the same, unless `changes` say otherwise.
    """
    interval = Interval(*bounds) if bounds else None
    plain: dict[str, Any] = {
        "n": 6, "sd": 0.1, "images": None, "images_se": None, "interval_here": interval, "p": 0.0123, "p_here": 0.0123,
        "p_equivalence": 0.9997, "p_t": 0.0004, "p_crossed": 0.0005, "p_signflip": 0.03125, "verdict_here": name,
        "more_seeds": None, "images_needed": None, "sentence": "",
    }  # fmt: skip
    return Verdict(
        **{
            **plain,
            **changes,
            "arm": arm,
            "against": against,
            "mean": mean,
            "interval": interval,
            "verdict": name,
        }
    )
