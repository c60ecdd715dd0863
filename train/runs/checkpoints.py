"""Checkpoints and finished models. They are safetensors files: reading one executes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from expand.storage.files import write_whole
from expand.storage.json import to_json
from train.data.normalise import Normaliser
from train.data.shape import Shape
from train.errors import TrainError
from train.fit.trainer import Tally, Trainer
from train.models.settings import ModelSettings
from train.runs.results import EpochMetrics
from train.runtime.clock import Clock

MODEL, CHECKPOINT = "model.safetensors", "checkpoint.safetensors"
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
        "metrics": to_json([line.to_dict() for line in metrics], ascii_only=True),
        "clock": to_json(asdict(clock), ascii_only=True),
    }
    _write_tensors(folder / CHECKPOINT, tensors, note)


def load_checkpoint(folder: Path, trainer: Trainer, clock: Clock) -> list[EpochMetrics]:
    """Restore a trainer and the clock from a checkpoint; return the metrics so far.

    Without a checkpoint nothing changes. Raise TrainError if it is damaged.
    """
    path = folder / CHECKPOINT
    if not path.is_file():
        return []
    try:
        tensors, note = read_tensors(path)
        _restore(trainer, tensors, note)
        for name, seconds in json.loads(note["clock"]).items():
            setattr(clock, name, seconds)
        trainer.check_finite()
        return [EpochMetrics.from_dict(line) for line in json.loads(note["metrics"])]
    except torch.OutOfMemoryError:  # pragma: no cover  # needs a GPU; the file is good
        raise
    except (SafetensorError, KeyError, ValueError, RuntimeError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise TrainError(
            f'"{path}" is damaged ({reason}); remove it to start from the beginning'
        ) from error


def _restore(trainer: Trainer, tensors: dict[str, Tensor], note: dict[str, str]) -> None:
    """Put a trainer, and the random state, where the run was interrupted."""
    tensors = {FORMER_NAMES.get(name, name): value for name, value in tensors.items()}
    trainer.model.load_state_dict(_part(tensors, "model/"))
    for name, value in _part(tensors, "average/").items():
        trainer.average.values[name].copy_(value)
    for number, parameter in enumerate(_parameters(trainer)):
        if (buffer := tensors.get(f"momentum/{number}")) is not None:
            # with its parameter's layout in memory: the fused step reads both in memory order
            restored = torch.empty_like(parameter).copy_(buffer)
            trainer.optimizer.state[parameter]["momentum_buffer"] = restored
    trainer.step = int(note["step"])
    if trainer.world.is_main:  # whose own share of the epoch was written
        tally = Tally(int(note["images"]), tensors["tally/loss"], tensors["tally/right"])
        trainer.tally = tally.to(trainer.device)
    torch.set_rng_state(tensors["rng"])
    if "rng/cuda" in tensors:  # pragma: no cover  # needs a GPU
        torch.cuda.set_rng_state(tensors["rng/cuda"])


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
    }
    _write_tensors(folder / MODEL, state, {"card": to_json(card, ascii_only=True)})


def load_model(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return a finished model's weights and its card."""
    path = folder / MODEL
    if not path.is_file():
        raise TrainError(f'"{folder}" has no {MODEL}: it is not a finished run')
    try:
        tensors, note = read_tensors(path)
        card: dict[str, Any] = json.loads(note["card"])
    except (SafetensorError, KeyError, ValueError, TypeError, OSError) as error:
        raise TrainError(f'"{path}" is damaged ({error})') from error
    return tensors, card


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors of a safetensors file, and its metadata."""
    with safe_open(path, framework="pt") as file:
        # the file object is not a dict: it has keys() and no iterator
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118


def _write_tensors(path: Path, tensors: Mapping[str, Tensor], note: dict[str, str]) -> None:
    """Write tensors and metadata as a safetensors file."""
    whole = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    write_whole(path, save(whole, note))
