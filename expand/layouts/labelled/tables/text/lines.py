"""JSON Lines: objects with the places of their values, so that all else stays as it is written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from expand.layouts.labelled.tables.text.record import Raw, Record, RecordError, splice

SPACE = re.compile(r"[ \t\r\n]*")
LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")
DECODER = json.JSONDecoder()


class Value(NamedTuple):
    """A JSON value, and where it is written."""

    value: Any
    begin: int
    end: int


def records(text: str) -> Iterator[Record]:
    """Yield the lines of a text."""
    position, line = 0, 1
    while position < len(text):
        match = LINE.match(text, position)
        assert match
        yield Record(line, match[1], match[2])
        position, line = match.end(), line + 1


def members(text: str, begin: int = 0) -> dict[str, Value]:
    """Return the values of the JSON object that begins at a place in a text, by their keys.

    Raise RecordError for anything else.
    """
    found: dict[str, Value] = {}

    def member(position: int) -> int:
        """Read a key and its value; return where they end."""
        key = _decode(text, position)
        position = _skip(text, key.end)
        if not isinstance(key.value, str) or text[position : position + 1] != ":":
            raise RecordError(f"is not JSON: a key and a colon are expected at {position + 1}")
        found[key.value] = _decode(text, position + 1)
        return found[key.value].end

    _walk(text, begin, "{}", member)
    return found


def items(text: str, begin: int = 0) -> list[Value]:
    """Return the values of the JSON list that begins at a place in a text."""
    found: list[Value] = []

    def item(position: int) -> int:
        found.append(_decode(text, position))
        return found[-1].end

    _walk(text, begin, "[]", item)
    return found


def _walk(text: str, begin: int, brackets: str, part: Callable[[int], int]) -> None:
    """Read the parts between brackets, separated by commas; each returns where it ends."""
    opening, closing = brackets[0], brackets[1]
    position = _skip(text, begin)
    if text[position : position + 1] != opening:
        kind = "an object" if opening == "{" else "a list"
        raise RecordError(f"is not JSON: {kind} is expected at character {position + 1}")
    position = _skip(text, position + 1)
    if text[position : position + 1] == closing:
        return
    while True:
        position = _skip(text, part(position))
        if text[position : position + 1] == closing:
            return
        if text[position : position + 1] != ",":
            raise RecordError(f"is not JSON: a comma is expected at character {position + 1}")
        position += 1


def _skip(text: str, position: int) -> int:
    match = SPACE.match(text, position)
    return match.end() if match else position


def _decode(text: str, position: int) -> Value:
    begin = _skip(text, position)
    try:
        value, end = DECODER.raw_decode(text, begin)
    except json.JSONDecodeError as error:
        raise RecordError(f"is not JSON: {error.msg} at character {error.pos + 1}") from error
    except (ValueError, RecursionError) as error:
        raise RecordError(f"is not JSON that can be read: {error}") from error
    return Value(value, begin, end)


@dataclass(frozen=True)
class Lines:
    """The format of a table of JSON Lines."""

    columns: tuple[str, ...]
    empty = "null"

    def values(self, text: str) -> Mapping[str, str]:
        """Return the values of a row; lists and objects as they are written."""
        if not text.strip():
            return {}
        found = members(text)
        if rest := text[_end(text, found) :].strip():
            raise RecordError(f"is not JSON: {rest[:20]!r} follows the object")
        return {key: _text(text, each) for key, each in found.items() if each.value is not None}

    def replace(self, text: str, changes: Mapping[str, str]) -> str:
        """Return a row with other values; a text is quoted, `Raw` is taken as it is."""
        found = members(text)
        return splice(
            text,
            (
                (found[key].begin, found[key].end, _write(text, found[key], new))
                for key, new in changes.items()
                if key in found
            ),
        )


def _end(text: str, found: Mapping[str, Value]) -> int:
    last = max((each.end for each in found.values()), default=text.index("{"))
    return text.index("}", last) + 1


def _text(text: str, each: Value) -> str:
    return each.value if isinstance(each.value, str) else text[each.begin : each.end]


def _write(text: str, old: Value, new: str) -> str:
    if isinstance(new, Raw) and not isinstance(old.value, str):
        return new
    return json.dumps(str(new), ensure_ascii=text.isascii())
