"""Trained comparisons: small models on drawn images, compared with themselves and with each other.

A pool of trials is trained once, each from a seed of its own, and tested on many more images than a
comparison has. Every comparison then takes trials of its own, and test images of its own where the
question is about images like these; the truth is the mean of all trials on all images.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.verdicts.rates import Rate
from benchmarks.verdicts.simulated import MARGIN, Right, claims
from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.recipes.recipe import Recipe
from expand.storage.files import write_whole
from train.compare.arms import Arm
from train.compare.study import ComparisonStudy
from train.data.cache import Cache
from train.fit.hyperparameters import Hyperparameters
from train.statistics.looks import Looks
from train.statistics.verdicts import Pair, measure
from train.trials.context import trial_context
from train.trials.runner import run_trial
from train.trials.study import Trial

CLASSES = ("falling", "level", "rising")
SIDE, CONTRAST, EPOCHS = 16, 60, 3
SOURCES, SHOWN, POOL = 12, 300, 700
"""Sources of each class, test images of each comparison, and of each class in the pool."""
KEPT_AT_ONCE = 10
"""Trials after which the file that keeps them is written."""


def draw_images(folder: Path, count: int, seed: int) -> Path:
    """Draw `count` noisy stripes of each class, a class being a slope."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    for slope, name in zip((-1, 0, 1), CLASSES, strict=True):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            phase = rng.uniform(0, 2 * np.pi)
            stripes = CONTRAST * np.sin(0.8 * (y + slope * x) + phase)
            pixels = 128 + stripes + rng.normal(0, 40, (SIDE, SIDE))
            data = encode(np.clip(pixels, 0, 255).astype(np.uint8), Encoding("PNG"))
            (folder / name / f"{number:05d}.png").write_bytes(data)
    return folder


def train_pool(folder: Path, arm: str, seeds: Sequence[int], done: Callable[[int], None]) -> Right:
    """Train a trial of an arm for each seed; return which test images each had right."""
    study = ComparisonStudy(
        data=folder / "train",
        test=folder / "test",
        arms=(Arm("none"), Arm("fly")),
        lengths=(EPOCHS,),
        views=Recipe.load("classic"),
        training=Hyperparameters(epochs=EPOCHS, batch_size=9, lr=0.01),
        model="cnn",
        precision="fp32",
        device="cpu",
    )
    context = trial_context(study, Cache(folder / "cache").root, 2**30)
    assert context.data.test is not None
    images = len(context.data.test.folder)
    rows = []
    for seed in seeds:
        trial = Trial(Arm(arm), seed, EPOCHS, EPOCHS, f"{arm}_{seed}")
        rows.append(run_trial(context, trial).right(images))
        done(1)
    return np.array(rows, np.int8)


def train_pools(
    asked: Mapping[str, int], kept: Path | None, done: Callable[[int], None]
) -> dict[str, Right]:
    """Train so many trials of each arm; return which test images each had right: trials × images.

    What the file `kept` holds is not trained again, and what is trained is added to it.
    """
    images = POOL * len(CLASSES)
    pools = dict.fromkeys(asked, np.zeros((0, images), np.int8))
    if kept and kept.is_file():
        with np.load(kept) as found:
            pools.update({arm: found[arm] for arm in asked})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_images(folder / "train", SOURCES, 0)
        draw_images(folder / "test", POOL, 1)
        for arm, count in asked.items():
            done(min(count, len(pools[arm])))
            while (begin := len(pools[arm])) < count:
                seeds = range(begin, min(begin + KEPT_AT_ONCE, count))
                pools[arm] = np.concatenate([pools[arm], train_pool(folder, arm, seeds, done)])
                if kept:
                    buffer = io.BytesIO()
                    np.savez_compressed(buffer, **pools)
                    write_whole(kept, buffer.getvalue())
    return {arm: pools[arm][:count] for arm, count in asked.items()}


def pair_of(one: Right, other: Right) -> Pair:
    """Pair the trials of two arms, seed by seed."""
    table = one - other
    return Pair("one", "other", 100 * table.mean(axis=1, dtype=np.float64), images=table)


def with_itself(pool: Right, steps: Sequence[int], planned: int, *, alike: bool) -> Rate:
    """Compare trials of one arm with other trials of it, all of them different; count the claims.

    More than one number in `steps`: seeds are added until something is claimed. `alike`: each
    comparison has test images of its own, and the verdict is the one for images like these.
    """
    rng, most = np.random.default_rng(5), steps[-1]
    trials = rng.permutation(len(pool))
    comparisons = len(pool) // (2 * most)
    false = 0
    for number in range(comparisons):
        own = trials[2 * most * number : 2 * most * (number + 1)]
        images = _images(rng, pool, alike=alike)
        one, other = pool[own[:most]][:, images], pool[own[most:]][:, images]
        false += any(
            claims(
                measure([pair_of(one[:n], other[:n])], MARGIN, Looks(planned, steps[: at + 1])),
                here=not alike,
            )
            for at, n in enumerate(steps)
        )
    return Rate(false, comparisons)


def misses(none: Right, fly: Right, seeds: int) -> tuple[Rate, Rate]:
    """Compare two arms that differ; count the intervals that leave the truth out.

    The first rate is that of the intervals on these images, taken for a claim on images like these.
    """
    rng = np.random.default_rng(6)
    truth = 100 * float(fly.mean() - none.mean())
    trials, comparisons = rng.permutation(len(none)), len(none) // seeds
    missed = np.zeros(2, int)
    for number in range(comparisons):
        own, images = trials[seeds * number : seeds * (number + 1)], _images(rng, none, alike=True)
        pair = pair_of(fly[own][:, images], none[own][:, images])
        (found,) = measure([pair], MARGIN, Looks(seeds, (seeds,)))
        for which, interval in enumerate((found.interval_here, found.interval)):
            missed[which] += interval is not None and not interval.low <= truth <= interval.high
    return Rate(int(missed[0]), comparisons), Rate(int(missed[1]), comparisons)


def false_harms(pool: Right, seeds: int) -> Rate:
    """Compare trials of one arm with other trials of it, class by class; count claimed harms."""
    rng = np.random.default_rng(7)
    trials, comparisons = rng.permutation(len(pool)), len(pool) // (2 * seeds)
    each = pool.shape[1] // len(CLASSES)
    false = 0
    for number in range(comparisons):
        own = trials[2 * seeds * number : 2 * seeds * (number + 1)]
        one, other = pool[own[:seeds]], pool[own[seeds:]]
        pairs = []
        for label in range(len(CLASSES)):
            images = label * each + rng.choice(each, SHOWN // len(CLASSES), replace=False)
            pairs.append(pair_of(one[:, images], other[:, images]))
        found = measure(pairs, MARGIN, Looks(seeds, (seeds,)))
        false += any(each.interval is not None and each.interval.high < 0 for each in found)
    return Rate(false, comparisons)


def _images(rng: np.random.Generator, pool: Right, *, alike: bool) -> np.ndarray:
    """Draw the test images of a comparison; the first ones if they stay the same."""
    return rng.choice(pool.shape[1], SHOWN, replace=False) if alike else np.arange(SHOWN)
