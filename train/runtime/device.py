"""Devices: which one to train on, and what the hardware is called."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import torch


def pick_device(asked: str) -> torch.device | None:
    """Return the device that is meant by auto, cpu or cuda; None if there is no such one."""
    if asked == "cpu" or (asked == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if asked in ("auto", "cuda") and torch.cuda.is_available():  # pragma: no cover  # needs a GPU
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
        return torch.device("cuda")
    return None


def cpu_name() -> str:
    """Return what the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(
            line.partition(":")[2].strip() for line in lines if line.startswith("model name")
        )
    except (OSError, StopIteration):
        return platform.machine()


def hardware(device: torch.device) -> dict[str, Any]:
    """Return what a run ran on."""
    found = {
        "system": platform.platform(),
        "processor": cpu_name(),
        "threads": torch.get_num_threads(),
        "device": str(device),
    }
    if device.type == "cuda":  # pragma: no cover  # needs a GPU
        found["gpu"] = torch.cuda.get_device_name(device)
    return found


def finish(device: torch.device) -> None:
    """Wait until a GPU has done what it was given."""
    if device.type == "cuda":  # pragma: no cover  # needs a GPU
        torch.cuda.synchronize(device)
