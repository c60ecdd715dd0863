"""The plan: the sources and views that a run writes, and how many files that makes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from expand.job.settings import Settings
from expand.job.sharding.shard import Shard
from expand.layouts.labelled.dataset import Dataset
from expand.layouts.listing import Listing, ScanSummary
from expand.layouts.source import Source, read_stored
from expand.storage.identity import Identity
from expand.storage.stores.url import Place, Url


class ClassCount(NamedTuple):
    """The images that have objects of a class, and those objects, with and without copies."""

    images: int
    before: int
    after: int
    """Before views drop any."""


NO_OBJECTS = ClassCount(0, 0, 0)


@dataclass(frozen=True)
class Plan:
    """What a run is to do. Use it in a `with` statement: that closes its listing."""

    src: Place
    out: Place
    settings: Settings
    dataset: Dataset
    input: Identity | None = None
    """The input folder when it was listed; None for a URL."""
    shard: Shard | None = None
    """The share of the dataset that this plan is for; None: all of it."""
    found: ScanSummary | None = None
    """What the whole dataset holds, if this plan is for a shard."""

    @property
    def stored(self) -> bool:
        """Whether the input or the output is a URL."""
        return isinstance(self.src, Url) or isinstance(self.out, Url)

    @property
    def in_blocks(self) -> bool:
        """Whether the run is done in blocks, which several machines can share."""
        return self.stored or (self.settings.tars and self.shard is not None)

    @property
    def folder(self) -> Path:
        """The input, of a plan without URLs."""
        assert isinstance(self.src, Path)
        return self.src

    @property
    def target(self) -> Path:
        """The output folder, of a plan without URLs."""
        assert isinstance(self.out, Path)
        return self.out

    @property
    def records(self) -> Path:
        """The folder of the run card and the manifest, of a plan without URLs."""
        return self.shard.records(self.target) if self.shard else self.target

    def read(self, source: Source) -> bytes:
        """Return the bytes of a source; raise BadImageError if that is not possible."""
        return read_stored(self.src, source.id)

    @property
    def listing(self) -> Listing:
        """The sources, and the files that are kept."""
        return self.dataset.listing

    @property
    def images(self) -> int:
        """The number of images that sources become, if no source is bad."""
        return self._made(1 if self.settings.originals == "none" else 0)

    @property
    def copies(self) -> int:
        """The number of views that are not originals, if no source is bad."""
        return self._made(1)

    def _made(self, first: int) -> int:
        """Return how many views there are, counted from a first one of each image."""
        return sum(count * (views - first) for views, count in self._views.items())

    @cached_property
    def _views(self) -> Counter[int]:
        """The number of images with each number of views."""
        views, settings = Counter[int](), self.settings
        if settings.balance and settings.balance.of_objects:
            return Counter(map(settings.views_of, self.listing))
        for label, count in self.listing.summary.labels.items():
            views[settings.factor_of(label)] += count
        return views

    def class_counts(self) -> dict[str, ClassCount]:
        """Return the images and objects of each class of objects under a balance, largest first.

        "" has the images without objects.
        """
        counts: dict[str, ClassCount] = {}
        for source in self.listing:
            views = self.settings.views_of(source)
            for name, number in source.classes or (("", 0),):
                images, before, after = counts.get(name, NO_OBJECTS)
                counts[name] = ClassCount(images + 1, before + number, after + number * views)
        return dict(sorted(counts.items(), key=lambda item: (-item[1].before, item[0])))

    @property
    def files(self) -> int:
        """The number of files of the expanded dataset, without label files."""
        return self.images + self.listing.summary.kept

    def __enter__(self) -> Plan:
        return self

    def __exit__(self, *_: object) -> None:
        self.dataset.close()
