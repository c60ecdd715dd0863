"""A data folder, listed: each file with its class, its source and its view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expand.errors import BadImageError, ExpandError
from expand.images.pixels import Pixels
from expand.layouts.class_folders import list_sources
from expand.layouts.layout import AUTO, LayoutError, describe, train_command
from expand.layouts.names import compose
from expand.layouts.recognition.evidence import peek
from expand.layouts.source import check_name
from expand.records.card import read_card
from expand.records.manifest import MANIFEST, read_rows
from train.errors import TrainError

COLUMNS = ("file_name", "label", "source", "view", "source_sha256", "sha256")


@dataclass(frozen=True)
class Folder:
    """The images of a folder, row by row, sorted by source and view.

    A folder that `expand` wrote is read through its manifest; in any other folder each image is a
    source of its own.
    """

    root: Path
    files: list[str]
    labels: NDArray[np.int64]
    sources: list[str]
    views: NDArray[np.int64]
    source_hashes: list[str]
    """Hashes of the sources' files, as the manifest has them; empty without one."""
    classes: tuple[str, ...]
    card: dict[str, Any] | None
    pack_rows: NDArray[np.int64]
    """The row of each image in the decoded pack of the folder that this one is a part of."""
    file_hashes: list[str] = field(default_factory=list)
    """Hashes of the files, as the manifest has them; empty without one."""
    notes: tuple[str, ...] = ()
    """What the user should know of the folder: sentences."""

    def __len__(self) -> int:
        return len(self.files)

    @property
    def expanded(self) -> bool:
        """Whether `expand` wrote it."""
        return self.card is not None

    @cached_property
    def source_ids(self) -> list[str]:
        """The sources, each once, in order."""
        return list(dict.fromkeys(self.sources))

    @cached_property
    def table(self) -> NDArray[np.int64]:
        """The row of each view of each source: sources × views.

        Raise TrainError if a source lacks a view.
        """
        views = np.unique(self.views)
        if not np.array_equal(self.views, np.tile(views, len(self.source_ids))):
            raise TrainError(
                f'"{self.root}" does not have every view of every source; '
                "`expand verify` lists what is missing"
            )
        return np.arange(len(self.files)).reshape(len(self.source_ids), len(views))

    def take(self, pixels: Pixels, rows: NDArray[np.int64] | slice = slice(None)) -> Pixels:
        """Return the images of some rows, all if not given, out of the pixels of the pack."""
        return pixels[self.pack_rows[rows]]

    def only(self, rows: Sequence[int] | NDArray[np.int64]) -> Folder:
        """Return a folder of these rows only, with the same classes."""
        chosen = [int(row) for row in rows]
        return Folder(
            self.root,
            [self.files[row] for row in chosen],
            self.labels[chosen],
            [self.sources[row] for row in chosen],
            self.views[chosen],
            [self.source_hashes[row] for row in chosen] if self.source_hashes else [],
            self.classes,
            self.card,
            self.pack_rows[chosen],
            [self.file_hashes[row] for row in chosen] if self.file_hashes else [],
            self.notes,
        )

    def whole(self) -> Folder:
        """Return the folder as one with a pack of its own: its rows are numbered from 0."""
        return replace(self, pack_rows=np.arange(len(self)))

    def of_sources(self, keep: NDArray[np.bool_]) -> Folder:
        """Return a folder of the sources that `keep` (one value a source) keeps, with all views."""
        kept = {source for source, chosen in zip(self.source_ids, keep, strict=True) if chosen}
        return self.only([row for row, source in enumerate(self.sources) if source in kept])

    def originals(self) -> Folder:
        """Return a folder of the originals only; raise TrainError if it has none."""
        originals = self.only(np.flatnonzero(self.views == 0))
        if len(originals) != len(self.source_ids):
            raise TrainError(
                f'"{self.root}" has no originals (expand --originals none); '
                "this strategy needs them"
            )
        return originals


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


def match_classes(folder: Folder, classes: tuple[str, ...], name: str) -> Folder:
    """Return a folder with its labels as indices of `classes`; accents may be encoded otherwise.

    Raise TrainError if it has none of them, or others.
    """
    known = {compose(label): number for number, label in enumerate(classes)}
    own = [compose(label) for label in folder.classes]
    if not known.keys() & set(own):
        raise TrainError(
            f'{name} "{folder.root}" has no class in common with the training set ({_few(classes)})'
        )
    if unknown := [label for label in folder.classes if compose(label) not in known]:
        raise TrainError(
            f'{name} "{folder.root}" has classes that the training set does not have: '
            f"{_few(unknown)}"
        )
    numbers = np.array([known[label] for label in own])
    return replace(folder, labels=numbers[folder.labels], classes=classes)


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
    return replace(folder, source_hashes=source_hashes, file_hashes=file_hashes)


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


def _few(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names[:3]) + (", …" if len(names) > 3 else "")
