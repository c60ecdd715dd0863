"""A replicate of an arm: one run at one length from one seed, and what is kept of it."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from expand.batches import ViewBatches
from expand.views import Views
from train.assemble import Setup, set_up
from train.cache import Cache
from train.compare.arms import Arm
from train.compare.memo import remember
from train.compare.question import Cell, Question, Seeds
from train.errors import TrainError
from train.leak import Side
from train.loop import Epoch, Evaluation, Scene, evaluate, fit
from train.parallel import pick_device
from train.readers import render
from train.settings import Place, Settings
from train.split import Data, Wanted, prepare
from train.strategies import Strategy, Visits

FRESH_VIEW = 1_000_003
"""A view that no run reaches: what a model makes of it is what it makes of fresh ones."""
GAP_SOURCES = 2000


@dataclass(frozen=True)
class Stage:
    """What all replicates share: the question, the decoded sources and test images, the device."""

    question: Question
    data: Data
    device: torch.device
    cache: Cache


@lru_cache(maxsize=1)
def set_stage(question: Question, cache_root: Path, cache_limit: int) -> Stage:
    """Return the stage of a question; made once in each process."""
    torch.set_num_threads(question.threads)
    device = pick_device(question.device)
    if device is None:
        raise TrainError(f"--device {question.device}: there is no such device here")
    cache = Cache(cache_root, cache_limit)
    strategy, allowed = Strategy("none"), question.allow_leak
    wanted = Wanted(question.data, question.test, strategy, question.shape, 0.0, allowed, question.sources)
    data = prepare(wanted, cache, lambda _folder: lambda _images: None)
    if data.streamed:
        raise TrainError("a comparison holds its images in memory: fewer --sources, or a smaller --image-size")
    if data.train.folder.expanded:
        raise TrainError(f'"{question.data}" was written by expand; compare the folder that it was made from')
    return Stage(question, data, device, cache)


def assemble(stage: Stage, cell: Cell, epochs: int) -> tuple[Data, Setup]:
    """Return a cell's data and its trainer, ready to go."""
    question, seeds = stage.question, Seeds.of(stage.question.seed, cell.replicate)
    strategy = question.strategy(cell.arm, seeds.views)
    settings = Settings(
        question.data,
        question.test,
        strategy,
        replace(question.training, epochs=epochs),
        question.model,
        question.dropout,
        seed=seeds.training,
        renderer=question.renderer,
        precision=question.precision,
        shape=question.shape,
    )
    train = stored(stage, cell.arm, seeds) if cell.arm.stored else stage.data.train
    streamed = cell.arm.strategy == "fly" and question.shape.side is not None
    data = replace(stage.data, train=train, visits=Visits(train.folder, strategy), streamed=streamed)
    return data, set_up(settings, data, stage.device, Place(Path(), stage.cache))


def stored(stage: Stage, arm: Arm, seeds: Seeds) -> Side:
    """Return the copies that an arm reads, made in memory."""
    question = stage.question
    expansion = question.expansion(arm, seeds.views)
    return remember(stage.data.train, expansion, question.shape, encoded=not question.codec.lossless)


def run_cell(stage: Stage, cell: Cell, epochs: int) -> dict[str, Any]:
    """Train one arm for `epochs` passes from one seed, measure it once at the end; return the row that is kept."""
    data, setup = assemble(stage, cell, epochs)
    last = [event for event in fit(setup.trainer, setup.feed) if isinstance(event, Epoch)][-1]
    assert data.test is not None
    found = look(stage, setup, data.test.pack.pixels[data.test.folder.places], data.test.folder.labels)
    clock = asdict(setup.feed.clock)
    right = found.predicted == data.test.folder.labels
    return {
        "arm": cell.arm.name,
        "length": cell.length,
        "replicate": cell.replicate,
        "epochs": epochs,
        "steps": setup.trainer.steps,
        "images": len(data.visits) * epochs,
        "accuracy": found.accuracy,
        "loss": found.loss,
        "train_accuracy": last.accuracy,
        "train_loss": last.loss,
        "per_class": found.per_class,
        "right": base64.b64encode(np.packbits(right).tobytes()).decode(),
        "weights": hash_weights(setup.trainer.average.state()),
        "gap": memory_gap(stage, cell, setup, data),
        "precision": setup.trainer.precision,
        "renderer": setup.renderer,
        **{f"{name}_seconds": round(seconds, 4) for name, seconds in clock.items()},
        "training_seconds": round(clock["wait"] + clock["augment"] + clock["compute"], 4),
    }


def look(stage: Stage, setup: Setup, pixels: NDArray[np.uint8], labels: NDArray[np.int64]) -> Evaluation:
    """Return what the finished model makes of some images."""
    trainer = setup.trainer
    scene = Scene(stage.data.train.folder.classes, stage.data.normalise, trainer.device, trainer.precision)
    return evaluate(trainer.model, trainer.average.state(), pixels, labels, scene)


def memory_gap(stage: Stage, cell: Cell, setup: Setup, data: Data) -> dict[str, float] | None:
    """Return the accuracy on views that were trained on, and on fresh views of the same sources; at most 2,000 of them.

    None for an arm without views, and where images are resized (their views come from files).
    """
    question = stage.question
    if cell.arm.strategy in ("none", "hybrid") or question.shape.side is not None:
        return None
    seeds = Seeds.of(question.seed, cell.replicate)
    side = stage.data.train
    chosen = np.arange(0, len(side.folder), max(1, len(side.folder) // GAP_SOURCES))
    sampling = question.expansion(cell.arm, seeds.views).sampling
    batches = ViewBatches(Views(question.views, seeds.views, sampling), side.folder.sources)
    sources, labels = side.pack.pixels[side.folder.places[chosen]], side.folder.labels[chosen]
    if cell.arm.stored:
        seen = data.train.pack.pixels[chosen * (cell.arm.factor or 1) + 1]
    else:
        seen = render(batches, sources, chosen, 1, None)
    fresh = render(batches, sources, chosen, FRESH_VIEW, None)
    known, unknown = (look(stage, setup, pixels, labels).accuracy for pixels in (seen, fresh))
    return {"stored": known, "fresh": unknown}


def hash_weights(state: dict[str, Tensor]) -> str:
    """Return a hash of a model's weights: equal for the same bits."""
    digest = blake2b(digest_size=12)
    for name, value in sorted(state.items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
