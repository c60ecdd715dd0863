"""The text of a JSON file, with the places of the entries of its lists.

What a run does not change is written back as the text that it was: the order of keys, the form of
numbers and keys that are unknown here stay. So memory is little more than the size of the file.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from expand.errors import ExpandError, cut
from expand.storage.json import decode

MOST_BYTES = 1 << 33
BLANKS = re.compile(r"[ \t\r\n]*")
DECODER = json.JSONDecoder()
Visit = Callable[[Any], None]
"""Gets the value of an entry of a list; raises WrongEntryError."""


class NotCocoError(ExpandError):
    """A JSON file of another kind."""


class WrongEntryError(Exception):
    """What is wrong with an entry of a list; it is caught, and the line is added."""


@dataclass(frozen=True)
class Entries:
    """A list in a text: where it begins and ends (within the brackets), and so each entry."""

    begin: int
    end: int
    begins: array[int] = field(default_factory=lambda: array("q"))
    ends: array[int] = field(default_factory=lambda: array("q"))

    def __len__(self) -> int:
        return len(self.begins)


@dataclass(frozen=True)
class JsonText:
    """A JSON object as text, its long lists as places of entries, and all other values."""

    path: str
    text: str
    lists: Mapping[str, Entries]
    values: Mapping[str, Any]

    def entry(self, name: str, index: int) -> str:
        """Return the text of an entry of a list."""
        entries = self.lists[name]
        return self.text[entries.begins[index] : entries.ends[index]]

    def separator(self, name: str) -> str:
        """Return what is between the entries of a list."""
        entries = self.lists[name]
        if len(entries) < 2:
            return ", "
        return self.text[entries.ends[0] : entries.begins[1]]


def scan(path: str, text: str, visits: Mapping[str, Visit]) -> JsonText:
    """Read a JSON object: the entries of the lists in `visits` one by one, all else as values.

    Raise ExpandError, with file and line, if it is malformed or a visit refuses an entry.
    """
    scanner = _Scanner(path, text)
    try:
        if scanner.peek() != "{":
            DECODER.decode(text)
            raise NotCocoError(f'"{path}" is not a COCO file: that is a JSON object {{…}}')
        return scanner.read(visits)
    except json.JSONDecodeError as error:
        message = error.msg[:1].lower() + error.msg[1:]
        raise ExpandError(
            f'"{path}", line {error.lineno}, column {error.colno}: {message}'
        ) from error
    except RecursionError as error:
        raise ExpandError(f'"{path}" is nested too deeply') from error
    except ValueError as error:
        raise ExpandError(f'"{path}" has a number of more than 4,300 digits') from error


class _Scanner:
    """Reads a text from its beginning to its end; `at` is the place of the next character."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text, self.at = path, text, 0

    def read(self, visits: Mapping[str, Visit]) -> JsonText:
        """Read the object of the text; entries of the lists in `visits` are visited in turn."""
        lists: dict[str, Entries] = {}
        values: dict[str, Any] = {}
        for key in self._items("{", "}"):
            name = self._key(key, lists, values)
            if name in visits and self.peek() == "[":
                lists[name] = self._list(visits[name])
            else:
                values[name] = self._value()
        if self.peek():
            raise self._wrong("extra data")
        return JsonText(self.path, self.text, lists, values)

    def peek(self) -> str:
        """Skip blanks; return the next character, "" at the end."""
        match = BLANKS.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def _items(self, opening: str, closing: str) -> Iterator[int]:
        """Yield the place of each item between brackets; the caller reads the item."""
        self._take(opening)
        while self.peek() != closing:
            yield self.at
            if self.peek() == closing:
                break
            self._take(",")
            if self.peek() == closing:
                raise self._wrong(f"a comma before {closing}")
        self._take(closing)

    def _key(self, at: int, *known: Mapping[str, Any]) -> str:
        if self.peek() != '"':
            raise self._wrong("expecting a key in double quotes")
        name: str = self._value()
        if any(name in keys for keys in known):
            raise json.JSONDecodeError(f'the key "{cut(name)}" is here twice', self.text, at)
        self.peek()
        self._take(":")
        self.peek()
        return name

    def _value(self) -> Any:
        value, self.at = DECODER.raw_decode(self.text, self.at)
        return value

    def _entry(self) -> Any:
        """Read an entry; most are objects that hold no others, so the next bracket ends them."""
        end = self.text.find("}", self.at) + 1
        if self.text.rfind("{", self.at, end) == self.at:
            try:
                value = decode(self.text[self.at : end], constants=True)
            except ValueError:  # the bracket is in a string, or the text is malformed
                return self._value()
            self.at = end
            return value
        return self._value()

    def _list(self, visit: Visit) -> Entries:
        begin, begins, ends = self.at + 1, array("q"), array("q")
        for at in self._items("[", "]"):
            value = self._entry()
            try:
                visit(value)
            except WrongEntryError as error:
                line = self.text.count("\n", 0, at) + 1
                raise ExpandError(f'"{self.path}", line {line}: {error}') from error
            begins.append(at)
            ends.append(self.at)
        return Entries(begin, self.at - 1, begins, ends)

    def _take(self, character: str) -> None:
        if self.text[self.at : self.at + 1] != character:
            raise self._wrong(f"expecting {character!r}")
        self.at += 1

    def _wrong(self, message: str) -> json.JSONDecodeError:
        return json.JSONDecodeError(message, self.text, self.at)
