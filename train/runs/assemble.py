"""From settings and data to a trainer at its first step, and what feeds it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from train.data.cache import Cache
from train.data.dataset import Data, originals
from train.data.normalise import to_tensor
from train.errors import TrainError
from train.feed.dataset import Images
from train.feed.feed import Feed
from train.fit.precision import choose_precision
from train.fit.trainer import Trainer
from train.models.build import build, count_parameters, prepare, takes_dropout
from train.models.settings import ModelSettings
from train.models.weights import freeze, start_from
from train.runs.feeds import FeedChoice, choose_feed
from train.runs.settings import Settings
from train.runtime.memory import keep_freed_memory
from train.runtime.world import ALONE, World

PREPARE_IMAGES = 2000
"""Training images that a model may set its first weights from."""


class Setup(NamedTuple):
    """A run that is ready to start."""

    trainer: Trainer
    feed: Feed
    model: ModelSettings
    renderer: str
    description: str
    """The model and the feed, for the user."""


def set_up(
    settings: Settings,
    data: Data,
    device: torch.device,
    cache: Cache,
    *,
    workers: int | None = None,
    world: World = ALONE,
    images: Images | None = None,
) -> Setup:
    """Build the trainer and the feed of a run.

    `images` replaces what the strategy would show. A measured precision is kept in `cache`.
    """
    keep_freed_memory()
    choice = _given(images) if images else choose_feed(settings, data, device, workers)
    feed = _make_feed(choice, settings, device, world)
    model = _model_settings(settings, data)
    net, start = _first_weights(model, data, settings)
    net = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    most = min(settings.hyperparameters.batch_size, len(feed.sampler))
    precision = _agree_on_precision(settings, net, model, cache, world, most)
    trainer = Trainer(
        net, settings.hyperparameters, feed.steps_per_epoch, data.normalise, precision, world
    )
    size = f"{count_parameters(net):,} parameters, {precision}, {device}"
    description = "\n".join(filter(None, (f"{settings.model}: {size}", start, choice.description)))
    return Setup(trainer, feed, model, choice.renderer, description)


def _make_feed(choice: FeedChoice, settings: Settings, device: torch.device, world: World) -> Feed:
    batch_size, seed = settings.hyperparameters.batch_size, settings.seed
    return Feed(choice.images, batch_size, seed, device, workers=choice.workers, world=world)


def _given(images: Images) -> FeedChoice:
    return FeedChoice(images, "exact", 0, "")


def _agree_on_precision(
    settings: Settings,
    net: nn.Module,
    model: ModelSettings,
    cache: Cache,
    world: World,
    batch_size: int,
) -> str:
    """Let the main process choose the precision for all; `batch_size` is that of a full batch."""
    if not world.is_main:
        return world.broadcast("")
    cached = cache.root / "precision.json"
    return world.broadcast(choose_precision(settings.precision, net, model, batch_size, cached))


def _model_settings(settings: Settings, data: Data) -> ModelSettings:
    _, height, width, channels = data.train.decoded.pixels.shape
    classes = len(data.train.folder.classes)
    return ModelSettings(
        settings.model, channels, height, width, classes, settings.dropout, settings.pretrained
    )


def _first_weights(model: ModelSettings, data: Data, settings: Settings) -> tuple[nn.Module, str]:
    """Build a model with the weights that it starts from; return it, and words about a file's."""
    torch.manual_seed(settings.seed)
    if model.dropout and not takes_dropout(model.name, min(model.height, model.width)):
        raise TrainError(
            f'"{model.name}" has no dropout rate to set for these images; leave out --dropout'
        )
    net = build(model)
    new: tuple[str, ...] = ()
    note = ""
    if settings.weights:
        new, note = start_from(net, model.name, settings.weights)
    if settings.freeze:
        freeze(net, new)
        note = "; ".join(filter(None, (note, "all other layers are frozen")))
    if settings.weights:
        return net, note

    def some_images() -> torch.Tensor:
        """Return a few images for the first layer."""
        images = originals(data.train)
        # spread over the set: the first ones are of one class
        spread = np.linspace(0, len(images) - 1, min(len(images), PREPARE_IMAGES))
        return data.normalise(to_tensor(images[np.unique(spread.astype(np.int64))]))

    prepare(net, model, some_images)
    return net, note
