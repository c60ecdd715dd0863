"""Checkpoints and finished models. They are safetensors files: reading one executes nothing."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from expand.storage.files import write_whole
from expand.storage.json import to_json
from train.data.normalise import Normaliser
from train.data.shape import FIRST_RULES, LARGEST, RULES, Shape
from train.errors import TrainError
from train.fit.divergence import all_finite
from train.fit.precision import PRECISIONS
from train.fit.trainer import Tally, Trainer
from train.models.build import build
from train.models.settings import ModelSettings
from train.runs.records import REASON
from train.runs.results import EpochMetrics, Scores
from train.runtime.clock import Clock
from train.runtime.typed import checked

MODEL, CHECKPOINT = "model.safetensors", "checkpoint.safetensors"
DAMAGES = (
    SafetensorError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    RuntimeError,
    OverflowError,
    OSError,
)
"""What reading a file of a stranger may raise; RuntimeError is also torch's."""
FORMER_NAMES = {"chance": "rng", "chance/cuda": "rng/cuda"}
"""Names of tensors in the first checkpoints, which are still read."""


def save_checkpoint(
    folder: Path, trainer: Trainer, metrics: Sequence[EpochMetrics], clock: Clock
) -> None:
    """Write everything that the next step depends on to one file, whole or not at all."""
    tensors = {f"model/{name}": value for name, value in trainer.model.state_dict().items()}
    tensors |= {f"average/{name}": value for name, value in trainer.average.values.items()}
    for number, parameter in enumerate(_parameters(trainer)):
        if (buffer := trainer.optimizer.state[parameter].get("momentum_buffer")) is not None:
            tensors[f"momentum/{number}"] = buffer
    tensors |= {"tally/loss": trainer.tally.loss, "tally/right": trainer.tally.right}
    tensors["rng"] = torch.get_rng_state()
    if trainer.device.type == "cuda":  # pragma: no cover  # needs a GPU
        tensors["rng/cuda"] = torch.cuda.get_rng_state()
    note = {
        "step": str(trainer.step),
        "images": str(trainer.tally.images),
        "momentum": str(len(_part(tensors, "momentum/"))),
        "metrics": to_json([line.to_dict() for line in metrics], ascii_only=True),
        "clock": to_json(asdict(clock), ascii_only=True),
    }
    _write_tensors(folder / CHECKPOINT, tensors, note)


def load_checkpoint(folder: Path, trainer: Trainer, clock: Clock) -> list[EpochMetrics]:
    """Restore a trainer and the clock from a checkpoint; return the metrics so far.

    Without a checkpoint nothing changes. Raise TrainError if it is damaged.
    """
    path = folder / CHECKPOINT
    if not os.path.lexists(path):
        return []
    if not path.is_file():
        raise TrainError(f'"{path}" is not a file; remove it to start from the beginning')
    try:
        tensors, note = read_tensors(path)
        metrics = [EpochMetrics.from_dict(line) for line in json.loads(note["metrics"])]
        spent = checked(Clock(**json.loads(note["clock"])))
        _check_numbers(metrics, spent)
        _restore(trainer, tensors, note)
        _check_step(trainer, metrics)
    except torch.OutOfMemoryError:  # pragma: no cover  # needs a GPU; the file is good
        raise
    except DAMAGES as error:
        raise TrainError(
            f'"{path}" is damaged ({_reason(error)}); remove it to start from the beginning'
        ) from error
    for name, seconds in vars(spent).items():
        setattr(clock, name, seconds)
    trainer.check_finite()
    return metrics


def _reason(error: Exception) -> str:
    """Return the first line of an error's text, cut to a length that can be shown."""
    text = str(error).partition("\n")[0] or type(error).__name__
    return text if len(text) <= REASON else f"{text[:REASON]}…"


