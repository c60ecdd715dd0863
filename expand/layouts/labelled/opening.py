"""What an opener of a labelled dataset gets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from expand.layouts.labelled.dataset import Dataset, Request
from expand.layouts.layout import Layout
from expand.layouts.walk import DISK, Folders


class Opening(NamedTuple):
    """What an opener gets: the folder, what the user asks for, and how copies will be named."""

    root: Path
    request: Request
    factor: int
    format: str
    seen: Layout | None = None
    """What the recognition saw; None if the layout was named by --as."""
    folders: Folders = DISK
    """Where the files are listed: on the disk, or in a list of them that was made before."""


Opener = Callable[[Opening], Dataset]
"""Raises ExpandError if the folder is not such a dataset, or is ambiguous: it then names what was
seen, and the command for each reading."""
