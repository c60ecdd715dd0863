"""The parts of a dataset that its training part is validated and tested on."""

from __future__ import annotations

from typing import NamedTuple

from expand.layouts.layout import AUTO
from expand.layouts.recognition.words import part_of
from train.data.folders.folder import Folder
from train.data.folders.listing import list_folder
from train.errors import TrainError


class Part(NamedTuple):
    """A part of a dataset, and what the user should know of it."""

    folder: Folder | None
    note: str


def list_part(training: Folder, kind: str, layout: str = AUTO) -> Part | None:
    """List the part of a dataset that is for "validation" or "test"; None if it has none.

    A part without classes, or one of several for the same, is not used, and the note says why.
    """
    names = [
        name
        for name in training.parts
        if name != training.split and (role := part_of(name)) and role.kind == kind
    ]
    if not names:
        return None
    if len(names) > 1:
        listed = ", ".join(f'"{name}"' for name in names)
        return Part(None, f"no {kind}: the dataset has several parts for it ({listed})")
    try:
        folder = list_folder(training.path, layout, names[0])
    except TrainError as error:
        return Part(None, f'no {kind} with the part "{names[0]}": {error}')
    return Part(folder, f"{kind}: {len(folder):,} images of {folder.title}")
