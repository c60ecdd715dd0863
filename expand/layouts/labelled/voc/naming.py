"""Which label files an image has, and how those of its views are called."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from expand.errors import BadImageError
from expand.layouts.names import split_suffix
from expand.layouts.source import Source


def note_files(files: Sequence[str], problem: str = "") -> str:
    """Return the annotation of a source: the paths of its label files, or why they are unclear."""
    known: dict[str, Any] = {"problem": problem} if problem else {"files": list(files)}
    return json.dumps(known)


def label_files(source: Source) -> Sequence[str]:
    """Return the paths of the label files of a source."""
    files: list[str] = _known(source.annotation).get("files", [])
    return files


def check_clear(source: Source) -> None:
    """Raise BadImageError if it is unclear which label files a source has."""
    if problem := _known(source.annotation).get("problem"):
        raise BadImageError(problem)


@lru_cache(maxsize=8)
def _known(annotation: str) -> Mapping[str, Any]:
    """Return what an annotation says; it is asked for several times for each image."""
    known: Mapping[str, Any] = json.loads(annotation) if annotation else {}
    return known


def label_name(name: str, image: str) -> str:
    """Return the path of a label file of a view: it is named after its image."""
    folder, slash, _ = name.rpartition("/")
    stem = split_suffix(image.rpartition("/")[2])[0]
    return f"{folder}{slash}{stem}{split_suffix(name)[1]}"


def is_annotation(name: str) -> bool:
    """Tell whether a label file is an annotation, and not a mask."""
    return split_suffix(name)[1].lower() == ".xml"
