"""Files with the names of images, beside them or in a folder of their own: labels in any form."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from expand.layouts.directory import Directory, read_directory
from expand.layouts.layout import Kind, Layout
from expand.layouts.recognition.evidence import peek
from expand.layouts.recognition.splits import look_into
from expand.layouts.recognition.unread.forms import COMMON, advise, advise_text
from expand.layouts.spooled.lists import starting

TEXTS = (".txt", ".caption", ".tags", ".json", ".xml", ".cls", ".csv", ".cap")
ARRAYS = (".mat", ".npy", ".npz", ".h5", ".hdf5", ".pkl", ".pickle", ".pts", ".geojson")
LOOKED, FOLDERS = 64, 8
"""Files and folders of a directory that are looked at."""


def find_sidecars(directory: Directory, *, alone: bool) -> Layout | None:
    """Return the layout of a directory in which half of the images have a file of their name.

    Texts count if there are no classes, so that they are all that is known of the images: `alone`
    says that each folder above the directory holds nothing but the next one.
    """
    suffixes = ARRAYS + TEXTS if alone and not directory.folders else ARRAYS
    files = (name for name in directory.others if name.lower().endswith(suffixes))
    own = [name for name in islice(files, LOOKED) if _has_image(directory, name)]
    if not own or 2 * len(own) < min(len(directory.images), LOOKED):
        return None
    return Layout(
        Kind.ANNOTATED, (own[0],), advice=advise_sidecar(os.path.join(directory.path, own[0]))
    )


def find_label_folder(root: Path) -> Layout | None:
    """Return the layout of a folder with a folder of files that have the names of images.

    The images are in another folder beside it.
    """
    directory = read_directory(str(root))
    if not 1 < len(directory.folders) <= FOLDERS:
        return None
    inner = [each for name in directory.folders if (each := look_into(directory, name))]
    stems = {name.rpartition(".")[0] for each in inner for name in islice(each.images, LOOKED)}
    for each in inner if stems else ():
        named = [] if each.images else list(_labels(each))
        if named and 2 * sum(name.rpartition(".")[0] in stems for name in named) >= len(named):
            shown = f"{os.path.basename(each.path)}/{named[0]}"
            advice = advise_sidecar(os.path.join(each.path, named[0]))
            return Layout(Kind.ANNOTATED, (shown,), advice=advice)
    return None


def _labels(directory: Directory) -> Iterator[str]:
    files = (name for name in directory.others if name.lower().endswith(TEXTS + ARRAYS))
    return islice(files, LOOKED)


def _has_image(directory: Directory, name: str) -> bool:
    stem = f"{name.rpartition('.')[0]}."
    return next(starting(directory.images, stem), None) is not None


def advise_sidecar(path: str) -> str:
    """Return what to do with the labels of one image."""
    suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122  # of a text
    if suffix in ARRAYS:
        return (
            f"{suffix[1:].upper()} files are not read. If they are masks: write them as PNG files; "
            f"else {COMMON}"
        )
    if suffix in (".json", ".xml"):
        return advise(peek(path))
    return advise_text(peek(path)) or (
        "Texts beside images are not read. If they are captions: write them as a table "
        "metadata.csv, with the columns file_name and text; else as a CSV table with the columns "
        "file and label"
    )
