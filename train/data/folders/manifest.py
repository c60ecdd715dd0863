"""A folder that `expand` wrote, listed by its manifest."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from expand.errors import ExpandError
from expand.layouts.layout import AUTO
from expand.layouts.recognition.evidence import peek
from expand.records.card import FINISHED, read_card
from expand.records.manifest import PARQUET, Row, manifest_name, read_rows
from expand.records.parquet import is_manifest
from expand.storage.stores.url import Place
from train.data.folders.classified import refuse_expanded
from train.data.folders.folder import Folder
from train.errors import TrainError

PARENTS = 3
"""Folders above one that are looked at for a run card."""
COLUMNS = ("file_name", "label", "source", "view", "source_sha256", "sha256")


def has_manifest(root: Path) -> bool:
    """Tell whether a folder has a manifest of expand, not another file of that name."""
    path = root / manifest_name(root)
    if not path.is_file():
        return False
    if path.suffix == PARQUET:
        return is_manifest(path)
    return path.stat().st_size == 0 or '"source_sha256"' in peek(str(path))


def refuse_grown_part(root: Path) -> None:
    """Refuse the part of an expanded dataset that grew: its manifest lies in the dataset's folder.

    Without it every copy would count as a source of its own.
    """
    for folder in list(root.resolve().parents)[:PARENTS]:
        with suppress(ExpandError):  # another file of that name
            _, split = recorded_dataset(read_card(folder))
            if split != root.resolve().name:
                continue
            command = f"train {shlex.quote(str(folder))}"
            raise TrainError(
                f'"{root}" is the part of "{folder}" that expand made larger, so it holds copies. '
                f"Train from the whole dataset: {command}"
            )


def recorded_dataset(card: dict[str, Any] | None) -> tuple[str, str]:
    """Return the layout of an expanded dataset and the part that grew, as its run card has them."""
    recorded = card["settings"].get("dataset") if card else None
    if not isinstance(recorded, dict):  # class folders; or the card is anyone's
        return AUTO, ""
    return str(recorded.get("layout", AUTO)), str(recorded.get("split", ""))


def list_expanded(root: Path, card: dict[str, Any] | None) -> Folder:
    """List the images that grew, with all views; raise TrainError if they have no classes."""
    name = manifest_name(root)
    if card is None:
        raise TrainError(f'"{root}" has a {name} and no run card; was it written by expand?')
    check_finished(root, card)
    return of_rows(root, card, name, read_rows(root))


def check_finished(root: Place, card: dict[str, Any]) -> None:
    """Refuse what a run of expand wrote that has not come to its end."""
    if card["state"] != FINISHED:
        raise TrainError(f'"{root}" is not finished; run the same expand command again')


def of_rows(root: Place, card: dict[str, Any], name: str, written: Iterable[Row]) -> Folder:
    """Return the folder that the rows of a manifest of this name describe."""
    rows = [row for row in written if not row.get("kept")]
    if not rows:
        raise TrainError(f'"{root}" has no images: its {name} is empty')
    try:
        columns = [[row[name] for row in rows] for name in COLUMNS]  # type: ignore[literal-required]
    except KeyError as error:
        raise TrainError(
            f'"{root / name}" has a row without {error}; `expand verify` checks the folder'
        ) from error
    files, labels, sources, views, source_hashes, file_hashes = columns
    refuse_expanded(root, recorded_dataset(card)[0], files, labels)
    folder = Folder.of(root, files, labels, sources, views, card)
    groups = [str(row.get("group") or "") for row in rows]
    return replace(
        folder,
        source_hashes=source_hashes,
        file_hashes=file_hashes,
        groups=groups if any(groups) else [],
        balanced="balance" in card["settings"],
    )
