"""The keys of a data.yaml, each checked; errors say its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from expand.errors import ExpandError, shown


@dataclass(frozen=True)
class Keys:
    """The values in the text of a data.yaml."""

    name: str
    """Its path in the folder."""
    text: str
    values: Mapping[str, Any]

    def _error(self, key: str, problem: str) -> ExpandError:
        found = re.search(rf"^['\"]?{key}['\"]?\s*:", self.text, re.MULTILINE)
        place = f", line {self.text.count(chr(10), 0, found.start()) + 1}" if found else ""
        return ExpandError(f'"{self.name}"{place}: {key} {problem}')

    def entries(self, key: str) -> tuple[str, ...]:
        """Return the paths of a part."""
        value = self.values.get(key)
        entries = value if isinstance(value, list) else [value] if value else []
        for entry in entries:
            if not isinstance(entry, str) or not entry.strip() or "\0" in entry:
                raise self._error(key, f"must be a path or a list of paths, got {shown(entry)}")
        return tuple(entries)

    def names(self) -> tuple[str, ...]:
        """Return the names of the classes; empty if it has none."""
        value = self.values.get("names")
        if value is None:
            return ()
        if isinstance(value, dict):
            value = self._in_order(value)
        if not isinstance(value, list) or not value:
            raise self._error("names", f"must be a list of class names, got {shown(value)}")
        if any(isinstance(each, dict | list) for each in value):
            raise self._error("names", "must be a list of texts")
        return tuple(str(each) for each in value)

    def _in_order(self, names: Mapping[Any, Any]) -> list[Any]:
        keys = [int(key) if str(key).isdecimal() else key for key in names]
        if sorted(keys, key=str) != sorted(range(len(keys)), key=str):
            last = len(keys) - 1
            raise self._error("names", f"must have the keys 0 to {last}, got {shown(list(names))}")
        by_key = dict(zip(keys, names.values(), strict=True))
        return [by_key[key] for key in range(len(keys))]

    def count(self) -> int:
        """Return the number of classes; 0 if it does not say."""
        value, names = self.values.get("nc"), self.names()
        if value is None:
            return len(names)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self._error("nc", f"must be a whole number of classes, got {shown(value)}")
        if names and value != len(names):
            raise self._error(
                "nc",
                f"is {shown(value)}, and there are {len(names)} names; Ultralytics refuses such a "
                "file. Correct one of them",
            )
        return value

    def shape(self) -> tuple[int, int] | None:
        """Return kpt_shape: the points of an object, and the numbers of a point."""
        value = self.values.get("kpt_shape")
        if value is None:
            return None
        fits = isinstance(value, list) and len(value) == 2 and all(type(n) is int for n in value)
        if not fits or not 1 <= value[0] <= 10_000 or value[1] not in (2, 3):
            raise self._error(
                "kpt_shape",
                f"must be the points of an object and 2 or 3 numbers a point, got {shown(value)}",
            )
        return value[0], value[1]

    def flip_idx(self) -> tuple[int, ...] | None:
        """Return what points a mirror exchanges; None if it does not say."""
        value, shape = self.values.get("flip_idx"), self.shape()
        if not value or shape is None:
            return None
        whole = isinstance(value, list) and all(type(n) is int for n in value)
        if not whole or sorted(value) != list(range(shape[0])):
            raise self._error(
                "flip_idx", f"must hold each of 0 to {shape[0] - 1} once, got {shown(value)}"
            )
        return tuple(value)

    def point_names(self) -> tuple[str, ...]:
        """Return the names of the points, if all classes have the same."""
        value, shape = self.values.get("kpt_names"), self.shape()
        lists = list(value.values()) if isinstance(value, dict) else [value]
        if shape is None or not lists or any(each != lists[0] for each in lists):
            return ()
        first = lists[0]
        if not isinstance(first, list) or len(first) != shape[0]:
            return ()
        return tuple(map(str, first))
