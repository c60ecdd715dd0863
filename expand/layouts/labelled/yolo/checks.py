"""Refuse datasets whose label files are not those of YOLO: they would be lost without a word."""

from __future__ import annotations

import os
from pathlib import Path

from expand.errors import BadImageError, ExpandError
from expand.layouts.directory import read_directory
from expand.layouts.labelled.yolo.folder.place import Place
from expand.layouts.labelled.yolo.roles import Faults
from expand.layouts.recognition.evidence import peek
from expand.layouts.recognition.pairs import holds_label_images
from expand.layouts.recognition.unread.forms import ROWS, advise_text
from expand.layouts.recognition.words import role_of

PEEK = 4096
"""Bytes of a label file that are looked at for its form."""


def check_named(root: Path, place: Place, faults: Faults, count: int) -> None:
    """Raise ExpandError if none of `count` images has a label file: theirs have other names."""
    if faults.counts["background"] < count:
        return
    image = faults.first["background"]
    wanted = place.label(image)
    folder = wanted[: wanted.rfind("/") + 1]
    path = root / folder
    others = read_directory(str(path)).others if path.is_dir() else []
    texts = [name for name in others if name.lower().endswith(".txt")]
    there = f', and not "{folder}{texts[0]}"' if texts else ""
    raise ExpandError(
        f'no image has a label file: that of "{image}" is "{wanted}"{there}. Rename the label '
        "files, and check that they are in the format of YOLO"
    )


def check_form(root: Path, label: str, error: BadImageError) -> None:
    """Raise ExpandError: no label file is one of YOLO, such as `label`."""
    text = peek(os.path.join(root, label), PEEK)
    advice = advise_text(text) or f"If its labels are in another form: {ROWS}"
    masks = ". To grow its images with their masks: --as masks" if _has_masks(root) else ""
    raise ExpandError(f"no label file can be read: {error}. {advice}{masks}")


def _has_masks(root: Path) -> bool:
    """Tell whether a folder of labels in a dataset holds images."""
    directory = read_directory(str(root))
    labels = [name for name in directory.folders if role_of(name).kind == "labels"]
    return any(holds_label_images(directory, name) for name in labels)
