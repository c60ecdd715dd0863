"""The scan of a labelled dataset: each file grows, is kept, or is written anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from expand.layouts.directory import IMAGE
from expand.layouts.listing import Listing, ScanSummary
from expand.layouts.source import Source
from expand.layouts.walk import DISK, Folders, Frame, walk


class Role(Enum):
    """What becomes of a file of the dataset."""

    GROWS = "an image that gets copies"
    KEPT = "a file that is copied as it is"
    MADE = "a label file, or a set-wide file, that is written anew"


class Use(NamedTuple):
    """The role of a file and, if it grows, what is known about it."""

    role: Role
    label: str = ""
    annotation: str = ""


KEPT, MADE = Use(Role.KEPT), Use(Role.MADE)
Decide = Callable[[str, bool], Use]
"""Gets the path of a visible file in the dataset, POSIX style, and whether it is an image by its
suffix; returns its use. It is called for each file once, sorted by path, folder by folder."""


def list_dataset(root: Path, decide: Decide, folders: Folders = DISK) -> Listing:
    """List a dataset, sorted by path; each directory is read once. Hidden files are left out."""
    summary = ScanSummary()

    def visit(frame: Frame) -> None:
        summary.hidden += frame.directory.hidden

    def sources() -> Iterator[Source]:
        """Yield the files that are not made anew."""
        for frame, name, kind in walk(str(root), visit, folders):
            if name is None:
                continue
            path = f"{frame.prefix}{name}"
            use = decide(path, kind == IMAGE)
            if use.role is not Role.MADE:
                size, version = folders.status(frame.start + name)
                kept = use.role is Role.KEPT
                yield Source(path, size, use.label, use.annotation, kept, version=version)

    return Listing(sources(), summary)
