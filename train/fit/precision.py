"""The faster precision, measured once for a model and a machine, then kept."""

from __future__ import annotations

import platform
import statistics
import time
from contextlib import AbstractContextManager, suppress
from copy import deepcopy
from hashlib import blake2b
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from expand.errors import ExpandError
from expand.storage.files import write_whole
from expand.storage.json import read_json, to_json
from train.errors import TrainError
from train.models.build import to_logits
from train.models.settings import ModelSettings
from train.runtime.device import cpu_name, finish

PRECISIONS = ("auto", "fp32", "bf16")
STEPS, GAIN = 8, 1.1
LARGEST = 2**20
"""Bytes of the file of measured precisions."""


def choose_precision(
    name: str, model: nn.Module, settings: ModelSettings, batch_size: int, cached: Path
) -> str:
    """Return fp32 or bf16; for auto, the faster one.

    The result of the measurement is kept in the file `cached`, so that runs that are compared do
    not differ by the noise of a measurement.
    """
    if name not in PRECISIONS:
        raise TrainError(f"--precision must be {', '.join(PRECISIONS)}, got {name!r}")
    if name != "auto":
        return name
    device = next(model.parameters()).device
    key = _key(settings, batch_size, device)
    known = _read(cached)
    if key not in known:
        known[key] = _measure(model, settings, batch_size, device)
        with suppress(ExpandError):  # where it cannot be kept, it is measured again
            write_whole(cached, to_json(known, indent=2, ascii_only=True).encode())
    return known[key]


def _read(cached: Path) -> dict[str, str]:
    try:
        known = read_json(cached, LARGEST)
        return {str(key): str(value) for key, value in known.items() if value in PRECISIONS[1:]}
    except (ValueError, AttributeError, TypeError):
        return {}


def _key(settings: ModelSettings, batch_size: int, device: torch.device) -> str:
    """Return a key of what a result depends on: machine, library version, model and batch size."""
    name = (
        torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{platform.processor()} {cpu_name()}"
    )
    text = f"{name} {torch.get_num_threads()} {torch.__version__} {settings} {batch_size}"
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _measure(
    model: nn.Module, settings: ModelSettings, batch_size: int, device: torch.device
) -> str:
    """Return the precision with the faster training step; bf16 must be a tenth faster.

    The model is not changed.
    """
    if device.type == "cuda" and not torch.cuda.is_bf16_supported(
        including_emulation=False
    ):  # pragma: no cover  # needs a GPU
        return "fp32"
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        times = _time_steps(model, settings, batch_size, device)
    bf16, fp32 = (statistics.median(times[precision]) for precision in ("bf16", "fp32"))
    return "bf16" if bf16 * GAIN < fp32 else "fp32"


def _time_steps(
    model: nn.Module, settings: ModelSettings, batch_size: int, device: torch.device
) -> dict[str, list[float]]:
    """Time a few training steps at each precision, in turn, in seconds."""
    images = torch.randn(batch_size, settings.channels, settings.height, settings.width).to(device)
    images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, settings.classes, (batch_size,)).to(device)
    copies = {precision: deepcopy(model) for precision in PRECISIONS[1:]}
    times: dict[str, list[float]] = {precision: [] for precision in copies}
    for step in range(STEPS + 2):
        for precision, net in copies.items():
            started = time.perf_counter()
            with autocast(device, precision):
                logits = to_logits(net, images)
            cross_entropy(logits, labels).backward()  # type: ignore[no-untyped-call]
            finish(device)
            if step >= 2:
                times[precision].append(time.perf_counter() - started)
    return times


def autocast(device: torch.device, precision: str) -> AbstractContextManager[Any]:
    """Return the context in which a model runs at a precision: fp32 or bf16."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")
