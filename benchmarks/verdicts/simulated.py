"""Simulated comparisons: whether a test image is classified correctly is drawn from a model.

The logit of being right is the difficulty of the image (normal, mean 1.5, deviation 2: an accuracy
of 72 %), plus what the arm likes or dislikes about the image, plus an effect of the seed. Arms are
alike on average unless one is given a lead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from benchmarks.verdicts.rates import Rate
from train.statistics.intervals import LEVEL
from train.statistics.looks import Looks
from train.statistics.verdicts import Evidence, Pair, decide, measure

Right = NDArray[np.int8]
MARGIN = 0.25
DIFFICULTY = (1.5, 2.0)


@dataclass(frozen=True)
class World:
    """How many arms and test images there are, and how much seeds and arms differ.

    `by_seed` is the deviation of seeds, `by_image` that of arms from image to image, both on the
    scale of the logits; `lead` is added to the logits of the last arm.
    """

    images: int
    by_seed: float = 0.1
    by_image: float = 0.5
    arms: int = 3
    lead: float = 0.0

    def draw(self, rng: np.random.Generator, seeds: int) -> Right:
        """Draw which images each arm has right with each seed: arms × seeds × images."""
        difficulty = rng.normal(*DIFFICULTY, self.images)
        by_image = rng.normal(0, self.by_image, (self.arms, 1, self.images))
        effect = rng.normal(0, self.by_seed, (self.arms, seeds, 1))
        by_image[-1] += self.lead
        chances = 1 / (1 + np.exp(-(difficulty + by_image + effect)))
        return (rng.random(chances.shape, np.float32) < chances).astype(np.int8)

    def leading_by(self, points: float) -> World:
        """Return this world with a last arm that is better by so many points on average."""
        grid = np.linspace(-6, 6, 4001)
        weights = np.exp(-(grid**2) / 2) / np.exp(-(grid**2) / 2).sum()
        spread = float(np.sqrt(DIFFICULTY[1] ** 2 + self.by_image**2 + self.by_seed**2))

        def accuracy(lead: float) -> float:
            return float((weights / (1 + np.exp(-(DIFFICULTY[0] + lead + spread * grid)))).sum())

        found = optimize.brentq(lambda lead: accuracy(lead) - accuracy(0) - points / 100, 0, 5)
        return replace(self, lead=float(found))


def pairs_of(right: Right) -> list[Pair]:
    """Pair all arms."""
    pairs = []
    for one, other in combinations(range(len(right)), 2):
        table = right[one] - right[other]
        values = 100 * table.mean(axis=1, dtype=np.float64)
        pairs.append(Pair(f"arm {one}", f"arm {other}", values, images=table))
    return pairs


def claims(found: Sequence[Evidence], *, here: bool = False) -> bool:
    """Tell whether any pair is called better or worse."""
    intervals = (each.interval_here if here else each.interval for each in found)
    return any(decide(interval, MARGIN) in ("better", "worse") for interval in intervals)


def count(happened: Callable[[np.random.Generator], bool], repetitions: int, seed: int = 1) -> Rate:
    """Count how often something happens in repetitions, each with its own numbers."""
    every = (happened(np.random.default_rng((seed, each))) for each in range(repetitions))
    return Rate(sum(every), repetitions)


def false_verdicts(world: World, seeds: int, repetitions: int, *, here: bool) -> Rate:
    """Count the comparisons of equal arms in which any pair is called better or worse."""
    looks = Looks(seeds, (seeds,))

    def claimed(rng: np.random.Generator) -> bool:
        return claims(measure(pairs_of(world.draw(rng, seeds)), MARGIN, looks), here=here)

    return count(claimed, repetitions)


def unadjusted(world: World, seeds: int, repetitions: int) -> Rate:
    """Count the same for images like these if the t test over seeds alone were asked (Holm)."""

    def claimed(rng: np.random.Generator) -> bool:
        found = measure(pairs_of(world.draw(rng, seeds)), MARGIN)
        return min(each.p_t for each in found) * len(found) <= LEVEL

    return count(claimed, repetitions)


def until_decided(world: World, planned: int, steps: Sequence[int], repetitions: int) -> Rate:
    """Count the comparisons that claim a difference at any look; seeds are added until then."""

    def claimed(rng: np.random.Generator) -> bool:
        right = world.draw(rng, steps[-1])
        for number in range(len(steps)):
            seen = tuple(steps[: number + 1])
            pairs = pairs_of(right[:, : seen[-1]])
            if claims(measure(pairs, MARGIN, Looks(planned, seen))):
                return True
        return False

    return count(claimed, repetitions)


def false_harms(classes: int, world: World, seeds: int, repetitions: int) -> Rate:
    """Count the comparisons of equal arms in which any class of any arm is called harmed.

    `world.images` are the test images of one class; the other arms are compared with the first.
    """
    looks = Looks(seeds, (seeds,))

    def claimed(rng: np.random.Generator) -> bool:
        tables = [world.draw(rng, seeds) for _ in range(classes)]
        pairs = [
            Pair("arm", "first", 100 * table.mean(axis=1, dtype=np.float64), images=table)
            for right in tables
            for table in (right[arm] - right[0] for arm in range(1, world.arms))
        ]
        found = measure(pairs, MARGIN, looks)
        return any(each.interval is not None and each.interval.high < 0 for each in found)

    return count(claimed, repetitions)


def power(world: World, seeds: int, repetitions: int) -> tuple[Rate, Rate]:
    """Count how often the last arm is found better: on these images, for images like these."""
    looks = Looks(seeds, (seeds,))
    here = alike = 0
    for each in range(repetitions):
        right = world.draw(np.random.default_rng((2, each)), seeds)
        found = measure(pairs_of(right), MARGIN, looks)[world.arms - 2]
        here += found.interval_here is not None and found.interval_here.high < 0
        alike += found.interval is not None and found.interval.high < 0
    return Rate(here, repetitions), Rate(alike, repetitions)
