"""A file of weights: read without executing anything, whatever program wrote it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from torch import Tensor

from train.errors import STOPPED, TrainError

SAFETENSORS = ".safetensors"
NESTED = ("state_dict", "model_state_dict", "model")
"""Keys under which checkpoints of other programs keep the weights."""
WRAPPERS = ("module.", "_orig_mod.", "model.")
"""What `DataParallel`, `torch.compile` and Lightning put before each key."""
ARCHIVE = b"PK"
"""The first bytes of torch's files, which are zip archives."""


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
