"""JSON: read and written as Python's `json` does, but faster; and files read with bounds."""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import orjson


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


PLAIN = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS
EXPONENTS = ("e-", "e+", *(f"e{digit}" for digit in range(1, 10)))
"""Of numbers below 0.0001 and from 1e16, which not all versions of orjson write as Python does."""
DIGITS = bytes.maketrans(b"123456789", b"000000000")
LONG = b"0" * 19
"""So many digits can be a whole number of more than 64 bits, which orjson reads as another one."""


def encode(value: Any, *, compact: bool = False, ascii_only: bool = False) -> str:
    """Return plain data as the text that `json.dumps` writes, in a fraction of the time.

    There are blanks after commas and colons, unless it is `compact`; `ascii_only` is the
    `ensure_ascii` of `json.dumps`.
    """
    try:
        text = orjson.dumps(value, option=PLAIN).decode()
    except TypeError:  # not for orjson: half of a character, or a whole number of 65 bits
        return _encoder(compact, ascii_only).encode(value)
    pieces = text.split('"')
    between = "\0".join(pieces[::2])  # what is not in strings
    if "\\" in text or _may_differ(between) or (ascii_only and not text.isascii()):
        return _encoder(compact, ascii_only).encode(value)
    if compact:
        return text
    pieces[::2] = between.replace(",", ", ").replace(":", ": ").split("\0")
    return '"'.join(pieces)


def _may_differ(text: str) -> bool:
    """Tell whether JSON without its strings may have a value that Python writes in another way."""
    if "null" in text or "0.0000" in text:  # orjson writes null for NaN
        return True
    return "e" in text and any(each in text for each in EXPONENTS)


@cache
def _encoder(compact: bool, ascii_only: bool) -> json.JSONEncoder:
    separators = (",", ":") if compact else (", ", ": ")
    return json.JSONEncoder(separators=separators, ensure_ascii=ascii_only)


def decode(text: bytes | str, *, constants: bool = False) -> Any:
    """Return the value of a JSON text as `json.loads` does, in a fraction of the time.

    Raise ValueError if it is not JSON, and RecursionError if it is nested too deeply. NaN and
    Infinity are not JSON: they are read with `constants` only.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if LONG not in data.translate(DIGITS):
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:  # Python says what is wrong, or reads what orjson does not
            pass
    decoder = _LENIENT if constants else _STRICT
    return decoder.decode(text if isinstance(text, str) else text.decode())


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


_STRICT, _LENIENT = json.JSONDecoder(parse_constant=_refuse_constant), json.JSONDecoder()

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
