"""Silence for image libraries: what is wrong with a file is said once, by whoever asked for it.

libpng, libjpeg and libtiff print to C's `stderr`, past Python. While they decode, `stderr` is a
file that is kept in memory and thrown away. The process's file descriptors are not touched, so that
what other threads print still appears. Pillow's warnings and tifffile's log go to nobody, unless a
program asks for them.
"""

from __future__ import annotations

import ctypes
import logging
import os
import threading
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

import cv2

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
warnings.filterwarnings("ignore", module=r"PIL\b")
for _library in ("PIL", "tifffile"):
    logging.getLogger(_library).addHandler(logging.NullHandler())

SIZE = 4096
"""Bytes of what libraries print that are kept."""
FULLY_BUFFERED = 0
T = TypeVar("T")


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
        self.variable, self.file = _stderr()
        self.shown = self.variable.value if self.file else None
        self._reset()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._restore)

    def _reset(self) -> None:
        self.lock = threading.Lock()
        self.left = threading.Condition(self.lock)
        self.inside, self.crowded = 0, False
        """Threads inside, and whether others were inside when the last one came."""
        self.waiting = 0
        """Threads that are alone inside, or wait to be."""

    def _restore(self) -> None:
        """Begin anew in a forked process, where the threads that were inside do not exist."""
        self._reset()
        if self.file:
            self.variable.value = self.shown

    def __enter__(self) -> None:
        if file := self.file:
            with self.lock:
                while self.waiting:
                    self.left.wait()
                self._enter(file)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.file:
            with self.lock:
                self._leave()

    def _enter(self, file: _File) -> None:
        self.crowded = self.inside > 0
        self.inside += 1
        if not self.crowded:
            file.clear()
            self.variable.value = file.address

    def _leave(self) -> None:
        self.inside -= 1
        if not self.inside:
            self.variable.value = self.shown
            if self.waiting:
                self.left.notify_all()

    def listen(self, call: Callable[[], T]) -> tuple[T, bytes]:
        """Return what a call inside the context returns, and what libraries printed during it.

        If other threads may have printed that, call once more while no other thread is inside:
        the answer does not depend on what else is decoded at the same time.
        """
        result = call()
        if not self.file or self.file.text[0] == b"\0":
            return result, b""
        with self.lock:
            if not self.crowded:
                return result, self.file.read()
            self._leave()
            self.waiting += 1
        try:
            self._enter_alone(self.file)
            return call(), self.file.read()
        finally:
            with self.lock:
                if not self.crowded:
                    self.file.clear()
                self.waiting -= 1
                self.left.notify_all()

    def _enter_alone(self, file: _File) -> None:
        with self.lock:
            try:
                while self.inside:
                    self.left.wait()
            finally:
                self._enter(file)


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
