"""Names of copies, and how names are compared."""

from __future__ import annotations

import re
import unicodedata

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


def fold(name: str) -> str:
    """Return a name as file systems compare it that ignore case and how accents are encoded."""
    if name.isascii():
        return name.casefold()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def compose(name: str) -> str:
    """Return a name with composed accents (NFC), as it is compared between folders."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)
