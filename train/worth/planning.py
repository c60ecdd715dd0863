"""Planning: the trials of a study of worth, their time, and what it can measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from train.compare.arms import Arm, Speed
from train.data.folders.folder import Folder
from train.data.subsets import describe_draws
from train.statistics.overlap import Drawn
from train.trials.planning.power import format_duration
from train.trials.planning.search import search_lines, search_seconds
from train.trials.study import TrialContext
from train.worth.study import WorthStudy, epochs_at


def format_plan(
    context: TrialContext[WorthStudy],
    sizes: Sequence[int],
    speeds: Mapping[str, Speed],
    seeds: int,
    jobs: int,
) -> str:
    """Format how many trials there are, how long they take, and what can be read from them."""
    study = context.study
    arms, lengths = len(study.arms), len(study.lengths)
    count = seeds * arms * len(sizes) * lengths
    each = {arm: _seconds(study, arm, sizes, speeds) for arm in study.arms}
    width = max(len(arm.name) for arm in study.arms)
    trained = f"{lengths} number{'s' * (lengths != 1)} of epochs"
    factors = f"{seeds} seeds × {arms} arms × {len(sizes)} sizes × {trained}"
    lines = [f"{count:,} trials: {factors}", *search_lines(study.tune, arms)]
    lines += [f"  {arm.name:<{width}}  {each[arm]:,.1f} s per seed" for arm in study.arms]
    epochs = {name: speed.epoch_seconds for name, speed in speeds.items()}
    searched = search_seconds(context, study.longest, study.arms, epochs)
    total = (seeds * sum(each.values()) + searched) / jobs
    lines += [f"about {format_duration(total)} in all, without start-up and evaluation"]
    largest = sizes[-1]
    lines += ["the most that an arm can be measured to be worth, since nothing is extrapolated:"]
    lines += [
        f"  {size:>9,} sources: ×{largest / size:.3g} "
        f"({100 * each.overlap:.0f} % shared by two draws)"
        for size in sizes
        for each in [draws_of(study, context.data.train.folder, size, largest, seeds)]
    ]
    return "\n".join(lines)


def _seconds(
    study: WorthStudy, arm: Arm, sizes: Sequence[int], speeds: Mapping[str, Speed]
) -> float:
    """Return how long the trials of an arm train for each seed."""
    largest = sizes[-1]
    epoch = speeds[arm.name].epoch_seconds / largest
    return sum(
        epoch * size * epochs_at(study, length, size, largest)
        for length in study.lengths
        for size in sizes
    )


def draws_of(study: WorthStudy, folder: Folder, size: int, largest: int, seeds: int) -> Drawn:
    """Return the draws of all replicates at one size."""
    draws = [study.draw_of(replicate, size, largest) for replicate in range(seeds)]
    return describe_draws(folder, draws, study.seed)
