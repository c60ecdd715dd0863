"""Recognise a layout by the names in a folder, and a bounded look into files with labels."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.directory import Directory, read_directory
from expand.layouts.layout import CLASS_FOLDERS, Kind, Layout
from expand.layouts.recognition.counterparts import find_counterparts, find_unnamed
from expand.layouts.recognition.evidence import (
    FILES,
    is_yolo_text,
    is_yolo_yaml,
    kind_of_json,
    kind_of_xml,
    peek,
)
from expand.layouts.recognition.lists import find_lists
from expand.layouts.recognition.masks import find_masks
from expand.layouts.recognition.pairs import find_paired_folders, holds_label_images
from expand.layouts.recognition.splits import find_named_parts, find_parts, holds_folders, look_into
from expand.layouts.recognition.tables import SUFFIX, kind_of_table, names_images
from expand.layouts.recognition.unread.beside import find_unread
from expand.layouts.recognition.unread.forms import VIA, advise, advise_list, advise_text
from expand.layouts.recognition.words import (
    TABLES,
    is_plain,
    is_sample_submission,
    part_of,
    role_of,
    words,
)
from expand.layouts.recognition.wrappers import find_wrapper
from expand.layouts.spooled.lists import starting

CARD = "expand.json"
KINDS = ("jsonl", "parquet")
"""The kinds of manifests."""
VOC_FOLDERS = ("ImageSets", "JPEGImages", "SegmentationClass", "SegmentationObject")
DEPTH, DIRECTORIES = 3, 64
"""How deep `recognise` looks, and at how many directories."""
LISTS = (".txt", ".lst")
FOLDERS = 8
"""Folders in a directory that are looked into."""
TEXT = 4096
"""Bytes of a text file that are looked at for the form of its lines."""
MASKED = (".csv", ".jsonl")
"""Suffixes of the metadata of images with masks that are read."""
PEEKED = 200
"""Entries of a folder of labels that are looked at."""


def recognise(root: Path) -> Layout:
    """Return the layout of a folder, from its first directories; nothing is written.

    Listing the sources of a folder looks at every directory in the same way, while it reads them.
    """
    for names, alone in _directories(str(root)):
        directory = read_directory(os.path.join(root, *names))
        if layout := look(directory, names, alone=alone) or find_unnamed(directory):
            for name in reversed(names):
                layout = layout.below(name)
            return layout
    return CLASS_FOLDERS


def look(directory: Directory, names: tuple[str, ...], *, alone: bool) -> Layout | None:
    """Return the layout that a directory gives evidence of; None if it may hold class folders.

    `names` lead to it from the dataset's folder; `alone` says that each folder above it holds
    nothing but the next one. The names in the layout are relative to the directory.
    """
    if _is_expanded(directory):
        return Layout(Kind.EXPANDED, (CARD,))
    in_files = _look_into_files(directory, numbered=not names and _may_number(directory))
    if in_files and in_files.kind is Kind.METADATA and in_files.evidence[0].endswith(MASKED):
        in_files = _masks_of(directory, names) or in_files
    if in_files and in_files.kind is Kind.TABLE:
        in_files = _xml_of(directory, in_files) or _masks_of(directory, names) or in_files
    found = (
        in_files
        or _find_voc(directory)
        or _look_into_labels(directory)
        or find_paired_folders(directory)
        or find_masks(directory, names)
        or find_counterparts(directory)
        or (find_unread(directory, alone=alone) if directory.others else None)
        or find_parts(directory, alone=alone)
        or find_lists(directory)
        or find_named_parts(directory, names)
        or (find_wrapper(directory) if alone else None)
    )
    return _refine(directory, found) if found else None


def _may_number(directory: Directory) -> bool:
    """Tell whether a table can name the images of a directory by bare numbers, as Kaggle does.

    Where there are class folders, numbers are those of classes. Parts with images alone have none.
    """
    if len(directory.folders) < 2 or not directory.others:
        return True
    return all(
        part_of(name) and (inner := look_into(directory, name)) and not inner.folders
        for name in directory.folders
    )


def _masks_of(directory: Directory, names: tuple[str, ...]) -> Layout | None:
    """Return the layout of a directory with a table if its images have masks: they must move too.

    The rows of the table are repeated all the same.
    """
    found = find_paired_folders(directory) or find_masks(directory, names)
    if found is None or found.kind is not Kind.MASKS:
        return None
    label = found.evidence[-1]
    return found if not label.endswith("/") or holds_label_images(directory, label) else None


def _refine(directory: Directory, found: Layout) -> Layout:
    """Look into the training part: what it holds says more, and it may not be class folders."""
    if not found.training:
        return found
    inner = recognise(Path(directory.path, found.training)).below(found.training)
    if inner.kind is Kind.WRAPPED:
        return replace(found, training=inner.training)
    if inner.kind is not Kind.CLASS_FOLDERS:
        return inner
    return found if holds_folders(directory, found.training) else replace(found, training="")


def _is_expanded(directory: Directory) -> bool:
    manifests = tuple(f"{name}.{kind}" for name in ("metadata", "expand") for kind in KINDS)
    return CARD in directory.others and any(name in directory.others for name in manifests)


def _look_into_files(
    directory: Directory,
    *,
    numbered: bool = False,
    above: Directory | None = None,
    tables: bool = True,
) -> Layout | None:
    """Look for annotations in the files of a directory that are not images.

    `numbered` says that a table may name images by bare numbers. A table may name those in the
    directory `above` too. Without `tables`, these are left out.
    """
    seen = dict.fromkeys((".yaml", ".json", ".xml", ".txt", "table"), 0)
    for name in directory.others:
        _, dot, suffix = name.lower().rpartition(".")
        group = {"yml": ".yaml"}.get(suffix, dot + suffix)
        if group not in seen and dot + suffix not in SUFFIX:
            continue
        if group not in seen or (group == ".txt" and not _has_image(directory, name)):
            group = "table"
        left_out = group == "table" and (not tables or is_sample_submission(name))
        if seen[group] >= FILES or left_out:
            continue
        seen[group] += 1
        kind, advice = _kind_of(directory, name, group), ""
        if group == "table":
            kind = kind_of_table(directory, name, numbered=numbered, above=above)
        if group == ".txt" and not kind:
            advice = advise_text(peek(os.path.join(directory.path, name), TEXT))
        elif group == "table":
            advice = _advise_table(directory, name)
        elif kind is Kind.ANNOTATED:
            advice = advise(peek(os.path.join(directory.path, name)))
        if kind or advice:
            return Layout(Kind.ANNOTATED if advice else kind or Kind.TABLE, (name,), advice=advice)
    return None


def _advise_table(directory: Directory, name: str) -> str:
    """Return what to do with a table or list of another program's annotations; else ""."""
    if name.lower().endswith(".parquet"):
        return ""
    text = peek(os.path.join(directory.path, name), TEXT)
    return advise(text) if VIA.search(text) else advise_list(text)


