"""The context of tasks: where they read and write, and how; and checks that both still exist."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import cv2

from expand.errors import STOPPED, BadImageError, ExpandError
from expand.job.settings import Settings
from expand.layouts.labelled.dataset import Labels
from expand.layouts.limits import NameLimits
from expand.layouts.source import Source
from expand.records.card import CARD
from expand.storage.folder import OutputFolder
from expand.storage.identity import Identity


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


PROBLEMS = (BadImageError, MemoryError, cv2.error)
"""What makes a source bad."""


def problem_of(context: TaskContext, error: Exception) -> str:
    """Return why a source cannot be used; raise ExpandError if the whole input went away."""
    if isinstance(error, BadImageError):
        check_input(context.src, context.input)
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