def _check_numbers(metrics: Sequence[EpochMetrics], spent: Clock) -> None:
    """Raise ValueError for numbers that no run has: they would be in its records to the end."""
    if not all(0 <= seconds < math.inf for seconds in vars(spent).values()):
        raise ValueError("seconds that are negative or not finite")
    for line in metrics:
        scores: list[EpochMetrics | Scores] = [line]
        scores += [line.validation] if line.validation else []
        if not all(math.isfinite(each.loss) and 0 <= each.accuracy <= 1 for each in scores):
            raise ValueError(f"a loss or an accuracy that is impossible, in epoch {line.epoch}")


def _check_step(trainer: Trainer, metrics: Sequence[EpochMetrics]) -> None:
    """Raise ValueError for a step that the run does not have, or with metrics of too few epochs."""
    if not 0 <= trainer.step <= trainer.steps:
        raise ValueError(f"step {trainer.step} of a run of {trainer.steps}")
    epochs = trainer.step // trainer.steps_per_epoch
    if len(metrics) < epochs:
        raise ValueError(f"the metrics of {len(metrics)} epochs, after {epochs}")


def _restore(trainer: Trainer, tensors: dict[str, Tensor], note: dict[str, str]) -> None:
    """Put a trainer, and the random state, where the run was interrupted."""
    tensors = {FORMER_NAMES.get(name, name): value for name, value in tensors.items()}
    trainer.model.load_state_dict(_part(tensors, "model/"))
    average = _part(tensors, "average/")
    if average.keys() != trainer.average.values.keys():
        raise ValueError("the average of another model")
    for name, value in average.items():
        _copy(value, trainer.average.values[name])
    momentum = len(_part(tensors, "momentum/"))
    if momentum != int(note.get("momentum", momentum)):  # earlier versions did not count them
        raise ValueError(f"the momentum of {momentum} parameters, not {note['momentum']:.40}")
    for number, parameter in enumerate(_parameters(trainer)):
        if (buffer := tensors.get(f"momentum/{number}")) is not None:
            # with its parameter's layout in memory: the fused step reads both in memory order
            restored = _copy(buffer, torch.empty_like(parameter))
            trainer.optimizer.state[parameter]["momentum_buffer"] = restored
    trainer.step = int(note["step"])
    if trainer.world.is_main:  # whose own share of the epoch was written
        tally = Tally(int(note["images"]), tensors["tally/loss"], tensors["tally/right"])
        if tally.images < 0 or tally.loss.numel() != 1 or tally.right.numel() != 1:
            raise ValueError("sums that no epoch has")
        trainer.tally = tally.to(trainer.device)
    torch.set_rng_state(tensors["rng"])
    if trainer.device.type == "cuda" and "rng/cuda" in tensors:  # pragma: no cover  # needs a GPU
        torch.cuda.set_rng_state(tensors["rng/cuda"])


def _copy(value: Tensor, to: Tensor) -> Tensor:
    """Copy a tensor to one of the same shape; `copy_` alone would repeat a smaller one."""
    if value.shape != to.shape:
        raise ValueError(f"a tensor of shape {tuple(value.shape)}, not {tuple(to.shape)}")
    return to.copy_(value)


