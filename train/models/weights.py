"""Weights to start from: a file's weights, fitted to a model; and layers that stay frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from train.errors import TrainError
from train.models.weights_file import WeightsFile, read_state

COUNTER = "num_batches_tracked"
"""A counter of batch norms that nothing depends on; files before torch 0.4 have none."""
SHOWN = 3


class Start(NamedTuple):
    """How a model starts from weights: the parts of it that are new, and why."""

    new: tuple[str, ...]
    """The names of layers that keep their random weights."""
    note: str
    """What the user should know, in words."""


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
