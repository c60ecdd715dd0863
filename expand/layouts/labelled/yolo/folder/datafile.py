"""The data file of a YOLO dataset: data.yaml, or Darknet's obj.data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from expand.errors import BadImageError, ExpandError, cut, shown
from expand.storage.reading import read_image

MOST_BYTES = 1 << 20
MOST_LEVELS, MOST_EVENTS = 20, 100_000
PARTS = ("train", "val", "test", "minival")
"""The keys of the parts; "validation" and "valid" are read as "val"."""
OTHER_PARTS = {"validation": "val", "valid": "val"}


@dataclass(frozen=True)
class DataFile:
    """What a data file says."""

    name: str
    """Its path in the folder."""
    text: str
    values: Mapping[str, Any]
    """All its keys; empty for a file of Darknet."""
    path: str
    """The folder that its paths start from, as written; empty: its own folder."""
    parts: Mapping[str, tuple[str, ...]]
    """The folders, or lists of images, of each part, as written."""
    names: tuple[str, ...] = ()
    count: int = 0
    """The number of classes; 0: it does not say."""
    shape: tuple[int, int] | None = None
    """kpt_shape: the points of an object, and the numbers of a point."""
    flip_idx: tuple[int, ...] | None = None
    point_names: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The folder that it lies in, as a prefix of paths: "" or "config/"."""
        return self.name[: self.name.rfind("/") + 1]


def read_text(root: Path, name: str) -> str:
    """Return the text of a file of the dataset; raise ExpandError if that is not possible."""
    try:
        if (root / name).stat().st_size > MOST_BYTES:
            raise ExpandError(f'"{name}" is larger than {MOST_BYTES >> 10} KiB')
        data = read_image(root / name)
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExpandError(f'"{name}" cannot be read: it is not UTF-8 text') from error
    except BadImageError as error:
        raise ExpandError(f'"{name}" {error}') from error
    except OSError as error:
        raise ExpandError(f'"{name}" cannot be read: {error.strerror}') from error


def read_yaml(name: str, text: str) -> DataFile | None:
    """Read a data.yaml; return None for a YAML file of something else.

    Raise ExpandError, with name and line, for one that contradicts itself.
    """
    values = _load(name, text)
    if not isinstance(values, dict) or not ({"names", "nc"} & values.keys()):
        return None
    parts = {
        OTHER_PARTS.get(key, key): entries
        for key in (*OTHER_PARTS, *PARTS)
        if (entries := _entries(name, text, values, key))
    }
    names = _names(name, text, values.get("names"))
    shape = _shape(name, text, values.get("kpt_shape"))
    return DataFile(
        name,
        text,
        values,
        str(values.get("path") or ""),
        parts,
        names,
        _count(name, text, values.get("nc"), names),
        shape,
        _flip_idx(name, text, values.get("flip_idx"), shape),
        _point_names(values.get("kpt_names"), shape),
    )


def _load(name: str, text: str) -> Any:
    """Return the values of a YAML text, which is checked for its depth before any is built."""
    try:
        level = 0
        for events, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
            level += isinstance(event, yaml.CollectionStartEvent)
            level -= isinstance(event, yaml.CollectionEndEvent)
            # an alias can stand for many values; no data.yaml needs one
            if level > MOST_LEVELS or events > MOST_EVENTS or isinstance(event, yaml.AliasEvent):
                place = f", line {event.start_mark.line + 1}" if event.start_mark else ""
                raise ExpandError(f'"{name}"{place}: too deep, too long, or with aliases')
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or error
        raise ExpandError(f'"{name}"{place}: not valid YAML: {cut(str(problem))}') from error
    except (ValueError, TypeError, ArithmeticError, AttributeError, LookupError) as error:
        raise ExpandError(
            f'"{name}": a value is not what its tag says ({cut(str(error))})'
        ) from error


def _error(name: str, text: str, key: str, problem: str) -> ExpandError:
    found = re.search(rf"^['\"]?{key}['\"]?\s*:", text, re.MULTILINE)
    place = f", line {text.count(chr(10), 0, found.start()) + 1}" if found else ""
    return ExpandError(f'"{name}"{place}: {key} {problem}')


def _entries(name: str, text: str, values: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = values.get(key)
    entries = value if isinstance(value, list) else [value] if value else []
    for entry in entries:
        if not isinstance(entry, str) or not entry.strip() or "\0" in entry:
            raise _error(name, text, key, f"must be a path or a list of paths, got {shown(entry)}")
    return tuple(entries)


def _names(name: str, text: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, dict):
        keys = [int(key) if str(key).isdecimal() else key for key in value]
        if sorted(keys, key=str) != sorted(range(len(keys)), key=str):
            raise _error(
                name,
                text,
                "names",
                f"must have the keys 0 to {len(keys) - 1}, got {shown(list(value))}",
            )
        value = [each for _, each in sorted(zip(keys, value.values(), strict=True))]
    if not isinstance(value, list) or not value:
        raise _error(name, text, "names", f"must be a list of class names, got {shown(value)}")
    if any(isinstance(each, dict | list) for each in value):
        raise _error(name, text, "names", "must be a list of texts")
    return tuple(str(each) for each in value)


def _count(name: str, text: str, value: Any, names: tuple[str, ...]) -> int:
    if value is None:
        return len(names)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _error(name, text, "nc", f"must be a whole number of classes, got {shown(value)}")
    if names and value != len(names):
        raise _error(
            name,
            text,
            "nc",
            f"is {shown(value)}, and there are {len(names)} names; Ultralytics refuses such a "
            "file. Correct one of them",
        )
    return value


def _shape(name: str, text: str, value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    fits = isinstance(value, list) and len(value) == 2 and all(type(n) is int for n in value)
    if not fits or not 1 <= value[0] <= 10_000 or value[1] not in (2, 3):
        raise _error(
            name,
            text,
            "kpt_shape",
            f"must be the points of an object and 2 or 3 numbers a point, got {shown(value)}",
        )
    return value[0], value[1]


def _flip_idx(
    name: str, text: str, value: Any, shape: tuple[int, int] | None
) -> tuple[int, ...] | None:
    if not value or shape is None:
        return None
    whole = isinstance(value, list) and all(type(n) is int for n in value)
    if not whole or sorted(value) != list(range(shape[0])):
        raise _error(
            name,
            text,
            "flip_idx",
            f"must hold each of 0 to {shape[0] - 1} once, got {shown(value)}",
        )
    return tuple(value)


def _point_names(value: Any, shape: tuple[int, int] | None) -> tuple[str, ...]:
    """Return the names of points, if all classes have the same."""
    lists = list(value.values()) if isinstance(value, dict) else [value]
    if shape is None or not lists or any(each != lists[0] for each in lists):
        return ()
    first = lists[0]
    return tuple(map(str, first)) if isinstance(first, list) and len(first) == shape[0] else ()


def read_darknet(name: str, text: str) -> DataFile | None:
    """Read a .data file of Darknet: lines as "train = data/train.txt"; None if it is none."""
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    values = {key.strip(): value.strip() for key, equals, value in pairs if equals}
    parts = {
        OTHER_PARTS.get(key, key): (values[key],)
        for key in ("train", "valid", "val", "test")
        if values.get(key)
    }
    if "train" not in parts and "names" not in values:
        return None
    classes = values.get("classes", "")
    count = int(classes) if classes.isdecimal() and len(classes) < 7 else 0
    return DataFile(name, text, {}, "", parts, (), count)


def read_names(text: str) -> tuple[str, ...]:
    """Return the class names in a classes.txt or obj.names: one a line."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())
