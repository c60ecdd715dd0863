"""The data.yaml of a split YOLO dataset: the keys that it had, with the folders of the parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from expand.errors import ExpandError
from expand.layouts.labelled.dataset import SetWideFile
from expand.layouts.labelled.yolo.folder.datafile import OTHER_PARTS, PARTS
from expand.layouts.labelled.yolo.folder.survey import data_files, survey
from expand.layouts.recognition.words import part_of
from expand.splitting.parts import Part

KEYS = {"train": "train", "validation": "val", "test": "test"}
"""The keys of Ultralytics, by the kind of a part."""


@dataclass(frozen=True)
class DataFiles:
    """The data files of a YOLO dataset: their names, and the keys of the first."""

    names: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Path) -> DataFiles:
        """Read those in a folder."""
        found = data_files(root, survey(root))
        return cls(tuple(file.name for file in found), found[0].values if found else {})


def check_parts(parts: Sequence[Part]) -> None:
    """Refuse parts that a data.yaml cannot name."""
    kinds = [_kind(part.name) for part in parts]
    for part, kind in zip(parts, kinds, strict=True):
        if kind not in KEYS or kinds.count(kind) > 1:
            raise ExpandError(
                f'--parts: "{part.name}" is not a part that a data.yaml can name; YOLO datasets '
                "have one each of train, val and test"
            )


def write_data(
    files: DataFiles, folders: Mapping[str, str], names: Sequence[str], count: int
) -> SetWideFile:
    """Return the data.yaml of a split; `folders` has that of the images of each part.

    Without names of classes, they are called by their numbers, of which there are `count`.
    """
    values = {key: value for key, value in files.values.items() if key not in _REPLACED}
    parts = {KEYS[_kind(part)]: folder for part, folder in folders.items()}
    if "names" not in values:
        values["names"] = list(names) or [str(number) for number in range(count)]
    text = yaml.safe_dump({**parts, **values}, sort_keys=False, allow_unicode=True)
    return SetWideFile.of("data.yaml", str(text).encode())


_REPLACED = {"path", *PARTS, *OTHER_PARTS}


def _kind(name: str) -> str:
    role = part_of(name)
    return role.kind if role and not role.rest else ""
