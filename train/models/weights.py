"""Weights to start from, in a local file: read without executing anything, fitted to a model."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from torch import Tensor, nn

from train.errors import STOPPED, TrainError

SAFETENSORS = ".safetensors"
NESTED = ("state_dict", "model_state_dict", "model")
"""Keys under which checkpoints of other programs keep the weights."""
PARALLEL = "module."
"""What `DataParallel` puts before each key."""
COUNTER = "num_batches_tracked"
"""A counter of batch norms that nothing depends on; files before torch 0.4 have none."""
SHOWN = 3


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights, and its hash when it was asked for."""

    file: Path
    sha256: str

    @classmethod
    def of(cls, file: Path) -> WeightsFile:
        """Return a file with its hash."""
        return cls(file, sha256(_read(file)).hexdigest())

    def to_dict(self) -> dict[str, str]:
        """Convert to plain data."""
        return {**asdict(self), "file": str(self.file)}


class Start(NamedTuple):
    """How a model starts from weights: the parts of it that are new, and why."""

    new: tuple[str, ...]
    """The names of layers that keep their random weights."""
    note: str
    """What the user should know, in words."""


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise TrainError(f'--weights: "{file}" cannot be read: {reason}') from error


@lru_cache(maxsize=1)
def read_state(weights: WeightsFile) -> Mapping[str, Tensor]:
    """Read the tensors of a file, by name; raise TrainError if it changed or holds anything else.

    safetensors files hold tensors alone; those of torch are read with `weights_only`.
    """
    data = _read(weights.file)
    if sha256(data).hexdigest() != weights.sha256:
        raise TrainError(f'"{weights.file}" has changed since the command began', STOPPED)
    try:
        return _tensors(_load(weights.file, data))
    except (SafetensorError, RuntimeError, ValueError) as error:
        raise _no_weights(weights.file, _first_line(error)) from error
    except MemoryError:
        raise
    except Exception as error:  # torch raises anything on text, other objects and damaged bytes
        reason = "it is not a file of torch, is damaged, or has other objects"
        raise _no_weights(weights.file, reason) from error


def _no_weights(file: Path, reason: str) -> TrainError:
    return TrainError(
        f'"{file}" does not hold weights alone ({reason}); save its state dict: '
        "torch.save(model.state_dict(), FILE)"
    )


def _load(file: Path, data: bytes) -> Any:
    if file.suffix == SAFETENSORS:
        return load_safetensors(data)
    with warnings.catch_warnings():  # of a file by another program; what matters is raised
        warnings.simplefilter("ignore")
        return torch.load(BytesIO(data), map_location="cpu", weights_only=True)


def _tensors(loaded: Any) -> dict[str, Tensor]:
    """Return the state dict in what was loaded; raise ValueError if there is none."""
    for key in NESTED:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
    if not isinstance(loaded, Mapping) or not loaded:
        raise ValueError("no tensors by name")
    if others := [key for key, value in loaded.items() if not isinstance(value, Tensor)]:
        raise ValueError(f'"{others[0]!s:.60}" is not a tensor')
    if broken := [key for key, value in loaded.items() if not value.isfinite().all()]:
        raise ValueError(f'"{broken[0]!s:.60}" has values that are not finite numbers')
    wrapped = all(str(key).startswith(PARALLEL) for key in loaded)
    return {str(key)[len(PARALLEL) if wrapped else 0 :]: value for key, value in loaded.items()}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def start_from(net: nn.Module, name: str, weights: WeightsFile) -> Start:
    """Put weights into a model, except where its head or first layer has another shape.

    Raise TrainError, with the keys, if the rest of the model and the file differ.
    """
    state, own = read_state(weights), net.state_dict()
    replaceable = _replaceable(net)
    new = [layer for layer in replaceable if not _fits(layer, own, state)]
    kept = {key: value for key, value in own.items() if not _belongs(key, new)}
    given = {key: value for key, value in state.items() if not _belongs(key, new)}
    _check_keys(kept, given, weights.file, name)
    with torch.no_grad():
        for key in kept.keys() & given.keys():
            own[key].copy_(given[key])
    return Start(tuple(new), _describe(weights, new, replaceable))


def _replaceable(net: nn.Module) -> list[str]:
    """List the layers that depend on the images or the classes: the first one and the heads.

    A head is the last linear layer, or the last convolution of a model without one; those of
    auxiliary classifiers are heads too.
    """
    convolutions = [key for key, each in net.named_modules() if isinstance(each, nn.Conv2d)]
    linear = [key for key, each in net.named_modules() if isinstance(each, nn.Linear)]
    auxiliary = [key for key in linear if key.lower().startswith("aux")]
    head = (linear or convolutions)[-1]
    return list(dict.fromkeys([*convolutions[:1], *auxiliary, head]))


def _fits(layer: str, own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> bool:
    """Return whether a file has all of a layer, in the shapes of the model."""
    return all(
        key in state and state[key].shape == value.shape
        for key, value in own.items()
        if _belongs(key, [layer])
    )


def _belongs(key: str, layers: Sequence[str]) -> bool:
    return any(key.startswith(f"{layer}.") for layer in layers)


def _check_keys(
    own: Mapping[str, Tensor], given: Mapping[str, Tensor], file: Path, name: str
) -> None:
    missing = [key for key in own if key not in given and not key.endswith(COUNTER)]
    unknown = [key for key in given if key not in own]
    other = [
        f"{key} {_shape(given[key])}, not {_shape(own[key])}"
        for key in own.keys() & given.keys()
        if own[key].shape != given[key].shape
    ]
    found = {"missing": missing, "not in the model": unknown, "of another shape": sorted(other)}
    parts = [f"{len(keys):,} {what} ({_few(keys)})" for what, keys in found.items() if keys]
    if parts:
        raise TrainError(f'the weights in "{file}" do not fit "{name}": keys {"; ".join(parts)}')


def _few(keys: Sequence[str]) -> str:
    return ", ".join(keys[:SHOWN]) + (", …" if len(keys) > SHOWN else "")


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a number"


def _describe(weights: WeightsFile, new: Sequence[str], replaceable: Sequence[str]) -> str:
    """Say which layers are new, and why."""
    head, first = replaceable[-1], replaceable[0]
    words = f"weights of {weights.file} (sha256 {weights.sha256[:12]}…)"
    if head in new:
        words += f'; the last layer "{head}" is new, for these classes'
    else:
        words += f'; the last layer "{head}" fits these classes and is kept'
    if first in new and first != head:
        words += f'; the first layer "{first}" is new, for images of this size and these channels'
    return words


def freeze(net: nn.Module, new: Sequence[str]) -> None:
    """Keep all layers as they are but the head and those that are new."""
    learning = {*new, _replaceable(net)[-1]}
    for key, parameter in net.named_parameters():
        parameter.requires_grad_(_belongs(key, list(learning)) and parameter.requires_grad)


def to_training(net: nn.Module) -> None:
    """Switch a model to training, but batch norms that are frozen: they keep their statistics."""
    net.train()
    for module in net.modules():
        own = list(module.parameters(recurse=False))
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and own:
            module.train(any(parameter.requires_grad for parameter in own))
