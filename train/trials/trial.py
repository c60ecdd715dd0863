"""Train one trial, and measure the finished model."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from expand.images.pixels import Pixels
from train.data.dataset import Data
from train.data.split import Split
from train.feed.exact import render
from train.feed.sampler import Sampler
from train.feed.strategies import Strategy
from train.fit.evaluate import EvalConfig, Evaluation, evaluate
from train.fit.loop import fit
from train.fit.trainer import Epoch
from train.runs.assemble import Setup, set_up
from train.runs.settings import Settings
from train.runtime.memory import explain_out_of_memory
from train.trials.copies import batches_of, render_copies
from train.trials.results import MemorisationGap, TrialResult, TrialSeconds
from train.trials.study import Seeds, Study, Trained, Trial, TrialContext

FRESH_VIEW = 1_000_003
"""A view that no trial trains on, so its accuracy is that of fresh views."""
GAP_SOURCES = 2000


def seeds_of(context: TrialContext[Any], trial: Trial) -> Seeds:
    """Return the seeds of a trial."""
    return Seeds.of(context.study.seed, trial.replicate)


def assemble(context: TrialContext[Any], trial: Trial) -> tuple[Data, Setup]:
    """Return the data and the trainer of a trial, before its first step."""
    study, seeds = context.study, seeds_of(context, trial)
    strategy = study.strategy(trial.arm, seeds.views)
    train = stored(context, trial.arm, seeds) or context.data.train
    data = replace(context.data, train=train)
    settings = settings_of(study, strategy, trial.epochs_trained, seeds.training)
    if trial.tuned:
        tuned = trial.tuned.apply(settings.hyperparameters)
        settings = replace(settings, hyperparameters=tuned, dropout=trial.tuned.dropout)
    images = study.reader(trial.arm, Sampler(train.folder, strategy), data, seeds.views)
    return data, set_up(settings, data, context.device, context.cache, images=images)


def settings_of(study: Study, strategy: Strategy, epochs: int, seed: int) -> Settings:
    """Return the settings of a run of a study."""
    return Settings(
        study.data,
        study.test,
        strategy,
        replace(study.training, epochs=epochs),
        study.model,
        study.dropout,
        seed=seed,
        renderer=study.renderer,
        precision=study.precision,
        shape=study.shape,
        weights=study.weights,
        freeze=study.freeze,
    )


def stored(context: TrialContext[Any], arm: Any, seeds: Seeds) -> Split | None:
    """Render the copies that an arm reads, in memory; None for an arm without copies."""
    copies = context.study.copies(arm, seeds.views)
    if copies is None:
        return None
    shape, cache = context.study.shape, context.cache.root
    return render_copies(context.data.train, copies, shape, cache, encoded=copies.format != "png")


def train(context: TrialContext[Any], trial: Trial) -> Trained:
    """Train an arm from the first epoch to the last."""
    with explain_out_of_memory(context.study.model, context.study.training.batch_size):
        data, setup = assemble(context, trial)
        last = [event for event in fit(setup.trainer, setup.feed) if isinstance(event, Epoch)][-1]
    return Trained(data, setup, last)


def measure(context: TrialContext[Any], trial: Trial, trained: Trained) -> TrialResult:
    """Evaluate a finished model; the only place that reads the test images.

    `context` has the data that the trial was trained on.
    """
    data, setup, last = trained
    assert data.test is not None
    labels = data.test.folder.labels
    with setup.feed.clock.measure("evaluate"):
        evaluation = evaluate_trained(context, setup, data.test.pixels(), labels)
    setup.trainer.check_loss("the test loss", evaluation.loss)
    seconds = TrialSeconds.of(setup.feed.clock)
    return TrialResult(
        arm=trial.arm.name,
        replicate=trial.replicate,
        epochs_asked=trial.epochs_asked,
        epochs_trained=trial.epochs_trained,
        steps=setup.trainer.steps,
        images=len(setup.feed.sampler) * trial.epochs_trained,
        accuracy=evaluation.accuracy,
        loss=evaluation.loss,
        train_accuracy=last.accuracy,
        train_loss=last.loss,
        per_class=evaluation.per_class,
        right_bits=np.packbits(evaluation.predicted == labels).tobytes(),
        weights=hash_weights(setup.trainer.average.state()),
        gap=memorisation_gap(context, trial, setup),
        seconds=seconds,
        precision=setup.trainer.precision,
        renderer=setup.renderer,
        wall_seconds=0.0,  # the runner sets it when the trial ends
    )


def evaluate_trained(
    context: TrialContext[Any], setup: Setup, pixels: Pixels, labels: NDArray[np.int64]
) -> Evaluation:
    """Evaluate a finished model on images, N×H×W×C."""
    trainer = setup.trainer
    config = EvalConfig(
        context.data.train.folder.classes, context.data.normalise, trainer.device, trainer.precision
    )
    return evaluate(trainer.model, trainer.average.state(), pixels, labels, config)


def memorisation_gap(
    context: TrialContext[Any], trial: Trial, setup: Setup
) -> MemorisationGap | None:
    """Measure the accuracy on views trained on and on fresh ones, of at most 2,000 sources."""
    views = context.study.memorised_views(trial.arm, seeds_of(context, trial).views)
    if views is None or trial.held_out:
        return None
    side = context.data.train
    chosen = np.arange(0, len(side.folder), max(1, len(side.folder) // GAP_SOURCES))
    batches = batches_of(side.folder, views)
    sources, labels = side.pixels(chosen), side.folder.labels[chosen]
    seen, fresh = (render(batches, sources, chosen, k, None) for k in (1, FRESH_VIEW))
    known, unknown = (
        evaluate_trained(context, setup, pixels, labels).accuracy for pixels in (seen, fresh)
    )
    return MemorisationGap(known, unknown)


def hash_weights(state: dict[str, Tensor]) -> str:
    """Hash the weights of a model: equal for the same bits."""
    digest = blake2b(digest_size=12)
    for name, value in sorted(state.items()):
        digest.update(name.encode())
        digest.update(
            value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        )
    return digest.hexdigest()
