"""A source: one labelled image of the input folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from expand.errors import BadImageError


class Source(NamedTuple):
    """One labelled image of the input folder."""

    id: str
    """Its path relative to the input folder, POSIX style."""
    size: int
    """Bytes of the file."""
    label: str
    """Its class, as the layout has it."""


def check_name(source_id: str) -> None:
    """Raise BadImageError if an id is not UTF-8: views are keyed by its UTF-8 bytes."""
    try:
        source_id.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadImageError("has a name that is not UTF-8") from error


def read_source(path: Path) -> bytes:
    """Read the bytes of a source's file; raise BadImageError if that is not possible."""
    try:
        if path.exists() and not path.is_file():
            raise BadImageError("is not a regular file")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadImageError(f"cannot be read ({reason})") from error
