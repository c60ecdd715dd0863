"""Open a labelled dataset: find its layout, or take the one that --as names."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from expand.errors import ExpandError
from expand.layouts.labelled.dataset import Dataset, Request
from expand.layouts.layout import AUTO, FOLDERS, Kind, Layout


class Opening(NamedTuple):
    """What an opener gets: the folder, what the user asks for, and how copies will be named."""

    root: Path
    request: Request
    factor: int
    format: str
    seen: Layout | None = None
    """What the recognition saw; None if the layout was named by --as."""


Opener = Callable[[Opening], Dataset]
"""Raises ExpandError if the folder is not such a dataset, or is ambiguous: it then names what was
seen, and the command for each reading."""

OPENERS: dict[str, str] = {
    "split-folders": "splits.open:open_split_folders",
    "flat": "splits.flat:open_flat",
    "yolo": "yolo.open:open_yolo",
    "yolo-detect": "yolo.open:open_yolo",
    "yolo-segment": "yolo.open:open_yolo",
    "yolo-pose": "yolo.open:open_yolo",
    "yolo-obb": "yolo.open:open_yolo",
    "coco": "coco.open:open_coco",
    "voc": "voc.open:open_voc",
    "masks": "masks.open:open_masks",
    "huggingface": "tables.huggingface:open_huggingface",
    "table": "tables.open:open_table",
}
"""The readings that --as takes beside "auto" and "folders", and where each is opened."""

READINGS: dict[Kind, str] = {
    Kind.SPLIT: "split-folders",
    Kind.YOLO: "yolo",
    Kind.COCO: "coco",
    Kind.VOC: "voc",
    Kind.MASKS: "masks",
    Kind.METADATA: "huggingface",
    Kind.TABLE: "table",
}
"""The reading of each kind of layout that the recognition tells."""
NAMES = (AUTO, FOLDERS, *OPENERS)


def open_labelled(opening: Opening) -> Dataset:
    """Open the dataset in a folder, by the reading that was asked for or else by what was seen."""
    name = opening.request.layout
    if name == AUTO and opening.seen:
        name = READINGS.get(opening.seen.kind, "")
    if name not in OPENERS:
        raise ExpandError(f"--as must be one of {', '.join(NAMES)}, got {name!r}")
    module, _, function = OPENERS[name].partition(":")
    opener: Opener = getattr(import_module(f"expand.layouts.labelled.{module}"), function)
    return opener(opening)
