"""What an opener of a labelled dataset gets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from expand.layouts.labelled.dataset import Dataset, Request
from expand.layouts.layout import Layout


class Opening(NamedTuple):
    """What an opener gets: the folder, what the user asks for, and how copies will be named."""

    root: Path
    request: Request
    factor: int
    format: str
    seen: Layout | None = None
    """What the recognition saw; None if the layout was named by --as."""


Opener = Callable[[Opening], Dataset]
"""Raises ExpandError if the folder is not such a dataset, or is ambiguous: it then names what was
seen, and the command for each reading."""
