"""Silence for image libraries: what is wrong with a file is said once, by whoever asked for it.

libpng, libjpeg and libtiff print to C's `stderr`, past Python. While they decode, `stderr` points
to the null device. The process's file descriptors are not touched, so that what other
threads print still appears. Pillow's warnings and tifffile's log go to nobody, unless a program
asks for them.
"""

from __future__ import annotations

import ctypes
import logging
import threading
import warnings
from types import TracebackType
from typing import Any

import cv2

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
warnings.filterwarnings("ignore", module=r"PIL\b")
for _library in ("PIL", "tifffile"):
    logging.getLogger(_library).addHandler(logging.NullHandler())


def _stderr() -> Any:
    """Return glibc's variable `stderr`; None with another C library, which may protect it."""
    try:
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018  # raises AttributeError unless it is glibc
        return ctypes.c_void_p.in_dll(libc, "stderr")
    except (OSError, AttributeError, ValueError, TypeError):
        return None


def _null_file() -> int | None:
    """Open the null device as C does."""
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    opened: int | None = libc.fopen(b"/dev/null", b"we")
    return opened


class _Quiet:
    """A context in which C libraries print nothing; threads may be in it at the same time."""

    def __init__(self) -> None:
        self.lock, self.inside, self.variable = threading.Lock(), 0, _stderr()
        self.shown = self.variable.value if self.variable is not None else None
        self.null = _null_file() if self.variable is not None else None

    def __enter__(self) -> None:
        if self.null is not None:
            with self.lock:
                self.inside += 1
                self.variable.value = self.null

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.null is not None:
            with self.lock:
                self.inside -= 1
                if not self.inside:
                    self.variable.value = self.shown


quiet = _Quiet()
"""`with quiet:` around what calls image libraries."""
