"""Memory: freed blocks are reused without new pages."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest
import torch

from train.errors import TrainError
from train.runtime.memory import explain_out_of_memory, keep_freed_memory

GLIBC = sys.platform.startswith("linux") and hasattr(ctypes.CDLL(None), "mallopt")

FILL_TWICE = """
import resource, sys
from train.runtime.memory import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
for _ in range(2):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    b"x" * (64 << 20)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def count_new_pages(how: str) -> int:
    """Count the fresh pages of a block of 64 MiB after another one was freed."""
    return int(
        subprocess.run(
            [sys.executable, "-c", FILL_TWICE, how], capture_output=True, text=True, check=True
        ).stdout
    )


@pytest.mark.skipif(not GLIBC, reason="the C library is not glibc")
def test_freed_memory_is_reused() -> None:
    assert count_new_pages("keep") < 100 < count_new_pages("as it is")


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: pytest.fail("no C library is to be touched"))
    keep_freed_memory()


def test_a_library_without_mallopt_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    keep_freed_memory()


def test_running_out_of_memory_is_explained() -> None:
    message = "^not enough memory for cnn with --batch-size 512; use a smaller --batch-size, --model or --image-size$"
    with pytest.raises(TrainError, match=message) as stopped, explain_out_of_memory("cnn", 512):
        torch.empty(2**60, dtype=torch.uint8)
    assert stopped.value.status == 3
    with pytest.raises(RuntimeError, match="other"), explain_out_of_memory("cnn", 512):
        raise RuntimeError("other")