def _has_image(directory: Directory, name: str) -> bool:
    """Tell whether a directory has an image whose name differs from a file's in its suffix only."""
    stem = name.rpartition(".")[0]
    return any(image.rpartition(".")[0] == stem for image in starting(directory.images, f"{stem}."))


def _kind_of(directory: Directory, name: str, group: str) -> Kind | None:
    path = os.path.join(directory.path, name)
    if group == ".yaml":
        return Kind.YOLO if is_yolo_yaml(path, among_classes=_are_classes(directory)) else None
    if group == ".json":
        named = names_images(directory, name)
        return kind_of_json(path) or (Kind.ANNOTATED if named else None)
    if group == ".xml":
        return kind_of_xml(path)
    return Kind.YOLO if group == ".txt" and is_yolo_text(path) else None


def _are_classes(directory: Directory) -> bool:
    """Tell whether the folders of a directory are named as only classes are."""
    folders = directory.folders
    return len(folders) > 1 and not any(part_of(name) or role_of(name).kind for name in folders)


def look_beside_tables(directory: Directory) -> Layout | None:
    """Return what other labels than masks a directory with a table has; None if there are none."""
    found = (
        _look_into_files(directory, tables=False)
        or _find_voc(directory)
        or _look_into_labels(directory, tables=False)
        or find_paired_folders(directory)
    )
    return found if found and found.kind is not Kind.MASKS else None


def _look_into_labels(directory: Directory, *, tables: bool = True) -> Layout | None:
    """Look for annotations in the files of folders that are named as if they held labels.

    A folder without images can hold tables, if it is called so, or so among other words, or there
    is one more folder.
    """
    for name in directory.folders:
        role = role_of(name)
        if role.kind == "labels" and is_plain(role):
            inner = look_into(directory, name)
            layout = inner and _look_into_files(inner, above=directory, tables=tables)
            if inner and layout:
                if layout.kind is Kind.TABLE:
                    xml, masks = _xml_of(inner, layout), _masks_of(directory, ())
                    return xml.below(name) if xml else masks or layout.below(name)
                return layout.below(name)
        elif (
            tables
            and (TABLES & {*words(name)} or len(directory.folders) == 2 or role.kind == "labels")
            and ((inner := look_into(directory, name)) and not inner.images and not inner.folders)
        ):
            layout = _look_into_files(inner, numbered=True, above=directory)
            if layout and layout.kind in (Kind.TABLE, Kind.ANNOTATED):
                return layout.below(name)
    return None


def _xml_of(directory: Directory, table: Layout) -> Layout | None:
    """Return the layout of XML annotations beside a table: it can be a list of their images."""
    found = _find_voc(directory)
    for name in directory.folders[:FOLDERS] if not found else ():
        with suppress(ExpandError):
            inner = read_directory(os.path.join(directory.path, name))
            found = found or ((layout := _find_voc(inner)) and layout.below(name))
    if not found and table.evidence[0].lower().endswith(LISTS):
        found = _look_into_labels(directory)
    return found if found and found.kind is Kind.VOC else None


def _find_voc(directory: Directory) -> Layout | None:
    named = tuple(name for name in VOC_FOLDERS if name in directory.folders)
    if len(named) > 1 or (named and "Annotations" in directory.folders):
        return Layout(Kind.VOC, (*named, *({"Annotations"} & set(directory.folders))))
    return None


def _directories(root: str) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield the first directories of a folder, level by level, by the names that lead to them."""
    level: list[tuple[tuple[str, ...], bool]] = [((), True)]
    left = DIRECTORIES
    for _ in range(DEPTH):
        below: list[tuple[tuple[str, ...], bool]] = []
        for names, alone in level[:left]:
            yield names, alone
            left -= 1
            try:
                inner = read_directory(os.path.join(root, *names))
            except ExpandError:
                continue
            single = alone and len(inner.folders) == 1 and not inner.images
            below += [((*names, folder), single) for folder in inner.folders]
        level = below
