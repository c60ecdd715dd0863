"""Devices: the one to train on, and a description of the hardware."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import torch

from train.runtime.memory import explain_gpu


def pick_device(name: str) -> torch.device | None:
    """Return the device for auto, cpu or cuda; None if this machine does not have it."""
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if name in ("auto", "cuda") and torch.cuda.is_available():  # pragma: no cover  # needs a GPU
        make_deterministic()
        with explain_gpu():
            torch.cuda.set_device(own_gpu())
        return torch.device("cuda")
    return None


def own_gpu() -> int:
    """Return the number of this process's GPU: processes of torchrun take them in turn."""
    return int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count()


def shares_gpu() -> bool:
    """Return whether torchrun started more processes on this machine than it has GPUs."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1")) > torch.cuda.device_count()


def make_deterministic() -> None:
    """Make torch compute the same bits in every run, as far as it can.

    To be called before a GPU is used. By default torch would also fill new memory with NaN, which
    costs a pass over each new tensor.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # see cuBLAS, "reproducibility"
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def cpu_name() -> str:
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(
            line.partition(":")[2].strip() for line in lines if line.startswith("model name")
        )
    except (OSError, StopIteration):
        return platform.machine()


def hardware(device: torch.device) -> dict[str, Any]:
    """Describe the hardware of a run."""
    description = {
        "system": platform.platform(),
        "processor": cpu_name(),
        "threads": torch.get_num_threads(),
        "device": str(device),
    }
    if device.type == "cuda":  # pragma: no cover  # needs a GPU
        description["gpu"] = torch.cuda.get_device_name(device)
    return description


def finish(device: torch.device) -> None:
    """Wait until a GPU has finished its work."""
    if device.type == "cuda":  # pragma: no cover  # needs a GPU
        torch.cuda.synchronize(device)