def _parameters(trainer: Trainer) -> list[Any]:
    """Return the learned parameters in the optimizer's order."""
    return [parameter for group in trainer.optimizer.param_groups for parameter in group["params"]]


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names start with a prefix, without it."""
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def save_model(
    folder: Path,
    state: dict[str, Tensor],
    settings: ModelSettings,
    classes: Sequence[str],
    normalise: Normaliser,
    shape: Shape,
    bits: int = 8,
    precision: str = "fp32",
) -> None:
    """Write a finished model with its card.

    The card says how to build the model, the classes of its outputs, and how images reach it.
    """
    card = {
        "model": asdict(settings),
        "classes": list(classes),
        "normaliser": asdict(normalise),
        "shape": shape.to_dict(),
        "pixel_rules": shape.rules,
        "bits": bits,
        "precision": precision,
    }
    _write_tensors(folder / MODEL, state, {"card": to_json(card, ascii_only=True)})


@dataclass(frozen=True)
class ModelCard:
    """How to build a model, the classes of its outputs, and how images reach it; checks itself."""

    model: ModelSettings
    classes: tuple[str, ...]
    normaliser: Normaliser
    shape: Shape
    bits: int = 8
    precision: str = "fp32"
    """That of the evaluation at the end of the run; earlier versions did not record it."""

    def __post_init__(self) -> None:
        model, scales = self.model, (self.normaliser.mean, self.normaliser.deviation)
        sizes = (model.channels, model.height, model.width)
        if not all(1 <= size <= LARGEST for size in sizes):
            raise ValueError(f"images of {' × '.join(map(str, sizes))}")
        if self.bits not in (8, 16) or self.shape.rules not in (FIRST_RULES, RULES):
            raise ValueError("pixels of another version")
        if self.precision not in PRECISIONS[1:]:
            raise ValueError(f"a precision of {self.precision!r:.40}")
        if not model.classes == len(self.classes) == len(set(self.classes)):
            raise ValueError(f"{len(self.classes)} names for {model.classes} classes")
        if not all(len(values) == model.channels for values in scales):
            raise ValueError(f"a normaliser of other than {model.channels} channels")
        if not all(map(math.isfinite, chain(*scales))) or not min(scales[1]) > 0:
            raise ValueError("a normaliser that gives no finite numbers")

    @classmethod
    def from_dict(cls, card: dict[str, Any]) -> ModelCard:
        """Read the card from plain data; raise ValueError or the like for anything else."""
        normaliser = Normaliser(**{key: tuple(card["normaliser"][key]) for key in SCALES})
        return cls(
            checked(ModelSettings(**{**card["model"], "pretrained": False})),
            checked(_Names(tuple(card["classes"]))).names,
            checked(normaliser),
            checked(Shape(**card["shape"], rules=card.get("pixel_rules", FIRST_RULES))),
            card.get("bits", 8),
            card.get("precision", "fp32"),
        )


@dataclass(frozen=True)
class _Names:
    names: tuple[str, ...]


SCALES = ("mean", "deviation")


def load_model(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return a finished model's weights and its card, as they are in its file."""
    path = folder / MODEL
    if not folder.exists():
        raise TrainError(f'"{folder}" does not exist')
    if not path.is_file():
        raise TrainError(f'"{folder}" has no {MODEL}: it is not a finished run')
    try:
        tensors, note = read_tensors(path)
        card: dict[str, Any] = json.loads(note["card"])
    except DAMAGES as error:
        raise TrainError(f'"{path}" is damaged ({_reason(error)})') from error
    return tensors, card


def build_model(folder: Path) -> tuple[nn.Module, ModelCard]:
    """Build a finished model with its weights, and return it with its card.

    The shapes of the weights are compared before the model takes any memory.
    """
    path = folder / MODEL
    tensors, plain = load_model(folder)
    try:
        card = ModelCard.from_dict(plain)
        with torch.device("meta"):
            expected = build(card.model).state_dict()
        if {name: value.shape for name, value in expected.items()} != {
            name: value.shape for name, value in tensors.items()
        }:
            raise ValueError(f'its weights are not those of "{card.model.name}"')
        model = build(card.model)
        model.load_state_dict(tensors)
    except (*DAMAGES, TrainError) as error:
        raise TrainError(f'"{path}" is damaged ({_reason(error)})') from error
    if not all_finite(tensors.values()):
        raise TrainError(f'"{folder}" is a run that diverged: its weights are not finite numbers')
    return model, card


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors of a safetensors file, and its metadata."""
    with safe_open(path, framework="pt") as file:
        # the file object is not a dict: it has keys() and no iterator
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return tensors, file.metadata() or {}


def _write_tensors(path: Path, tensors: Mapping[str, Tensor], note: dict[str, str]) -> None:
    """Write tensors and metadata as a safetensors file."""
    whole = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    write_whole(path, save(whole, note))
