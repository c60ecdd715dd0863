"""The rows of a manifest: their form, as lines of JSON, and the check of a row that is read."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypedDict

from expand.errors import ExpandError
from expand.storage.names import check_inside

_encode = json.JSONEncoder(ensure_ascii=False).encode


class Row(TypedDict):
    """One file of the expanded dataset."""

    file_name: str
    label: str
    source: str
    view: int
    params: dict[str, Any]
    width: int
    height: int
    bytes: int
    sha256: str
    source_sha256: str
    same_as: int
    """The first view of the source with the same pixels; nearly always this one."""


TEXTS = ("label", "sha256", "source_sha256")
NUMBERS = ("view", "width", "height", "bytes", "same_as")
LARGEST = 1 << 53
"""The largest whole number that every reader of JSON takes as it is."""


class NotJsonError(ExpandError):
    """A line that is not JSON at all: it was cut off when a run was killed, or is damaged."""


def line_of(row: Row) -> str:
    """Return a row as a line of JSON."""
    return _encode(row) + "\n"


def parse_row(line: bytes) -> Row:
    """Return the row in a line of a manifest, which anyone may have written.

    Raise NotJsonError if it is not JSON, and ExpandError with the reason if it is not a row: each
    value has its type, numbers are not negative, and names lead to files inside the folder.
    """
    row = parse_json(line)
    if not isinstance(row, dict):
        raise ExpandError("not a row of a manifest: an object is needed")
    try:
        check_inside(row["file_name"])
        check_inside(row["source"])
        for key in TEXTS:
            if not isinstance(row[key], str):
                raise ExpandError(f'"{key}" must be text')
        check_inside(row["label"])
        for key in NUMBERS:
            if type(row[key]) is not int or not 0 <= row[key] <= LARGEST:
                raise ExpandError(f'"{key}" must be a whole number, at least 0')
        if not isinstance(row["params"], dict):
            raise ExpandError('"params" must be an object')
    except KeyError as error:
        raise ExpandError(f"not a row of a manifest: it has no {error}") from error
    except ExpandError as error:
        raise ExpandError(f"not a row of a manifest: {error}") from error
    return row  # type: ignore[return-value]


def parse_json(text: bytes) -> Any:
    """Return the value of a JSON text; raise NotJsonError with the reason if it is not one."""
    try:
        return _decode(text.decode())
    except RecursionError:
        raise NotJsonError("is nested too deeply") from None
    except ValueError as error:  # not JSON, not UTF-8, or a number of thousands of digits
        raise NotJsonError(f"is not JSON ({error})") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


_decode = json.JSONDecoder(parse_constant=_refuse_constant).decode  # made once: a line takes 5 µs
