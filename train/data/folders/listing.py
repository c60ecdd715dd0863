"""List a data folder: images with one class each, or what `expand` wrote, by its manifest."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from expand.errors import BadImageError, ExpandError
from expand.layouts.labelled.dataset import Dataset, Request
from expand.layouts.labelled.open import open_dataset
from expand.layouts.layout import AUTO, LayoutError, describe, train_command
from expand.layouts.source import check_name
from expand.records.card import read_card
from expand.storage.stores.url import Place
from train.data.folders.classified import check_classified
from train.data.folders.folder import Folder
from train.data.folders.manifest import (
    has_manifest,
    list_expanded,
    recorded_dataset,
    refuse_grown_part,
)
from train.errors import TrainError


def list_folder(root: Path, layout: str = AUTO, split: str = "") -> Folder:
    """List the images of a folder that has one class for each image.

    That is a folder of class folders, a root with parts, a table with one label column, or what
    `expand` made of one. Of a dataset in parts, those of the part `split` are listed, if left out
    those of its training part. With the layout "folders" each folder is a class, whatever it looks
    like. Raise TrainError if it is not such a folder.
    """
    try:
        if not root.is_dir():
            problem = "is not a folder" if os.path.lexists(root) else "does not exist"
            raise TrainError(f'"{root}" {problem}')
        card = read_card(root)
        if card is None and not has_manifest(root):
            refuse_grown_part(root)
            return _from_dataset(root, layout, split)
        if split:
            return _from_dataset(root, recorded_dataset(card)[0], split)
        return _with_parts(list_expanded(root, card))
    except LayoutError as error:
        command = train_command(error.root, error.layout)
        raise TrainError(describe(error.root, error.layout, command)) from error
    except ExpandError as error:
        raise TrainError(str(error)) from error


def _from_dataset(root: Path, layout: str, split: str) -> Folder:
    """List the images of a dataset that `expand` has not written, or of a part that it kept."""
    with open_dataset(root, Request(layout, split)) as dataset:
        check_classified(root, dataset)
        named = ((source.id, source.label, source.annotation) for source in dataset.listing)
        sources, labels, said = map(list, zip(*named, strict=True))
        check_names(root, sources)
        empty = tuple(each.sentence() for each in dataset.listing.summary.empty_classes)
        folder = Folder.of(root, sources, labels, sources, [0] * len(sources), None)
        return replace(
            _in_parts(folder, dataset),
            notes=(*empty, *dataset.notes),
            annotations=said if any(said) else [],
        )


def _with_parts(folder: Folder) -> Folder:
    """Return an expanded folder with the names of its parts, which its manifest does not have."""
    layout, split = recorded_dataset(folder.card)
    if not split:
        return folder
    with open_dataset(folder.path, Request(layout, split)) as dataset:
        return _in_parts(folder, dataset)


def _in_parts(folder: Folder, dataset: Dataset) -> Folder:
    return replace(folder, split=dataset.split, parts=dataset.parts)


def check_names(root: Place, sources: list[str]) -> None:
    """Refuse names that are not UTF-8: views are keyed by their bytes."""
    for source in sources:
        try:
            check_name(source)
        except BadImageError as error:
            raise TrainError(f'"{root / source}" {error}; rename it') from error
