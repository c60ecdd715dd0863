"""Unfinished arms: those whose training was too short, so that a verdict on them may change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from train.compare.arms import Arm
from train.compare.findings.grouped import GroupedResults
from train.compare.results import PairVerdict, Unfinished
from train.fit.underfit import advise, epochs_to_try, loss_left
from train.report.formatting import listing
from train.trials.results import TrialResult


def list_unfinished(results: GroupedResults, classes: int) -> tuple[Unfinished, ...]:
    """List the arms that had not converged at the end, after each number of epochs."""
    return tuple(
        found
        for epochs in results.study.lengths
        for arm in results.study.arms
        if (found := _judge(results, arm, epochs, classes))
    )


def _judge(results: GroupedResults, arm: Arm, epochs: int, classes: int) -> Unfinished | None:
    trials = results.trials(arm, epochs)
    if not trials:
        return None
    left = fmean(_left(each, results.study.training.smoothing, classes) for each in trials)
    trained = trials[0].epochs_trained
    more = epochs_to_try(trained, left)
    if more is None or (trials[0].tuned and more <= epochs):  # the search has tried as many
        return None
    words = advise(trained, left, augments=arm.strategy != "none")
    return Unfinished(arm, epochs, left, more, f"{arm.name}: {words}")


def _left(trial: TrialResult, smoothing: float, classes: int) -> float:
    own = trial.tuned.smoothing if trial.tuned else smoothing
    return loss_left(trial.train_loss, own, classes)


def label_unfinished(
    pairs: Sequence[PairVerdict], unfinished: Sequence[Unfinished]
) -> tuple[PairVerdict, ...]:
    """Add to each verdict which of its arms had not converged."""
    known = {(each.arm, each.epochs) for each in unfinished}
    return tuple(_label(pair, known) for pair in pairs)


def _label(pair: PairVerdict, known: set[tuple[Arm, int]]) -> PairVerdict:
    arms = [arm.name for arm in (pair.arm, pair.against) if (arm, pair.epochs) in known]
    if not arms:
        return pair
    note = f"{listing(arms)} not converged"
    verdict = replace(pair.verdict, sentence=f"{pair.verdict.sentence}; {note}")
    left_out = "; ".join(filter(None, (pair.left_out, note)))
    return replace(pair, verdict=verdict, left_out=left_out)


def list_unread(results: GroupedResults) -> tuple[str, ...]:
    """Say which arms had more copies than epochs, so that some were never read."""
    return tuple(
        f"{arm.name} after {trained:,} epochs has read {trained:,} of the {arm.factor:,} files of "
        "each source"
        for epochs in results.study.lengths
        for arm in results.study.arms
        if arm.factor and arm.strategy not in ("disk-all", "disk-balanced")
        for trained in {each.epochs_trained for each in results.trials(arm, epochs)}
        if trained < arm.factor
    )
