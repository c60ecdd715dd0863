"""Balance: how many views the images of each class get, so that small classes catch up.

View k stays what it is; a balance decides how many views of an image are written. Originals are
never left out. The counts of a class come in whole views of each of its images: a class of 30
images can have 30, 60 or 90 files.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from expand.errors import ExpandError, shown
from expand.techniques.ranges import MOST_FACTOR, is_whole

RULES = "max, median, a number of files or repeat=SHARE"
REPEAT, MOST_FILES = "repeat=", 10**12


@dataclass(frozen=True)
class Balance:
    """A rule for the counts of classes, and the number of views that it gave each; checks itself.

    `rule` is what --balance takes. "max": every class gets as many files as the largest class has
    after the expansion; "median": as many as the class in the middle; a number: that many files.
    "repeat=0.1": the views of a class are √(0.1 / its share of the images) times the factor, at
    least the factor and rounded up, as ClassBalancedDataset of MMEngine repeats images (Gupta and
    others, LVIS, 2019). There, an image with several objects takes the most of their classes; one
    without objects gets the factor.
    """

    rule: str
    most: int | None = None
    """--most: views of an image at most, the original counted."""
    factors: tuple[tuple[str, int], ...] = ()
    """Views of each image of a class, by class; a plan knows them. If images have objects, that is
    the least that images with an object of the class get, and "" stands for those without."""

    def __post_init__(self) -> None:
        if not isinstance(self.rule, str):
            raise ExpandError(f"--balance must be {RULES}, got {shown(self.rule)}")
        self._check_rule()
        if self.most is not None and (not is_whole(self.most) or self.most < 1):
            raise ExpandError(f"--most must be at least 1, got {shown(self.most)}")
        for label, factor in self.factors:
            if not isinstance(label, str) or not is_whole(factor) or not 1 <= factor <= MOST_FACTOR:
                raise ExpandError('the run card has a "balance" that cannot be used')

    def _check_rule(self) -> None:
        if self.rule in ("max", "median"):
            return
        repeats, number = self.rule.startswith(REPEAT), self.rule.removeprefix(REPEAT)
        try:
            value = float(number) if repeats else int(number.encode("ascii"))
        except ValueError:
            raise ExpandError(f"--balance must be {RULES}, got {shown(self.rule)}") from None
        if repeats and not 0 < value <= 1:
            raise ExpandError(
                f"the share of --balance repeat= must be above 0 and at most 1, got {shown(number)}"
            )
        if not repeats and not 1 <= value <= MOST_FILES:
            raise ExpandError(
                f"--balance must be 1 … {MOST_FILES:,} files in each class, got {shown(number)}"
            )

    @property
    def is_count(self) -> bool:
        """Whether the rule is a number of files, whatever the factor."""
        return self.rule not in ("max", "median") and not self.rule.startswith(REPEAT)

    @property
    def options(self) -> str:
        """The options that ask for it: --balance max --most 100."""
        return f"--balance {self.rule}" + (f" --most {self.most}" if self.most else "")

    @property
    def repeats(self) -> bool:
        """Whether views depend on the share of images that have a class."""
        return self.rule.startswith(REPEAT)

    @property
    def of_objects(self) -> bool:
        """Whether it is for images with several objects; known once it is complete."""
        return "" in self.by_label

    def complete(self, factor: int, counts: Mapping[str, int]) -> Balance:
        """Return this balance with the views of each class; `counts` are the images of each.

        `factor` is that of the run. Raise ExpandError for more views than a class can have.
        """
        return self._with(
            {label: self._factor(factor, count, counts) for label, count in counts.items()}
        )

    def complete_objects(self, factor: int, counts: Mapping[str, int], images: int) -> Balance:
        """Return this balance with the views of each class of objects.

        `counts` are the images that have an object of each class, of `images` in all.
        """
        factors = {label: self._repeat(factor, count / images) for label, count in counts.items()}
        return self._with({"": self._repeat(factor, 1), **factors})

    def _with(self, factors: Mapping[str, int]) -> Balance:
        if largest := [label for label, views in factors.items() if views > MOST_FACTOR]:
            raise ExpandError(
                f'--balance {self.rule} gives each image of class "{largest[0]}" '
                f"{factors[largest[0]]:,} views; {MOST_FACTOR:,} are possible. Cap them with --most"
            )
        return replace(self, factors=tuple(sorted(factors.items())))

    def _factor(self, factor: int, count: int, counts: Mapping[str, int]) -> int:
        """Return how many views each image of a class of `count` images gets."""
        if self.repeats:
            return self._repeat(factor, count / sum(counts.values()))
        views = max(1, math.floor(self._target(factor, counts) / count + 0.5))
        return min(views, self.most or views)

    def _repeat(self, factor: int, share: float) -> int:
        """Return how many views each image gets of a class that a share of the images has."""
        repeat = math.sqrt(float(self.rule.removeprefix(REPEAT)) / share)
        views = math.ceil(factor * max(1.0, repeat) - 1e-9)
        return min(views, self.most or views)

    def _target(self, factor: int, counts: Mapping[str, int]) -> float:
        """Return how many files each class is to have."""
        if self.rule == "max":
            return factor * max(counts.values())
        if self.rule == "median":
            from statistics import median  # loads fractions and decimal numbers

            return float(factor * median(counts.values()))
        return int(self.rule)

    @cached_property
    def by_label(self) -> dict[str, int]:
        """Views of each image of a class, by class."""
        return dict(self.factors)

    def to_dict(self) -> dict[str, Any]:
        """Return the balance as plain data."""
        return {"rule": self.rule, "most": self.most, "factors": dict(self.factors)}

    @classmethod
    def from_dict(cls, data: Any) -> Balance:
        """Build it from plain data; raise ExpandError for anything else."""
        if not isinstance(data, dict) or not isinstance(data.get("factors"), dict):
            raise ExpandError('the run card has a "balance" that cannot be used')
        return cls(data.get("rule", ""), data.get("most"), tuple(data["factors"].items()))
