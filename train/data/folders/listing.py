"""List a data folder: class folders as they are, or what `expand` wrote, by its manifest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from expand.errors import BadImageError, ExpandError
from expand.layouts.class_folders import list_sources
from expand.layouts.layout import AUTO, LayoutError, describe, train_command
from expand.layouts.recognition.evidence import peek
from expand.layouts.source import check_name
from expand.records.card import read_card
from expand.records.manifest import MANIFEST, read_rows
from train.data.folders.folder import Folder
from train.errors import TrainError

COLUMNS = ("file_name", "label", "source", "view", "source_sha256", "sha256")


def list_folder(root: Path, layout: str = AUTO) -> Folder:
    """List a folder of class folders; raise TrainError if it is not one.

    With the layout "folders" each folder is a class, whatever it looks like.
    """
    try:
        if not root.is_dir():
            raise TrainError(f'"{root}" is not a folder')
        card = read_card(root)
        if card is not None or _has_manifest(root):
            return _from_manifest(root, card)
        with list_sources(root, layout=layout) as listing:
            named = ((source.id, source.label) for source in listing)
            sources, labels = map(list, zip(*named, strict=True))
            notes = tuple(each.sentence() for each in listing.summary.empty_classes)
        _check_names(root, sources)
    except LayoutError as error:
        command = train_command(error.root, error.layout)
        raise TrainError(describe(error.root, error.layout, command)) from error
    except ExpandError as error:
        raise TrainError(str(error)) from error
    listed = _folder(root, sources, labels, sources, [0] * len(sources), None)
    return replace(listed, notes=notes)


def _check_names(root: Path, sources: list[str]) -> None:
    for source in sources:
        try:
            check_name(source)
        except BadImageError as error:
            raise TrainError(f'"{root / source}" {error}; rename it') from error


def _has_manifest(root: Path) -> bool:
    """Tell whether a folder has a manifest of expand, not another file of that name."""
    path = root / MANIFEST
    return path.is_file() and (path.stat().st_size == 0 or '"source_sha256"' in peek(str(path)))


def _from_manifest(root: Path, card: dict[str, Any] | None) -> Folder:
    if card is None:
        raise TrainError(f'"{root}" has a {MANIFEST} and no run card; was it written by expand?')
    if card.get("state") != "finished":
        raise TrainError(f'"{root}" is not finished; run the same expand command again')
    rows = list(read_rows(root))
    if not rows:
        raise TrainError(f'"{root}" has no images: its {MANIFEST} is empty')
    try:
        columns = [[row[name] for row in rows] for name in COLUMNS]  # type: ignore[literal-required]
    except KeyError as error:
        raise TrainError(
            f'"{root / MANIFEST}" has a row without {error}; `expand verify` checks the folder'
        ) from error
    files, labels, sources, views, source_hashes, file_hashes = columns
    folder = _folder(root, files, labels, sources, views, card)
    groups = [str(row.get("group") or "") for row in rows]
    return replace(
        folder,
        source_hashes=source_hashes,
        file_hashes=file_hashes,
        groups=groups if any(groups) else [],
    )


def _folder(
    root: Path,
    files: list[str],
    labels: list[str],
    sources: list[str],
    views: list[int],
    card: dict[str, Any] | None,
) -> Folder:
    """Return a whole folder, without hashes."""
    classes = tuple(sorted(set(labels)))
    index = {label: number for number, label in enumerate(classes)}
    numbers = np.array([index[label] for label in labels], dtype=np.int64)
    rows = np.arange(len(files))
    numbered = np.array(views, dtype=np.int64)
    return Folder(root, files, numbers, sources, numbered, [], classes, card, rows)
