"""Names of copies, and how names are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

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


def exchanged_id(source_id: str, new: str, split: str = "") -> str:
    """Return what a copy of a source is named after whose class is `new`, and not its own.

    "left/a.jpg" becomes "right/a.left.jpg": the old class is in the name, so that copies of images
    of one name in several classes never collide. `split` is the part above the class folders.
    """
    *folders, name = source_id.split("/")
    place = folders.index(split) + 1 if split in folders else 0
    if place >= len(folders):
        return source_id  # it has no class folder
    stem, suffix = split_suffix(name)
    old, folders[place] = folders[place], new
    return "/".join([*folders, f"{stem}.{old}{suffix}"])


def exchanged_from(name: str) -> Iterator[str]:
    """Yield the sources that a name of `exchanged_id` can be of."""
    *folders, last = name.split("/")
    stem, suffix = split_suffix(last)
    for match in re.finditer(r"\.", stem):
        first, old = stem[: match.start()], stem[match.end() :]
        for place in range(len(folders)) if first and old else ():
            yield "/".join([*folders[:place], old, *folders[place + 1 :], first + suffix])


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
