"""A data folder, listed: each file with its class, its source and its view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from expand.images.pixels import Pixels
from expand.layouts.names import compose
from expand.storage.stores.url import Place
from train.errors import TrainError


class Decodable(Protocol):
    """A set that is about to be decoded, for whoever shows its progress."""

    @property
    def root(self) -> Place:
        """Where it lies."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of it: sentences."""

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class Folder:
    """The images of a folder, row by row, sorted by source and view.

    A folder that `expand` wrote is read through its manifest; in any other folder each image is a
    source of its own.
    """

    root: Place
    files: list[str]
    labels: NDArray[np.int64]
    sources: list[str]
    views: NDArray[np.int64]
    source_hashes: list[str]
    """Hashes of the sources' files, as the manifest has them; empty without one."""
    classes: tuple[str, ...]
    card: dict[str, Any] | None
    decoded_rows: NDArray[np.int64]
    """The row of each image in the decoded dataset of the folder that this one is a part of."""
    file_hashes: list[str] = field(default_factory=list)
    """Hashes of the files, as the manifest has them; empty without one."""
    notes: tuple[str, ...] = ()
    """What the user should know of the folder: sentences."""
    groups: list[str] = field(default_factory=list)
    """The group of each image, "" for none, as --group-by or the manifest has it; else empty."""
    split: str = ""
    """The part of the dataset that these images are; empty if it has no parts."""
    parts: tuple[str, ...] = ()
    """All parts of the dataset."""
    annotations: list[str] = field(default_factory=list)
    """What a table says of each image, as JSON text; empty without a table."""
    balanced: bool = False
    """Whether its classes have different numbers of views on purpose (expand --balance)."""
    versions: list[str] = field(default_factory=list)
    """What a store says of each file, which is another text if the file changes; else empty."""
    spans: NDArray[np.int64] | None = None
    """Where the file of each image begins in its tar, and its bytes (N×2); None: not in tars."""

    @classmethod
    def of(
        cls,
        root: Place,
        files: list[str],
        labels: list[str],
        sources: list[str],
        views: list[int],
        card: dict[str, Any] | None,
    ) -> Folder:
        """Return a whole folder, without hashes, from the columns of its rows."""
        classes = tuple(sorted(set(labels)))
        index = {label: number for number, label in enumerate(classes)}
        numbers = np.array([index[label] for label in labels], dtype=np.int64)
        rows = np.arange(len(files))
        numbered = np.array(views, dtype=np.int64)
        return cls(root, files, numbers, sources, numbered, [], classes, card, rows)

    def __len__(self) -> int:
        return len(self.files)

    @property
    def title(self) -> str:
        """What it is called in messages: its path in quotes, and the part."""
        return f'"{self.root}", part "{self.split}"' if self.split else f'"{self.root}"'

    @property
    def path(self) -> Path:
        """The folder on this machine that it is; those at a URL are not listed as folders."""
        assert isinstance(self.root, Path)
        return self.root

    @property
    def expanded(self) -> bool:
        """Whether `expand` wrote it."""
        return self.card is not None

    @property
    def names(self) -> list[str]:
        """The class of each image, by name."""
        return [self.classes[label] for label in self.labels.tolist()]

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
        """Return the images of some rows, all if not given, out of the decoded pixels."""
        return pixels[self.decoded_rows[rows]]

    def only(self, rows: Sequence[int] | NDArray[np.int64]) -> Folder:
        """Return a folder of these rows only, with the same classes."""
        chosen = [int(row) for row in rows]

        def kept(values: list[str]) -> list[str]:
            return [values[row] for row in chosen] if values else []

        return replace(
            self,
            files=kept(self.files),
            labels=self.labels[chosen],
            sources=kept(self.sources),
            views=self.views[chosen],
            source_hashes=kept(self.source_hashes),
            decoded_rows=self.decoded_rows[chosen],
            file_hashes=kept(self.file_hashes),
            groups=kept(self.groups),
            annotations=kept(self.annotations),
            versions=kept(self.versions),
            spans=None if self.spans is None else self.spans[chosen],
        )

    def whole(self) -> Folder:
        """Return the folder as one that is decoded by itself: its rows are numbered from 0."""
        return replace(self, decoded_rows=np.arange(len(self)))

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


def match_classes(folder: Folder, classes: tuple[str, ...], name: str) -> Folder:
    """Return a folder with its labels as indices of `classes`; accents may be encoded otherwise.

    Raise TrainError if it has none of them, or others.
    """
    known = {compose(label): number for number, label in enumerate(classes)}
    own = [compose(label) for label in folder.classes]
    if not known.keys() & set(own):
        raise TrainError(
            f"{name} {folder.title} has no class in common with the training set ({_few(classes)})"
        )
    if unknown := [label for label in folder.classes if compose(label) not in known]:
        raise TrainError(
            f"{name} {folder.title} has classes that the training set does not have: "
            f"{_few(unknown)}"
        )
    numbers = np.array([known[label] for label in own])
    return replace(folder, labels=numbers[folder.labels], classes=classes)


def _few(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names[:3]) + (", …" if len(names) > 3 else "")
