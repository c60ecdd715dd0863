"""Checkpoints and finished models. Nothing in them executes when it is read."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from expand.storage.files import write_whole
from train.data.normalise import Normaliser
from train.data.shape import Shape
from train.errors import TrainError
from train.fit.trainer import Tally, Trainer
from train.models.settings import ModelSettings
from train.runtime.clock import Clock

MODEL, CHECKPOINT = "model.safetensors", "checkpoint.safetensors"


def save_checkpoint(
    folder: Path, trainer: Trainer, lines: list[dict[str, Any]], clock: Clock
) -> None:
    """Write all that the next step depends on, in one file that is there whole or not at all."""
    tensors = {f"model/{name}": value for name, value in trainer.model.state_dict().items()}
    tensors |= {f"average/{name}": value for name, value in trainer.average.values.items()}
    for number, (parameter, state) in enumerate(_momenta(trainer)):
        if state is not None:
            tensors[f"momentum/{number}"] = state
        del parameter
    tensors |= {
        "tally/loss": trainer.tally.loss,
        "tally/right": trainer.tally.right,
        "chance": torch.get_rng_state(),
    }
    if trainer.device.type == "cuda":  # pragma: no cover  # needs a GPU
        tensors["chance/cuda"] = torch.cuda.get_rng_state()
    note = {
        "step": str(trainer.step),
        "images": str(trainer.tally.images),
        "metrics": json.dumps(lines),
    }
    note["clock"] = json.dumps(asdict(clock))
    whole = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    write_whole(folder / CHECKPOINT, save(whole, note))


def load_checkpoint(folder: Path, trainer: Trainer, clock: Clock) -> list[dict[str, Any]]:
    """Put a trainer, and the clock, where the run stopped; return the metrics so far; damage is a TrainError."""
    path = folder / CHECKPOINT
    if not path.is_file():
        return []
    try:
        tensors, note = read_tensors(path)
        trainer.model.load_state_dict(_part(tensors, "model/"))
        for name, value in _part(tensors, "average/").items():
            trainer.average.values[name].copy_(value)
        for number, (parameter, _) in enumerate(_momenta(trainer)):
            if (state := tensors.get(f"momentum/{number}")) is not None:
                # laid out in memory like its parameter: the fused step walks through both as they lie
                trainer.optimizer.state[parameter]["momentum_buffer"] = torch.empty_like(
                    parameter
                ).copy_(state)
        trainer.step = int(note["step"])
        if trainer.world.is_main:  # whose own share of the pass it is
            tally = Tally(int(note["images"]), tensors["tally/loss"], tensors["tally/right"])
            trainer.tally = tally.to(trainer.device)
        torch.set_rng_state(tensors["chance"])
        if "chance/cuda" in tensors:  # pragma: no cover  # needs a GPU
            torch.cuda.set_rng_state(tensors["chance/cuda"])
        for name, seconds in json.loads(note["clock"]).items():
            setattr(clock, name, seconds)
        lines: list[dict[str, Any]] = json.loads(note["metrics"])
    except (
        torch.OutOfMemoryError
    ):  # pragma: no cover  # needs a GPU; a RuntimeError too, but the file is good
        raise
    except (SafetensorError, KeyError, ValueError, RuntimeError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise TrainError(
            f'"{path}" is damaged ({reason}); remove it to start from the beginning'
        ) from error
    return lines


def _momenta(trainer: Trainer) -> list[tuple[Any, Tensor | None]]:
    """Return each learned parameter with its momentum, in the optimiser's order."""
    parameters = [
        parameter for group in trainer.optimizer.param_groups for parameter in group["params"]
    ]
    return [
        (parameter, trainer.optimizer.state[parameter].get("momentum_buffer"))
        for parameter in parameters
    ]


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors of a safetensors file, and its metadata."""
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118  # it is no dict


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def save_model(
    folder: Path,
    state: dict[str, Tensor],
    settings: ModelSettings,
    classes: tuple[str, ...],
    look: tuple[Normaliser, Shape],
) -> None:
    """Write the finished model with its card: how to build it, what its outputs are called, how images reach it."""
    normalise, shape = look
    card = {
        "model": asdict(settings),
        "classes": list(classes),
        "normaliser": asdict(normalise),
        "shape": asdict(shape),
    }
    whole = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    write_whole(folder / MODEL, save(whole, {"card": json.dumps(card)}))


def load_model(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return a finished model's weights and its card."""
    path = folder / MODEL
    if not path.is_file():
        raise TrainError(f'"{folder}" has no {MODEL}: not a finished run')
    try:
        tensors, note = read_tensors(path)
        card: dict[str, Any] = json.loads(note["card"])
    except (SafetensorError, KeyError, ValueError, TypeError, OSError) as error:
        raise TrainError(f'"{path}" is damaged ({error})') from error
    return tensors, card
