"""Accuracy: what each arm reached after each number of epochs."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median

from train.compare.arms import Arm
from train.compare.findings.grouped import GroupedResults
from train.compare.results import ArmSummary, GapSummary
from train.statistics.intervals import paired
from train.trials.results import TrialResult


def summarise_arms(results: GroupedResults) -> tuple[ArmSummary, ...]:
    """Summarise each arm after each number of epochs, without arms that always diverged."""
    return tuple(
        _summarise(results, arm, epochs)
        for epochs in results.study.lengths
        for arm in results.study.arms
        if results.trials(arm, epochs)
    )


def _summarise(results: GroupedResults, arm: Arm, epochs: int) -> ArmSummary:
    trials = results.trials(arm, epochs)
    first = trials[0]
    accuracies = [trial.accuracy for trial in trials]
    estimate = paired(accuracies)
    seconds = median(trial.seconds.training for trial in trials)
    return ArmSummary(
        arm=arm,
        epochs_asked=epochs,
        epochs_trained=first.epochs_trained,
        steps=first.steps,
        accuracies=tuple(accuracies),
        mean=estimate.mean,
        sd=estimate.sd,
        interval=estimate.interval and estimate.interval.within(0.0, 1.0),
        loss=fmean(trial.loss for trial in trials),
        train_accuracy=fmean(trial.train_accuracy for trial in trials),
        per_class={
            name: fmean(trial.per_class[name] for trial in trials) for name in first.per_class
        },
        seconds=seconds,
        images_per_second=first.images / seconds,
        wait=median(trial.seconds.wait for trial in trials),
        augment=median(trial.seconds.augment for trial in trials),
        compute=median(trial.seconds.compute for trial in trials),
        evaluate=median(trial.seconds.evaluate for trial in trials),
        gap=_summarise_gap(trials) if arm.stored else None,  # earlier versions measured fly too
        diverged=tuple(trial.replicate for trial in results.lost(arm, epochs)),
    )


def _summarise_gap(trials: Sequence[TrialResult]) -> GapSummary | None:
    gaps = [trial.gap for trial in trials if trial.gap]
    if not gaps:
        return None
    estimate = paired([gap.points for gap in gaps])
    stored, fresh = fmean(gap.stored for gap in gaps), fmean(gap.fresh for gap in gaps)
    span = estimate.interval and estimate.interval.within(-100.0, 100.0)
    return GapSummary(stored, fresh, estimate.mean, span)
