"""Memory: freed blocks are reused without new pages."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.train.commands import call
from train.errors import TrainError
from train.runtime.memory import (
    explain_gpu,
    explain_out_of_memory,
    explained,
    keep_freed_memory,
)

GLIBC = sys.platform.startswith("linux") and hasattr(ctypes.CDLL(None), "mallopt")

FILL_TWICE = """
import resource
from train.runtime.memory import keep_freed_memory
def fill_twice():
    for _ in range(2):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        b"x" * (64 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
as_it_is = fill_twice()
keep_freed_memory()
print(as_it_is, fill_twice())
"""


def count_new_pages() -> list[int]:
    """Count the fresh pages of a block of 64 MiB after another one was freed: as it is, and kept."""
    line = [sys.executable, "-c", FILL_TWICE]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    return [int(count) for count in done.stdout.split()]


@pytest.mark.skipif(not GLIBC, reason="the C library is not glibc")
def test_freed_memory_is_reused() -> None:
    as_it_is, kept = count_new_pages()
    assert kept < 100 < as_it_is


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


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "not enough memory; use a smaller --batch-size, --model or --image-size"),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), "not enough memory; use a smaller --batch-size, --model or --image-size"),
        (torch.AcceleratorError("CUDA error: an illegal memory access was encountered\nCompile with"), "the GPU failed (CUDA error: an illegal memory access was encountered); run the same command again, or use --device cpu"),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), "the GPU failed (cuDNN error: CUDNN_STATUS_EXECUTION_FAILED); run the same command again, or use --device cpu"),
    ],
)  # fmt: skip
def test_a_gpu_that_gives_out_is_one_line_wherever_it_happens(
    error: RuntimeError, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_run: Path) -> None:
        raise error

    monkeypatch.setattr("train.runs.predict.build_model", fail)
    (tmp_path / "model.safetensors").touch()
    image = tmp_path / "1.png"
    image.touch()
    found = call("predict", tmp_path, image).exception
    assert isinstance(found, TrainError)
    assert (str(found), found.status) == (said, 3)
    with pytest.raises(TrainError), explain_out_of_memory("cnn", 512):
        raise error


def test_another_error_stays_what_it_is() -> None:
    error = RuntimeError("other")
    assert explained(error) is error
    with pytest.raises(RuntimeError, match="^other$"), explain_gpu():
        raise error
