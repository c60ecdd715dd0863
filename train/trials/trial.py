"""A replicate of an arm: one run at one length from one seed, and what is kept of it."""

from __future__ import annotations

import base64
from dataclasses import asdict, replace
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from expand.views.batches import ViewBatches
from train.data.dataset import Data
from train.data.split import Split
from train.feed.exact import render
from train.feed.sampler import Sampler
from train.fit.evaluate import EvalConfig, Evaluation, evaluate
from train.fit.loop import fit
from train.fit.trainer import Epoch
from train.runs.assemble import Setup, set_up
from train.runs.settings import Settings
from train.runtime.memory import explain_out_of_memory
from train.trials.context import TrialContext
from train.trials.copies import render_copies
from train.trials.study import Seeds

FRESH_VIEW = 1_000_003
"""A view that no run reaches: what a model makes of it is what it makes of fresh ones."""
GAP_SOURCES = 2000


class Run(NamedTuple):
    """One run of a study: an arm, for so many passes, from a replicate's seeds."""

    arm: Any
    epochs: int
    seeds: Seeds


class Trained(NamedTuple):
    """A run that has ended: what it learned from, its trainer, and its last pass."""

    data: Data
    setup: Setup
    last: Epoch


def assemble(context: TrialContext[Any], run: Run) -> tuple[Data, Setup]:
    """Return a run's data and its trainer, ready to go."""
    study, seeds = context.study, run.seeds
    strategy = study.strategy(run.arm, seeds.views)
    settings = Settings(
        study.data,
        study.test,
        strategy,
        replace(study.training, epochs=run.epochs),
        study.model,
        study.dropout,
        seed=seeds.training,
        renderer=study.renderer,
        precision=study.precision,
        shape=study.shape,
    )
    train = stored(context, run.arm, seeds) or context.data.train
    data = replace(context.data, train=train)
    images = study.reader(run.arm, Sampler(train.folder, strategy), data, seeds.views)
    return data, set_up(settings, data, context.device, context.cache, images=images)


def stored(context: TrialContext[Any], arm: Any, seeds: Seeds) -> Split | None:
    """Return the copies that an arm reads, made in memory; None where it reads the sources."""
    copies = context.study.copies(arm, seeds.views)
    if copies is None:
        return None
    return render_copies(
        context.data.train, copies, context.study.shape, encoded=copies.format != "png"
    )


def train(context: TrialContext[Any], run: Run) -> Trained:
    """Train an arm from first weights to last."""
    with explain_out_of_memory(context.study.model, context.study.training.batch_size):
        data, setup = assemble(context, run)
        last = [event for event in fit(setup.trainer, setup.feed) if isinstance(event, Epoch)][-1]
    return Trained(data, setup, last)


def measure(context: TrialContext[Any], run: Run, trained: Trained) -> dict[str, Any]:
    """Return the row that is kept of a run; the test images are read here, once."""
    data, setup, last = trained
    assert data.test is not None
    labels = data.test.folder.labels
    with setup.feed.clock.measure("evaluate"):
        found = look(context, setup, data.test.pixels(), labels)
    clock = asdict(setup.feed.clock)
    return {
        "arm": run.arm.name,
        "replicate": run.seeds.replicate,
        "epochs": run.epochs,
        "steps": setup.trainer.steps,
        "images": len(setup.feed.sampler) * run.epochs,
        "accuracy": found.accuracy,
        "loss": found.loss,
        "train_accuracy": last.accuracy,
        "train_loss": last.loss,
        "per_class": found.per_class,
        "right": base64.b64encode(np.packbits(found.predicted == labels).tobytes()).decode(),
        "weights": hash_weights(setup.trainer.average.state()),
        "gap": memory_gap(context, run, trained),
        "precision": setup.trainer.precision,
        "renderer": setup.renderer,
        **{f"{name}_seconds": round(seconds, 4) for name, seconds in clock.items()},
        "training_seconds": round(clock["wait"] + clock["augment"] + clock["compute"], 4),
    }


def look(
    context: TrialContext[Any], setup: Setup, pixels: NDArray[np.uint8], labels: NDArray[np.int64]
) -> Evaluation:
    """Return what the finished model makes of some images."""
    trainer = setup.trainer
    config = EvalConfig(
        context.data.train.folder.classes, context.data.normalise, trainer.device, trainer.precision
    )
    return evaluate(trainer.model, trainer.average.state(), pixels, labels, config)


def memory_gap(context: TrialContext[Any], run: Run, trained: Trained) -> dict[str, float] | None:
    """Return the accuracy on views that were trained on, and on fresh views of the same sources; at most 2,000 of them."""
    views = context.study.memorised_views(run.arm, run.seeds.views)
    if views is None:
        return None
    side = context.data.train
    chosen = np.arange(0, len(side.folder), max(1, len(side.folder) // GAP_SOURCES))
    batches = ViewBatches(views, side.folder.sources)
    sources, labels = side.pixels(chosen), side.folder.labels[chosen]
    seen, fresh = (render(batches, sources, chosen, k, None) for k in (1, FRESH_VIEW))
    known, unknown = (
        look(context, trained.setup, pixels, labels).accuracy for pixels in (seen, fresh)
    )
    return {"stored": known, "fresh": unknown}


def hash_weights(state: dict[str, Tensor]) -> str:
    """Return a hash of a model's weights: equal for the same bits."""
    digest = blake2b(digest_size=12)
    for name, value in sorted(state.items()):
        digest.update(name.encode())
        digest.update(
            value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        )
    return digest.hexdigest()
