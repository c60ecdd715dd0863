"""Class folders: one folder per class, images at any depth below it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from expand.errors import ExpandError
from expand.images.formats import SUFFIXES
from expand.layouts.listing import Listing, ScanSummary
from expand.layouts.names import check_folders, check_images, split_suffix
from expand.layouts.source import Source


def list_sources(root: Path, factor: int = 1, format_: str = "keep") -> Listing:
    """List the sources of a folder of class folders, sorted by path; each directory is read once.

    Raise ExpandError if there are none, or if `factor` views of each, written in `format_`, would
    not get different names.
    """
    if not root.exists():
        raise ExpandError(f'"{root}" does not exist')
    if not root.is_dir():
        raise ExpandError(f'"{root}" is a file; a folder with one folder per class is needed')
    walk = _Walk(root, factor, format_)
    listing = Listing(walk.sources(), walk.summary)
    if not len(listing):
        listing.close()
        reason = "no images in its folders" if walk.folders else "no class folders"
        raise ExpandError(
            f'"{root}" has {reason}; images are expected as {root.name}/<class>/<image>'
        )
    return listing


class _Walk:
    """One walk over a folder, which checks names and counts what is not a source."""

    def __init__(self, root: Path, factor: int, format_: str) -> None:
        self.root, self.factor, self.format = root, factor, format_
        self.summary = ScanSummary()
        self.folders = 0

    def sources(self) -> Iterator[Source]:
        """Yield the sources, one class after the other."""
        above = (os.path.realpath(self.root),)
        for entry in self._entries(self.root):
            if _is_folder(entry):
                self.folders += 1
                yield from self._below(entry.path, f"{entry.name}/", entry.name, above)
            elif _is_image(entry):
                self.summary.unlabelled += 1
            else:
                self.summary.foreign += 1

    def _below(
        self, path: str, prefix: str, label: str, above: tuple[str, ...]
    ) -> Iterator[Source]:
        """Yield the sources of a directory and of those in it; `above` are the ones it lies in."""
        real = os.path.realpath(path)
        if real in above:
            raise ExpandError(f'"{path}" is a link to a folder that it lies in')
        entries = self._entries(path)
        images = [entry.name for entry in entries if _is_image(entry) and not _is_folder(entry)]
        check_images(path, images, self.factor, self.format)
        for entry in entries:
            name = f"{prefix}{entry.name}"
            if _is_folder(entry):
                yield from self._below(entry.path, f"{name}/", label, (*above, real))
            elif _is_image(entry):
                yield Source(name, _size(entry), label)
            else:
                self.summary.foreign += 1

    def _entries(self, path: str | Path) -> list[os.DirEntry[str]]:
        """Return a directory's entries, sorted by name, without hidden ones."""
        try:
            with os.scandir(path) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            raise ExpandError(f'"{path}" cannot be read: {error.strerror}') from error
        shown = [entry for entry in listed if not entry.name.startswith(".")]
        self.summary.hidden += len(listed) - len(shown)
        check_folders(str(path), [entry.name for entry in shown if _is_folder(entry)])
        return shown


def _is_image(entry: os.DirEntry[str]) -> bool:
    return split_suffix(entry.name)[1].lower() in SUFFIXES


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except OSError:
        return 0
