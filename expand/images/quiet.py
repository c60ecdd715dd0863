"""Silence for image libraries: what is wrong with a file is said once, by whoever asked for it.

libpng, libjpeg and libtiff print to C's `stderr`, past Python. While they decode, `stderr` is a
file that is kept in memory and thrown away. The process's file descriptors are not touched, so that
what other threads print still appears. Pillow's warnings and tifffile's log go to nobody, unless a
program asks for them.
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

SIZE = 4096
"""Bytes of what libraries print that are kept."""
FULLY_BUFFERED = 0


class _File:
    """A file of C that keeps what is printed to it: the null device, with a buffer of ours."""

    def __init__(self, libc: Any) -> None:
        libc.fopen.restype = libc.calloc.restype = ctypes.c_void_p
        libc.fflush.argtypes = [ctypes.c_void_p]
        libc.setvbuf.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
        self.flush = libc.fflush
        self.address: int | None = libc.fopen(b"/dev/null", b"we")
        buffer = libc.calloc(SIZE, 1)  # for ever: C uses it until the process ends
        if not self.address or not buffer:
            raise OSError("no null device")
        libc.setvbuf(self.address, buffer, FULLY_BUFFERED, SIZE)
        self.text = (ctypes.c_char * SIZE).from_address(buffer)

    def clear(self) -> None:
        """Forget what was printed."""
        if self.text[0] != b"\0":
            self.flush(self.address)
            ctypes.memset(self.text, 0, SIZE)

    def read(self) -> bytes:
        """Return what was printed."""
        return bytes(self.text.value)


class _Quiet:
    """A context in which C libraries print nothing; threads may be in it at the same time."""

    def __init__(self) -> None:
        self.lock, self.inside, self.crowded = threading.Lock(), 0, False
        self.variable, self.file = _stderr()
        self.shown = self.variable.value if self.file else None

    def __enter__(self) -> None:
        if self.file:
            with self.lock:
                self.inside += 1
                self.crowded = self.inside > 1
                if not self.crowded:
                    self.file.clear()
                self.variable.value = self.file.address

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.file:
            with self.lock:
                self.inside -= 1
                if not self.inside:
                    self.variable.value = self.shown

    def heard(self, words: bytes) -> bool:
        """Whether libraries have printed these words; False if another thread may be the cause."""
        if not self.file or self.file.text[0] == b"\0":
            return False
        with self.lock:
            return not self.crowded and words in self.file.read()


def _stderr() -> tuple[Any, _File | None]:
    """Return glibc's variable `stderr`, and a file that can stand in it.

    With another C library, which may protect the variable, there is none, and libraries are heard.
    """
    try:
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018  # raises AttributeError unless it is glibc
        return ctypes.c_void_p.in_dll(libc, "stderr"), _File(libc)
    except (OSError, AttributeError, ValueError, TypeError):
        return None, None


quiet = _Quiet()
"""`with quiet:` around what calls image libraries."""
