"""Read the COCO files of a dataset, and tell those that matter from others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.labelled.coco.files.document import CocoFile, read_coco
from expand.layouts.labelled.coco.files.find import (
    NoImagesError,
    Tree,
    find_folder,
    find_png_folder,
    part_named,
)
from expand.layouts.labelled.coco.files.text import NotCocoError
from expand.layouts.recognition.words import PART_OF


def read_files(root: Path, tree: Tree, split: str) -> tuple[list[CocoFile], list[ExpandError]]:
    """Return the COCO files, with the folders of their images, and why others are kept as they are.

    One of another part is kept if it cannot be read, and one of no part if it has no images here.
    Raise ExpandError for any other that cannot be read, and if none can.
    """
    files, errors, foreign = list[CocoFile](), list[ExpandError](), list[ExpandError]()
    for path, found in _read_each(root, tree):
        if isinstance(found, CocoFile):
            files.append(found)
        elif isinstance(found, NotCocoError) and path not in tree.known:
            foreign.append(found)
        elif _can_be_kept(path, found, split):
            errors.append(found)
        else:
            raise found
    if not files:
        none = ExpandError(f'"{root}" has no COCO file, a JSON file with a list "images"')
        raise (*errors, *foreign, none)[0]
    return files, errors


def _read_each(root: Path, tree: Tree) -> Iterator[tuple[str, CocoFile | ExpandError]]:
    for path in tree.files:
        try:
            coco = read_coco(root, path)
            coco.folder = find_folder(coco, tree)
            coco.png_folder = find_png_folder(coco, tree) if coco.pngs else ""
            yield path, coco
        except ExpandError as error:
            yield path, error


def _can_be_kept(path: str, error: ExpandError, split: str) -> bool:
    part = part_named(path)
    if not part.kind:
        return isinstance(error, NoImagesError)
    return part.kind != PART_OF.get(split.lower(), "train") and split not in part
