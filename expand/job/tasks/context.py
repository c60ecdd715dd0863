"""The context of tasks: where they read and write, and how; and checks that both still exist."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2

from expand.errors import STOPPED, BadImageError, ExpandError
from expand.job.settings import Settings
from expand.job.tasks.labels import LoadedLabels, load_labels
from expand.layouts.labelled.dataset import Labels
from expand.layouts.limits import NameLimits
from expand.layouts.source import Source, read_source
from expand.records.card import CARD
from expand.storage.folder import OutputFolder
from expand.storage.identity import Identity
from expand.storage.reading import read_blocks


class Files(Protocol):
    """The files of an output folder, by name: what tasks read and write."""

    def size(self, name: str) -> int | None:
        """Return the bytes that a file has; None if there is none."""
        ...

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""
        ...

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a file of any size."""
        ...

    def write(self, name: str, data: bytes | Iterable[bytes]) -> None:
        """Write a file, at once or in blocks; replace an existing one."""
        ...

    def link(self, source: str, name: str) -> None:
        """Make a hard link to the file at a path."""
        ...

    def remove(self, name: str) -> bool:
        """Remove a file; return False if there is none."""
        ...


class Context(Protocol):
    """Where tasks read, and how they write: on this machine, or in an object store."""

    @property
    def settings(self) -> Settings:
        """The settings of the run."""
        ...

    @property
    def limits(self) -> NameLimits:
        """How long names may be."""
        ...

    @property
    def careful(self) -> bool:
        """Whether files of the output may be the user's."""
        ...

    @property
    def labels(self) -> Labels | None:
        """Reads the labels of a labelled dataset."""
        ...

    def fetch(self, sources: Sequence[Source]) -> None:
        """Get ready to read some sources, which `read` is called with next."""
        ...

    def read(self, source: Source) -> bytes:
        """Return the bytes of a source; raise BadImageError if that is not possible."""
        ...

    def blocks(self, source: Source) -> Iterator[bytes]:
        """Yield the bytes of a file of any size; raise BadImageError likewise."""
        ...

    def path_of(self, source: Source) -> str:
        """Return the path of a source's file, to link to."""
        ...

    def load_labels(self, source: Source) -> tuple[Labels, LoadedLabels] | None:
        """Read the label files of a source; None if the dataset has none beside classes."""
        ...

    def check_input(self) -> None:
        """Raise ExpandError with status 3 if the whole input went away."""
        ...


@dataclass(frozen=True)
class TaskContext:
    """Where the tasks of a run read and write, and how."""

    src: Path
    out: Path
    settings: Settings
    input: Identity
    output: Identity
    limits: NameLimits
    careful: bool = False
    """Whether the output folder had files before the run, which may be the user's."""
    durable: bool = False
    """Whether files are on the disk before the manifest names them."""
    labels: Labels | None = None
    """Reads the labels of a labelled dataset."""
    card: str = CARD
    """The run card, relative to the output folder."""

    def path_of(self, source: Source) -> str:
        """Return the path of a source's file."""
        return os.path.join(self.src, source.id)

    def fetch(self, sources: Sequence[Source]) -> None:
        """Do nothing: files are read one by one."""

    def read(self, source: Source) -> bytes:
        """Return the bytes of a source."""
        return read_source(self.path_of(source))

    def blocks(self, source: Source) -> Iterator[bytes]:
        """Yield the bytes of a file."""
        return read_blocks(self.path_of(source))

    def load_labels(self, source: Source) -> tuple[Labels, LoadedLabels] | None:
        """Read the label files of a source."""
        if self.labels is None:
            return None
        return self.labels, load_labels(self.labels, os.fspath(self.src), source)

    def check_input(self) -> None:
        """Raise ExpandError with status 3 if the input folder is not the one that was listed."""
        check_input(self.src, self.input)


PROBLEMS = (BadImageError, MemoryError, cv2.error)
"""What makes a source bad."""


def problem_of(context: Context, error: Exception) -> str:
    """Return why a source cannot be used; raise ExpandError if the whole input went away."""
    if isinstance(error, BadImageError):
        context.check_input()
        return str(error)
    if isinstance(error, MemoryError) or getattr(error, "code", 0) == cv2.Error.StsNoMem:
        return "does not fit into memory"
    return "cannot be transformed by OpenCV"  # its message names places in its own code


def check_input(src: Path, identity: Identity) -> None:
    """Raise ExpandError with status 3 if the input folder is no longer the one that was listed."""
    if not identity.is_at(src):
        raise ExpandError(
            f'the input folder "{src}" went away during the run. Finished files are kept; when it '
            "is back, run the same command again to resume.",
            STOPPED,
        )


def check_output(out: Path, identity: Identity) -> None:
    """Raise ExpandError with status 3 if the output folder is no longer the one that was locked."""
    if not identity.is_at(out):
        raise ExpandError(
            f'"{out}" was removed, renamed or replaced during the run. Nothing was written '
            "anywhere else.",
            STOPPED,
        )


def check_card(folder: OutputFolder, card: str = CARD) -> None:
    """Raise ExpandError with status 3 if the run card is gone: the folder is being removed."""
    if folder.status(card) is None:
        raise ExpandError(
            f'"{folder.path}/{card}" was removed or renamed during the run; without it, expand '
            "does not know the folder. Put it back, or remove the folder, and run the same command "
            "again.",
            STOPPED,
        )
