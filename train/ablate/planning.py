"""Planning: the trials of an ablation, their time, and the smallest effect it could detect."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from train.ablate.ablation import AblationStudy
from train.ablate.design import NONE, AblationArm, effects, make_design
from train.statistics.looks import Look
from train.trials.planning.power import (
    PILOT_RUNS,
    Pilot,
    expect,
    format_duration,
    power_lines,
)
from train.trials.planning.search import search_lines, search_seconds
from train.trials.study import Trial, TrialContext

Seconds = Mapping[str, float]
"""The seconds of an epoch of each arm, by its name."""


def all_techniques(study: AblationStudy) -> AblationArm:
    """Return the arm with every technique of the recipe, the slowest."""
    return AblationArm("all techniques", tuple(range(len(study.switches))))


def format_plan(
    context: TrialContext[AblationStudy], measured: Seconds, look: Look, jobs: int
) -> str:
    """Format how many trials there are, how long they take, and what they could detect.

    `measured` are the seconds of an epoch without techniques and with all of them; `look` has the
    seeds.
    """
    study, seeds = context.study, look.seeds
    design = list(dict.fromkeys(study.design_arms))
    most = study.final_arms(tuple(range(len(study.switches))))
    seconds = {arm.name: _epoch(study, arm, measured) for arm in [*design, *most]}
    lines = [f"{seeds * len(design)} design runs: {seeds} seeds × {len(design)} arms"]
    lines += search_lines(study.tune, len(design))
    width = max(map(len, measured))
    lines += [
        f"  {name:<{width}}  {study.epochs:,} epochs, {study.epochs * epoch:,.1f} s per trial"
        for name, epoch in measured.items()
    ]
    took = _seconds(context, design, seconds, seeds, design) / jobs
    rest = "in all, without start-up and evaluation"
    if study.design == "single":
        lines += [f"about {format_duration(took)} {rest}"]
    else:
        searched = [arm for arm in most if arm not in design]
        more = took + _seconds(context, most, seconds, seeds, searched) / jobs
        lines += [_check_runs(study, seeds, len(most))]
        lines += [f"{format_duration(took)} to {format_duration(more)} {rest}"]
    return "\n".join([*lines, *_detectable(context, measured, look)])


def _check_runs(study: AblationStudy, seeds: int, most: int) -> str:
    fewest = len(study.final_arms(()))
    tuned = f", with {study.tune} trials of a search for each arm" if study.tune else ""
    return (
        f"{seeds * fewest} to {seeds * most} check runs after it: {seeds} seeds × {fewest} to "
        f"{most} arms, by how many techniques gain{tuned}"
    )


def _epoch(study: AblationStudy, arm: AblationArm, measured: Seconds) -> float:
    """Estimate an epoch of an arm: techniques count as if each took the same time."""
    plain, full = measured[NONE.name], measured[all_techniques(study).name]
    # TrivialAugment has one technique at a time
    return plain + (full - plain) * (len(arm.on) or arm != NONE) / len(study.switches)


def _seconds(
    context: TrialContext[AblationStudy],
    arms: Sequence[AblationArm],
    epoch: Seconds,
    seeds: int,
    searched: Sequence[AblationArm],
) -> float:
    """Return how long a phase trains, with the search for the settings of some of its arms."""
    epochs = context.study.epochs
    trained = seeds * epochs * sum(epoch[arm.name] for arm in arms)
    return trained + search_seconds(context, epochs, searched, epoch)


def _detectable(context: TrialContext[AblationStudy], measured: Seconds, look: Look) -> list[str]:
    """Say how much an effect is expected to vary, and which effects would be found."""
    study, every = context.study, all_techniques(context.study)
    one, other = (
        [Trial(arm, seed, study.epochs, study.epochs, "pilot") for seed in range(PILOT_RUNS)]
        for arm in (NONE, every)
    )
    taken = PILOT_RUNS * study.epochs * sum(measured.values())
    expected = expect(context, Pilot(one, other, taken))
    count = len(study.switches)
    spread = replace(
        expected.spread,
        sd=expected.spread.sd * _averaging(study),
        images=max(1, int(study.choosing_half(context.data).sum())),
        alpha=look.alpha / count,
    )
    return [
        f"an effect is expected to vary by {spread.sd:.2f} points ({expected.source})",
        *power_lines(spread, f"{count} techniques", look.seeds, "effect"),
    ]


def _averaging(study: AblationStudy) -> float:
    """Return how much less an effect varies than a difference of two runs.

    An effect is a weighted sum over the arms of the design, a difference one with weights 1 and −1.
    """
    design, arms = make_design(study.design, len(study.switches)), study.design_arms
    weights: dict[AblationArm, float] = defaultdict(
        float
    )  # an arm that several rows share is trained once
    for arm, row in zip(arms, np.eye(len(arms)), strict=True):
        weights[arm] += float(effects(design, row)[0])
    return math.sqrt(sum(weight**2 for weight in weights.values()) / 2)
