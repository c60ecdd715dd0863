"""Names of copies, and the check that no two files of the expanded dataset get the same name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from expand.errors import ExpandError
from expand.images.formats import OPTIONS

COPY = re.compile(r"^(?P<stem>.+)_v(?P<view>[1-9]\d*)(?P<suffix>\.[^.]+)$", re.DOTALL)


def copy_name(source_id: str, k: int, format_: str) -> str:
    """Return the file name of view `k` ≥ 1 of a source, relative to the output folder.

    `format_` is the --format it is written in. The name depends on nothing but its own source. If
    the suffix changes, the old one stays in the name: copies of a.jpg and a.png never collide.
    """
    stem, suffix = split_suffix(source_id)
    kind = OPTIONS.get(format_)
    if kind is None or suffix.lower() in kind.suffixes:
        return f"{stem}_v{k}{suffix}"
    return f"{source_id}_v{k}{kind.suffixes[0]}"


def split_suffix(name: str) -> tuple[str, str]:
    """Split a path before its suffix: "a/b.tar.png" becomes ("a/b.tar", ".png")."""
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if stem and "/" not in suffix else (name, "")


def check_images(directory: str, names: Sequence[str], factor: int, format_: str) -> None:
    """Refuse images of a directory if two files would get one name, as `fold` compares them."""
    originals: dict[str, str] = {}
    copies: dict[str, str] = {}  # the first copy stands for all copies of its source
    for name in names:
        first = fold(copy_name(name, 1, format_))
        for taken, key in ((originals, fold(name)), (copies, first)):
            if (other := taken.setdefault(key, name)) != name:
                raise _same_name(directory, other, name)
    for name in names:
        match = COPY.match(fold(name))
        if match and int(match["view"]) < factor:
            first = f"{match['stem']}_v1{match['suffix']}"
            if first in copies:
                raise _same_name(directory, copies[first], name)


def check_folders(directory: str, names: Sequence[str]) -> None:
    """Refuse folders of a directory that have the same name, as `fold` compares them."""
    taken: dict[str, str] = {}
    for name in names:
        if (other := taken.setdefault(fold(name), name)) != name:
            raise _same_name(directory, other, name)


def _same_name(directory: str, first: str, second: str) -> ExpandError:
    return ExpandError(
        f'"{directory}/{first}" and "{directory}/{second}" would give files of one name, here or '
        "on a file system that ignores case and how accents are encoded; rename one of them"
    )


def fold(name: str) -> str:
    """Return a name as file systems compare it that ignore case and how accents are encoded."""
    if name.isascii():
        return name.casefold()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def compose(name: str) -> str:
    """Return a name with composed accents (NFC), as it is compared between folders."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)
