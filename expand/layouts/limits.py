"""The limits of a file system on names: a source whose copies cannot have a name is bad."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from expand.errors import BadImageError
from expand.layouts.names import copy_name
from expand.storage.stores.url import Place

NAME_BYTES, PATH_BYTES = 255, 4096
"""The limits of nearly all file systems."""
KEY_BYTES = 1024
"""The limit of object stores on a whole name."""


class NameLimits(NamedTuple):
    """How long the names of files in an output folder may be."""

    name: int
    """Bytes of the last part of a path."""
    inside: int
    """Bytes of a path that is relative to the folder."""

    @classmethod
    def of(cls, out: Path) -> NameLimits:
        """Return the limits for files in a folder, which need not exist yet."""
        path = os.path.realpath(out)
        existing = Path(path)
        while not existing.is_dir() and existing != existing.parent:
            existing = existing.parent
        name = _ask(existing, "PC_NAME_MAX", NAME_BYTES)
        whole = _ask(existing, "PC_PATH_MAX", PATH_BYTES)
        return cls(name, whole - len(os.fsencode(path)) - 2)  # a separator and a final zero

    def check(self, source_id: str, views: Sequence[int], format_: str) -> None:
        """Raise BadImageError if the longest name of a source's files is too long."""
        last = views[-1]
        longest = os.fsencode(copy_name(source_id, last, format_) if last else source_id)
        length = len(longest) - longest.rfind(b"/") - 1
        if length > self.name:
            raise BadImageError(
                f"has a name that is too long: a file of it would get {length} bytes, and the file "
                f"system of the output folder allows {self.name}"
            )
        if len(longest) > self.inside:
            raise BadImageError(
                "has a path that is too long: in the output folder it would get more bytes than "
                "the system allows"
            )


def limits_of(out: Place) -> NameLimits:
    """Return the limits for files in a folder or at a URL."""
    if isinstance(out, Path):
        return NameLimits.of(out)
    return NameLimits(KEY_BYTES, KEY_BYTES - len(out.path.encode("utf-8", "surrogateescape")) - 1)


def _ask(folder: Path, name: str, usual: int) -> int:
    """Return a limit of the file system of a folder."""
    try:
        return os.pathconf(folder, name)
    except (AttributeError, OSError, ValueError):
        return usual
