"""Open a labelled dataset: find its layout, or take the one that --as names."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.class_folders import NoClassesError, check_root, list_sources
from expand.layouts.directory import read_directory
from expand.layouts.labelled.alternatives import describe_alternatives
from expand.layouts.labelled.collisions import check_copies
from expand.layouts.labelled.companions import check_companions, check_strays
from expand.layouts.labelled.dataset import AS_IT_LOOKS, Dataset, Request
from expand.layouts.labelled.opening import Opener, Opening
from expand.layouts.labelled.splits.flat import open_flat
from expand.layouts.labelled.splits.outside import check_outside
from expand.layouts.layout import AUTO, FOLDERS, LABELLED, LAYOUTS, Kind, Layout, LayoutError
from expand.layouts.recognition.counterparts import find_unnamed
from expand.layouts.walk import DISK, Folders

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
WITHOUT_COLUMNS = ("yolo", "coco", "voc")
"""Readings in which no table is read."""
NAMES = (*LAYOUTS, *LABELLED)


def open_dataset(
    root: Path,
    request: Request = AS_IT_LOOKS,
    factor: int = 1,
    format_: str = "keep",
    folders: Folders = DISK,
) -> Dataset:
    """Open the dataset in a folder, class folders or any other layout.

    `folders` is where its files are listed.

    Raise ExpandError if it cannot be told, is not supported, or cannot be read; or if `factor`
    views of each image, written in `format_`, would not get different names.
    """
    opening = Opening(root, request, factor, format_, folders=folders)
    if request.layout not in (AUTO, FOLDERS):
        check_root(root)
        return open_labelled(opening)
    try:
        listing = list_sources(root, factor, format_, request.layout, folders)
    except LayoutError as error:
        if error.layout.kind not in READINGS:
            raise
        return open_labelled(opening._replace(seen=error.layout))
    except NoClassesError:
        if request.layout == FOLDERS or not has_images(root):
            raise
        if request.layout == AUTO:
            check_outside(root)
        return open_with(opening, open_flat)
    return Dataset(FOLDERS, "class folders", listing)


def has_images(root: Path) -> bool:
    """Tell whether images lie in a folder itself."""
    return bool(read_directory(str(root)).images)


def open_labelled(opening: Opening) -> Dataset:
    """Open the dataset in a folder, by the reading that was asked for or else by what was seen.

    Raise ExpandError as `open_dataset` does.
    """
    if opening.seen and opening.seen.kind is Kind.SPLIT:
        opening = _look_into_parts(opening, opening.seen)
    name = opening.request.layout
    if name == AUTO and opening.seen:
        name = READINGS.get(opening.seen.kind, "")
    if name not in OPENERS:
        raise ExpandError(f"--as must be one of {', '.join(NAMES)}, got {name!r}")
    module, _, function = OPENERS[name].partition(":")
    opener: Opener = getattr(import_module(f"expand.layouts.labelled.{module}"), function)
    return open_with(opening, opener)


def open_with(opening: Opening, opener: Opener) -> Dataset:
    """Open a dataset by an opener, and check what holds for all: names, and other label files."""
    try:
        dataset = opener(opening)
    except ExpandError as error:
        split = opening.seen is not None and opening.seen.kind is Kind.SPLIT
        tried = opening.request.layout != AUTO or split
        other = "" if tried else describe_alternatives(opening.root)
        if not other or other.rpartition("--as")[2] in str(error):
            raise
        raise ExpandError(f"{error}. {other}", error.status) from error
    try:
        if opening.request.columns and dataset.layout.startswith(WITHOUT_COLUMNS):
            raise ExpandError(
                f"--columns says what columns of a table mean, and {opening.root} is "
                f"{dataset.title}. Leave it out"
            )
        if opening.request.layout == AUTO:
            check_companions(opening.root, dataset)
            check_strays(opening.root, dataset)
        check_copies(opening.root, dataset, opening.factor, opening.format)
    except ExpandError:
        dataset.close()
        raise
    return dataset


def _look_into_parts(opening: Opening, seen: Layout) -> Opening:
    """Return what is seen in the first part, if that is more than class folders.

    Raise LayoutError if the parts lie in one of several folders: then they are not all.
    """
    first = seen.training or seen.evidence[0].rstrip("/")
    above = opening.root
    for name in first.split("/")[:-1]:
        directory = read_directory(str(above))
        if len(directory.folders) > 1:
            found = find_unnamed(directory) if above == opening.root else None
            if found and found.kind in READINGS:
                return opening._replace(seen=found)
            raise LayoutError(opening.root, found or seen)
        above /= name
    try:
        list_sources(opening.root / first, folders=opening.folders).close()
    except LayoutError as error:
        if error.layout.kind in READINGS and error.layout.kind is not Kind.SPLIT:
            inner = error.layout
            for name in reversed(first.split("/")):
                inner = inner.below(name)
            return opening._replace(seen=inner)
        raise
    except NoClassesError:
        pass  # the opener says what is missing
    return opening
