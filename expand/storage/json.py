"""JSON: text that holds finite numbers only, and files that are read with bounds."""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def to_json(data: Any, *, indent: int | None = None, ascii_only: bool = False) -> str:
    """Format plain data as JSON; a number that is not finite becomes null."""
    try:
        return json.dumps(data, indent=indent, ensure_ascii=ascii_only, allow_nan=False)
    except ValueError:
        known = _finite(data)
        return json.dumps(known, indent=indent, ensure_ascii=ascii_only, allow_nan=False)


def _finite(data: Any) -> Any:
    """Replace every number that is not finite by None."""
    if isinstance(data, Mapping):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


LARGEST = 256 * 2**20
"""Bytes of a JSON file that is read; a record of a million classes is smaller."""


def read_json(path: Path, largest: int = LARGEST) -> Any:
    """Read a JSON file; raise ValueError with the reason for anything that is not one.

    Only a regular file is read, so that a pipe cannot make the program wait.
    """
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ValueError("it is not a regular file")
            if status.st_size > largest:
                raise ValueError(f"it has {status.st_size:,} bytes, more than {largest:,}")
            return json.loads(file.read(largest).decode("utf-8"))
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except MemoryError as error:
        raise ValueError("it takes more memory than there is") from error


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
