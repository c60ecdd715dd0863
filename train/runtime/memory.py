"""Memory is kept for the next step; running out of it, and failures of a GPU, are explained."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from train.errors import STOPPED, TrainError

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
NEVER = 2**31 - 1
OUT_OF_MEMORY = (
    "can't allocate memory",
    "CUDA error: out of memory",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_ALLOC_FAILED",
)
"""What a plain RuntimeError says when memory runs out: of torch on the CPU, of CUDA's libraries."""
SMALLER = "use a smaller --batch-size, --model or --image-size"
GPU_ERRORS = ("CUDA error", "CUDA driver", "cuDNN error", "cuBLAS error", "NCCL error")


def keep_freed_memory() -> None:
    """Make the C library keep freed memory; does nothing if it is not glibc.

    By default each large tensor gets fresh pages from the system, which fills them with zeros, and
    returns them when it is freed, in every step. With kept memory a step of `cnn` takes a fifth
    less time on two cores, one of `fast-wide` a tenth less. See mallopt(3).
    """
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_MMAP_THRESHOLD, NEVER)
        library.mallopt(M_TRIM_THRESHOLD, NEVER)


@contextmanager
def explain_out_of_memory(model: str, batch_size: int) -> Iterator[None]:
    """Raise a TrainError with advice if memory runs out, on the CPU or a GPU."""
    try:
        with explain_gpu():
            yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise TrainError(
            f"not enough memory for {model} with --batch-size {batch_size}; {SMALLER}", STOPPED
        ) from error


def is_out_of_memory(error: Exception) -> bool:
    """Return whether memory ran out; not every library says so by the type of its error."""
    by_type = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return by_type or any(words in str(error) for words in OUT_OF_MEMORY)


@contextmanager
def explain_gpu() -> Iterator[None]:
    """Raise a TrainError if a GPU fails, except for want of memory."""
    try:
        yield
    except RuntimeError as error:
        if is_out_of_memory(error) or not _is_of_gpu(error):
            raise
        raise explained(error) from error


def explained(error: RuntimeError) -> Exception:
    """Return what to tell the user of an error of torch; the error itself if it is another one."""
    if is_out_of_memory(error):
        return TrainError(f"not enough memory; {SMALLER}", STOPPED)
    if not _is_of_gpu(error):
        return error
    reason = str(error).partition("\n")[0].rstrip(".")
    return TrainError(
        f"the GPU failed ({reason}); run the same command again, or use --device cpu", STOPPED
    )


def _is_of_gpu(error: RuntimeError) -> bool:
    return isinstance(error, torch.AcceleratorError) or str(error).startswith(GPU_ERRORS)
