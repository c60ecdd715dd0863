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
WRAPPERS = ("module.", "_orig_mod.", "model.")
"""What `DataParallel`, `torch.compile` and Lightning put before each key."""
ARCHIVE = b"PK"
"""The first bytes of torch's files, which are zip archives."""
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
    state = _state_dict(weights.file, _load(weights.file, data))
    for key, value in state.items():
        if reason := _unusable(key, value):
            raise TrainError(f'the weights in "{weights.file}" cannot be used: {reason}')
    return _unwrapped(state)


def _no_weights(file: Path, reason: str) -> TrainError:
    return TrainError(
        f'"{file}" does not hold weights alone ({reason}); save its state dict: '
        "torch.save(model.state_dict(), FILE)"
    )


def _load(file: Path, data: bytes) -> Any:
    """Load what a file holds, by its content: a safetensors file may have any name."""
    if not data.startswith(ARCHIVE) and (data[8:9] == b"{" or file.suffix.lower() == SAFETENSORS):
        try:
            return load_safetensors(data)
        except (SafetensorError, ValueError) as error:
            raise _no_weights(file, "as a safetensors file, it is damaged") from error
    try:
        with warnings.catch_warnings():  # of a file by another program; what matters is raised
            warnings.simplefilter("ignore")
            return torch.load(BytesIO(data), map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # torch raises anything on text, other objects and damaged bytes
        reason = "it is not a file of torch, is damaged, or has other objects"
        raise _no_weights(file, reason) from error


def _state_dict(file: Path, loaded: Any) -> Mapping[Any, Tensor]:
    """Return the state dict in what was loaded; raise TrainError if there is none."""
    for key in NESTED:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
    if not isinstance(loaded, Mapping) or not loaded:
        raise _no_weights(file, "no tensors by name")
    if others := [key for key, value in loaded.items() if not isinstance(value, Tensor)]:
        raise _no_weights(file, f'"{others[0]!s:.60}" is not a tensor')
    return loaded


def _unusable(key: object, value: Tensor) -> str:
    """Say why no model can start from a tensor; "" if one can."""
    name = f'"{key!s:.60}"'
    if value.layout is not torch.strided or value.is_quantized or value.is_meta:
        return f"{name} is sparse, quantized or without values; save it as a plain tensor"
    if value.is_complex():
        return f"{name} has complex numbers"
    return "" if value.isfinite().all() else f"{name} has values that are not finite numbers"


def _unwrapped(state: Mapping[Any, Tensor]) -> dict[str, Tensor]:
    """Return a state dict without what wrappers put before every key."""
    plain = {str(key): value for key, value in state.items()}
    while wrapper := next((w for w in WRAPPERS if all(key.startswith(w) for key in plain)), None):
        plain = {key[len(wrapper) :]: value for key, value in plain.items()}
    return plain


def start_from(net: nn.Module, name: str, weights: WeightsFile) -> Start:
    """Put weights into a model, except where its head or first layer has another shape.

    Raise TrainError, with the keys, if the rest of the model and the file differ.
    """
    state, own = read_state(weights), net.state_dict()
    replaceable = _replaceable(net)
    # a file without a head is one of a backbone; one without a first layer is of another model
    first = replaceable[0] if len(replaceable) > 1 else ""
    new = [
        layer
        for layer in replaceable
        if not _fits(layer, own, state) and (layer != first or _has(layer, own, state))
    ]
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


def _has(layer: str, own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> bool:
    """Return whether a file has all of a layer, in whatever shapes."""
    return all(key in state for key in own if _belongs(key, [layer]))


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
    whole = [
        key
        for key in own.keys() & given.keys()
        if own[key].is_floating_point() and not given[key].is_floating_point()
    ]
    found = {
        "missing": missing,
        "not in the model": unknown,
        "of another shape": sorted(other),
        "of whole numbers in place of fractions": sorted(whole),
    }
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
        words += f'; the last layer "{head}" is new, for these classes and images'
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
