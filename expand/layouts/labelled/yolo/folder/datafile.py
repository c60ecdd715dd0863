"""The data file of a YOLO dataset: data.yaml, or Darknet's obj.data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from expand.errors import ExpandError, cut
from expand.layouts.labelled.files import read_text
from expand.layouts.labelled.yolo.folder.keys import Keys

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


def read_data_file(root: Path, name: str) -> str:
    """Return the text of a data file; raise ExpandError as `read_text` does."""
    return read_text(root, name, MOST_BYTES)


def read_yaml(name: str, text: str) -> DataFile | None:
    """Read a data.yaml; return None for a YAML file of something else.

    Raise ExpandError, with name and line, for one that contradicts itself.
    """
    values = _load(name, text)
    if not isinstance(values, dict) or not ({"names", "nc"} & values.keys()):
        return None
    keys = Keys(name, text, values)
    parts = {
        OTHER_PARTS.get(key, key): entries
        for key in (*OTHER_PARTS, *PARTS)
        if (entries := keys.entries(key))
    }
    return DataFile(
        name,
        text,
        values,
        str(values.get("path") or ""),
        parts,
        keys.names(),
        keys.count(),
        keys.shape(),
        keys.flip_idx(),
        keys.point_names(),
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
