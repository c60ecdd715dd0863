"""Devices: the one to train on, and a description of the hardware."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import torch


def pick_device(name: str) -> torch.device | None:
    """Return the device for auto, cpu or cuda; None if this machine does not have it."""
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if name in ("auto", "cuda") and torch.cuda.is_available():  # pragma: no cover  # needs a GPU
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
        return torch.device("cuda")
    return None


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
