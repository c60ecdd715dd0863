"""Memory of image buffers: freed ones are used again, not given back to the system each time."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST = 32 << 20
"""Bytes of a buffer that is kept; glibc's own limit."""
KEPT = 256 << 20
"""Bytes of free memory that a process keeps."""


@cache
def keep_buffers() -> None:
    """Tell the C library to keep freed buffers for the next image; once for a process.

    By default glibc takes each large buffer from the system anew, and the system clears its pages:
    a third of the time for a photograph of 500×400 pixels. Other C libraries have no such setting.
    """
    with suppress(OSError, AttributeError, TypeError):  # none, or not glibc
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018  # raises AttributeError unless it is glibc
        libc.mallopt(M_MMAP_THRESHOLD, LARGEST)
        libc.mallopt(M_TRIM_THRESHOLD, KEPT)
