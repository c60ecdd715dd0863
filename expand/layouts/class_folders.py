"""Class folders: one folder per class, images at any depth below it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from expand.errors import ExpandError
from expand.images.formats import SUFFIXES
from expand.layouts.source import COPY, Source, copy_name, split_suffix


@dataclass
class ScanSummary:
    """What a folder holds, counted without keeping it: as small for a million images as for ten."""

    labels: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    hidden: int = 0
    foreign: int = 0
    unlabelled: int = 0

    @property
    def count(self) -> int:
        """How many sources there are."""
        return self.labels.total()


def scan(root: Path) -> Iterator[Source]:
    """Yield the sources of a folder, sorted by path, a directory at a time."""
    return _walk(root, ScanSummary())


def survey(root: Path, factor: int = 1, format_: str = "keep") -> ScanSummary:
    """Count the sources of a folder and check it whole, for `factor` views of each, written in a `--format`.

    Raise ExpandError where there is nothing to expand, or where two sources would give files of one name.
    """
    if not root.exists():
        raise ExpandError(f'"{root}" does not exist')
    if not root.is_dir():
        raise ExpandError(f'"{root}" is a file; a folder with one folder a class is needed')
    found = ScanSummary()
    directory = ""
    names: list[str] = []
    for source in _walk(root, found):
        found.labels[source.label] += 1
        found.bytes += source.size
        parent, _, name = source.id.rpartition("/")
        if parent != directory:
            _check_names(directory, names, factor, format_)
            directory, names = parent, []
        names.append(name)
    _check_names(directory, names, factor, format_)
    if not found.count:
        folders = any(
            entry.is_dir() and not entry.name.startswith(".") for entry in os.scandir(root)
        )
        reason = "no images in its folders" if folders else "no class folders"
        raise ExpandError(
            f'"{root}" has {reason}; images are expected as {root.name}/<class>/<image>'
        )
    return found


def _walk(root: Path, found: ScanSummary) -> Iterator[Source]:
    """Yield the images below `root`; count what is left aside."""
    for entry in _listed(root, found):
        if _is_folder(entry):
            yield from _walk_folder(entry.path, f"{entry.name}/", (os.path.realpath(root),), found)
        elif split_suffix(entry.name)[1].lower() in SUFFIXES:
            found.unlabelled += 1
        else:
            found.foreign += 1


def _walk_folder(
    path: str, prefix: str, above: tuple[str, ...], found: ScanSummary
) -> Iterator[Source]:
    real = os.path.realpath(path)
    if real in above:
        raise ExpandError(f'"{path}" is a link to a folder that it lies in')
    for entry in _listed(path, found):
        name = f"{prefix}{entry.name}"
        if _is_folder(entry):
            yield from _walk_folder(entry.path, f"{name}/", (*above, real), found)
        elif split_suffix(entry.name)[1].lower() in SUFFIXES:
            yield Source(name, _bytes(entry))
        else:
            found.foreign += 1


def _listed(path: str | Path, found: ScanSummary) -> list[os.DirEntry[str]]:
    """Return a directory's entries, sorted by name, hidden ones left aside."""
    try:
        with os.scandir(path) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise ExpandError(f'"{path}" cannot be read: {error.strerror}') from error
    shown = [entry for entry in listed if not entry.name.startswith(".")]
    found.hidden += len(listed) - len(shown)
    folders: dict[str, str] = {}
    for entry in filter(_is_folder, shown):
        if (other := folders.setdefault(entry.name.casefold(), entry.name)) != entry.name:
            raise _collision(str(path), other, entry.name)
    return shown


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _bytes(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except OSError:
        return 0


def _check_names(directory: str, names: list[str], factor: int, format_: str) -> None:
    """Refuse sources whose files would have one name, also where a file system ignores case."""
    originals: dict[str, str] = {}
    firsts: dict[str, str] = {}
    for name in names:
        first = copy_name(name, 1, format_)
        for taken, key in ((originals, name.casefold()), (firsts, first.casefold())):
            if (other := taken.setdefault(key, name)) != name:
                raise _collision(directory, other, name)
    for name in names:
        match = COPY.match(name.casefold())
        if (
            match
            and int(match["view"]) < factor
            and (first := f"{match['stem']}_v1{match['suffix']}") in firsts
        ):
            raise _collision(directory, firsts[first], name)


def _collision(directory: str, first: str, second: str) -> ExpandError:
    return ExpandError(
        f'"{directory}/{first}" and "{directory}/{second}" would give files of one name, here or on a file system '
        "that ignores case; rename one of them"
    )
