"""A source: one labelled image of the input folder, its id and the names of its copies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from expand.errors import BadImageError
from expand.images.formats import FORMATS

COPY = re.compile(r"^(?P<stem>.+)_v(?P<view>[1-9]\d*)(?P<suffix>\.[^.]+)$", re.DOTALL)


class Source(NamedTuple):
    """One labelled image of the input folder: `id` is its path relative to the folder, POSIX style."""

    id: str
    size: int
    """Bytes of the file."""

    @property
    def label(self) -> str:
        """The class: the first folder of the path."""
        return self.id.partition("/")[0]


def copy_name(source_id: str, k: int, format_: str) -> str:
    """Return the file name of view `k` ≥ 1 of a source, relative to the output folder, written in a `--format`.

    The name depends on its own source alone. Where the suffix changes, the old one stays in the name, so that a.jpg and
    a.png have copies of different names.
    """
    stem, suffix = split_suffix(source_id)
    suffixes = FORMATS.get(format_)
    if suffixes is None or suffix.lower() in suffixes:
        return f"{stem}_v{k}{suffix}"
    return f"{source_id}_v{k}{suffixes[0]}"


def split_suffix(name: str) -> tuple[str, str]:
    """Return a file's path without its suffix, and the suffix ("a/b.tar.png": "a/b.tar" and ".png")."""
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if stem and "/" not in suffix else (name, "")


def read_source(path: Path) -> bytes:
    """Return a source's bytes; raise BadImage where there are none to be had."""
    try:
        if path.exists() and not path.is_file():
            raise BadImageError("is no regular file")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise BadImageError(
            f"cannot be read ({getattr(error, 'strerror', None) or error})"
        ) from error
