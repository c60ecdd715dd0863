"""A listing: the sources of a folder, read once and iterated as often as needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from expand.layouts.source import Source
from expand.layouts.spooled.lists import IN_MEMORY, SpooledList

CHUNK = 1024
"""Sources that are written and read together."""


class EmptyClass(NamedTuple):
    """A class folder without an image of a format that is read."""

    label: str
    files: int
    """Files in it that are not hidden."""
    suffixes: tuple[str, ...]
    """The suffixes of the most of them."""

    def sentence(self) -> str:
        """Say what the folder holds."""
        if not self.files:
            return f'"{self.label}" is an empty folder, so it is not a class'
        files = "1 file" if self.files == 1 else f"{self.files:,} files"
        kinds = f" ({', '.join(self.suffixes)})" if self.suffixes else ""
        return (
            f'"{self.label}" has no image of a supported format, so it is not a class: it has '
            f"{files}{kinds}"
        )


@dataclass
class ScanSummary:
    """What a folder holds, in numbers."""

    labels: Counter[str] = field(default_factory=Counter)
    """Sources of each class."""
    bytes: int = 0
    hidden: int = 0
    foreign: int = 0
    """Files that are not images."""
    unlabelled: int = 0
    """Images outside the class folders."""
    unread: Counter[str] = field(default_factory=Counter)
    """Images of formats that are not read, by suffix; they count as files that are not images."""
    empty_classes: list[EmptyClass] = field(default_factory=list)
    """Class folders without an image."""
    kept: int = 0
    """Files that are copied as they are."""
    kept_bytes: int = 0

    @property
    def count(self) -> int:
        """The number of sources."""
        return self.labels.total()

    def without_files(self) -> ScanSummary:
        """Return a summary for a new listing of the same folder, which counts its files again."""
        return replace(self, labels=Counter(), bytes=0, kept=0, kept_bytes=0)


class Listing:
    """The sources of a folder, in order; each iteration is independent of the others.

    A labelled dataset has other files too, which are kept as they are; `files` yields them as well.

    They lie in a temporary file, not in a list, so that memory stays the same for a million
    sources. Close it, or use it in a `with` statement.
    """

    def __init__(self, sources: Iterable[Source], summary: ScanSummary) -> None:
        """Store and count all `sources`; `summary` has the counts of what is not a source."""
        self.summary = summary
        self._chunks = SpooledList(IN_MEMORY)
        try:
            remaining = iter(sources)
            while chunk := list(islice(remaining, CHUNK)):
                self._add(chunk)
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        return self.summary.count

    def __iter__(self) -> Iterator[Source]:
        files = self.files()
        return (source for source in files if not source.kept) if self.summary.kept else files

    def files(self) -> Iterator[Source]:
        """Yield the sources and the files that are kept, in one order."""
        for number in range(len(self._chunks)):
            yield from map(Source._make, zip(*self._chunks[number], strict=True))

    def __enter__(self) -> Listing:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the temporary file; the summary stays."""
        self._chunks.close()

    def _add(self, chunk: list[Source]) -> None:
        kept = [source.size for source in chunk if source.kept]
        self.summary.kept += len(kept)
        self.summary.kept_bytes += sum(kept)
        self.summary.labels.update(source.label for source in chunk if not source.kept)
        self.summary.bytes += sum(source.size for source in chunk if not source.kept)
        self._chunks.append(tuple(zip(*chunk, strict=True)))  # columns are written much faster


def spread_out(listing: Listing, most: int) -> list[Source]:
    """Return some sources from all over a listing, in an order that begins all over it too."""
    step = max(1, len(listing) // most)
    chosen = list(islice(listing, step // 2, None, step))[:most]
    if len(chosen) % 7 == 0:
        return chosen
    return [chosen[index * 7 % len(chosen)] for index in range(len(chosen))]
