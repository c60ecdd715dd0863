"""Companions: label files of images in another form than the one that a dataset is read in.

A folder can have YOLO text files and masks for the same images. Only one form is read; the copies
would silently have no labels in the other one.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from expand.errors import ExpandError
from expand.images.formats import SUFFIXES
from expand.layouts.labelled.dataset import Dataset
from expand.layouts.layout import Kind
from expand.layouts.listing import spread_out
from expand.layouts.names import split_suffix
from expand.layouts.recognition.evidence import FILES, is_yolo_text, kind_of_json, kind_of_xml, peek
from expand.layouts.recognition.unread.sidecars import advise_sidecar
from expand.layouts.recognition.words import part_of, role_of

TRIED = 128
"""Images whose companions are looked for."""
READINGS = {".txt": "yolo", ".xml": "voc", ".json": ""}
"""Suffixes of files with labels of one image, and how --as reads them."""
UNREAD = (".caption", ".tags", ".cls", ".pts", ".npy", ".npz", ".mat", ".gt", ".geojson")
"""Suffixes of those that are not read."""
WITHOUT = ("flat", "split-folders")
"""Layouts that have no labels of their own beside folders."""
WITH_MASKS = ("coco", "masks", "voc")
"""Layouts that can have other masks too, such as coloured ones; their notes say so."""


MOST = 4
"""Of so many images in folders that can be classes, one has labels beside it in a labelled set."""


class _Image(NamedTuple):
    id: str
    parts: frozenset[str]


def check_companions(root: Path, dataset: Dataset) -> None:
    """Refuse a dataset if half of its images have other labels that no copy would get."""
    tried = {
        _stem(source.id): _Image(source.id, _parts_of(source.id))
        for source in spread_out(dataset.listing, TRIED)
    }
    found: dict[str, tuple[str, str]] = {}
    looked = 0
    for source in dataset.listing.files() if dataset.listing.summary.kept else ():
        if looked < FILES and source.kept and _may_be_coco(source.id, dataset.layout):
            looked += 1
            if image_id := _named_by_coco(root / source.id, list(tried.values())):
                raise _ambiguous(root, dataset, image_id, (source.id, "coco"))
        image = tried.get(_stem(source.id)) if source.kept else None
        if image and _parts_of(source.id) <= image.parts:
            reading = _reading_of(root, source.id, dataset.layout)
            if reading is not None:
                found.setdefault(image.id, (source.id, reading))
    if not found or 2 * len(found) < len(tried):
        return
    raise _ambiguous(root, dataset, *next(iter(found.items())))


def check_strays(root: Path, dataset: Dataset) -> None:
    """Refuse class folders with stray label files, which look like a dataset of such files.

    Nothing else says that it is one: no file names classes, and the labels lie beside the images.
    """
    reading = dataset.layout.partition("-")[0]
    if reading not in READINGS.values() or dataset.classes or dataset.split or not dataset.labels:
        return
    tried = list(spread_out(dataset.listing, TRIED))
    folders = list(dict.fromkeys(source.id.partition("/")[0] for source in tried))
    if len(folders) < 2 or any("/" not in source.id for source in tried):
        return
    beside = [
        name
        for source in tried
        for name in dataset.labels.names(source, source.id)
        if name.rpartition("/")[0] != source.id.rpartition("/")[0] or (root / name).is_file()
    ]
    if MOST * len(beside) < len(tried):
        example = f', such as "{beside[0]}"' if beside else ""
        raise ExpandError(
            f'"{root}" is ambiguous: it has label files ({reading.upper()}) beside its images'
            f"{example}, but most images have none, and they lie in folders that can be classes "
            f'("{folders[0]}", "{folders[1]}"). Say what it is: --as folders leaves these files '
            f"out, --as {reading} takes images without one for background"
        )


def _ambiguous(root: Path, dataset: Dataset, image_id: str, other: tuple[str, str]) -> ExpandError:
    """Return the error of a dataset with an image that has other labels; and how these are read."""
    name, reading = other
    choice = f"Move them out of the folder, or say which labels are to grow: --as {dataset.layout}"
    if reading:
        choice += f" or --as {reading}"
    else:
        advice = advise_sidecar(str(root / name))
        choice = f"{advice}. To leave these files as they are: --as {dataset.layout}"
    return ExpandError(
        f'"{root}" looks like {dataset.title}; but its images have other labels too ("{image_id}" '
        f'has "{name}"), which copies do not get. {choice}'
    )


def _may_be_coco(path: str, layout: str) -> bool:
    """Tell whether a kept file can be COCO's of images that are read in another form."""
    stem, suffix = split_suffix(path)
    roles = filter(None, (part_of(name) for name in stem.split("/")))
    return (
        layout != "coco"
        and suffix.lower() == ".json"
        and {role.kind for role in roles} <= {"train"}
    )


def _named_by_coco(path: Path, images: list[_Image]) -> str:
    """Return an image that the beginning or the end of a COCO JSON file names; else ""."""
    if kind_of_json(str(path)) is not Kind.COCO:
        return ""
    text = peek(str(path))
    for image in images:
        name = image.id.rpartition("/")[2]
        if f'"{name}"' in text or f'/{name}"' in text:
            return image.id
    return ""


def _stem(path: str) -> str:
    return split_suffix(path.rpartition("/")[2])[0]


def _parts_of(path: str) -> frozenset[str]:
    """Return the parts of a split that the folders of a path are named after."""
    roles = (part_of(name) for name in path.split("/")[:-1])
    return frozenset(role.kind for role in roles if role)


def _reading_of(root: Path, path: str, layout: str) -> str | None:
    """Return how --as reads a file if it is called as labels of one image; "": it does not.

    None for any other file, such as one of the form that is read: that belongs to another part.
    """
    suffix = split_suffix(path)[1].lower()
    if suffix in UNREAD:
        return "" if layout in WITHOUT else None
    if suffix in READINGS:
        own = READINGS[suffix] == layout.partition("-")[0]
        return None if own else READINGS[suffix] if _is_read(str(root / path), suffix) else ""
    masks = (
        layout not in WITH_MASKS
        and suffix in SUFFIXES
        and any(role_of(name).kind == "labels" for name in path.split("/")[:-1])
    )
    return "masks" if masks else None


def _is_read(path: str, suffix: str) -> bool:
    """Tell whether a file with such a suffix holds labels in the form that it is named for."""
    return is_yolo_text(path) if suffix == ".txt" else kind_of_xml(path) is Kind.VOC
