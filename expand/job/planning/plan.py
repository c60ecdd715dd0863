"""The plan: sources × views, checked before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from expand.errors import STOPPED, BadImageError, ExpandError, about
from expand.job.planning.dataset_settings import SettingsFor, suited
from expand.job.settings import PARQUET, Settings
from expand.job.sharding.listed import prepared
from expand.job.sharding.shard import Shard
from expand.layouts.groups import check_groups
from expand.layouts.labelled.dataset import AS_IT_LOOKS, Dataset, Request
from expand.layouts.labelled.open import open_dataset
from expand.layouts.layout import FOLDERS
from expand.layouts.limits import limits_of
from expand.layouts.listing import Listing, ScanSummary
from expand.layouts.names import fold
from expand.layouts.source import Source, read_stored
from expand.layouts.stored.listed import ListedFolders
from expand.layouts.stored.tree import Pages
from expand.layouts.walk import DISK
from expand.records.card import is_record
from expand.records.manifest import LABELLED_MANIFEST, MANIFEST
from expand.records.parquet import check_pyarrow
from expand.storage.identity import Identity
from expand.storage.stores.open import check_store
from expand.storage.stores.places import check_places
from expand.storage.stores.url import Place, Url
from expand.techniques.ranges import MOST_FACTOR


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


def make_plan(
    src: Place,
    out: Place,
    settings: Settings | SettingsFor,
    request: Request = AS_IT_LOOKS,
    shard: Shard | None = None,
) -> Plan:
    """Plan the expansion of a dataset; refuse what is not possible.

    `settings` can depend on the recipe that suits the dataset: detect where boxes are all that
    labels say of places, else classic. They are completed by what was found out of the dataset.
    With a `shard`, the plan is for that share of it.
    """
    check_places(src, out)
    check_store(out)
    wanted = settings if isinstance(settings, Settings) else settings("classic")
    if wanted.manifest == PARQUET:
        check_pyarrow()
    # the views of a class are known once its images are counted, and no two files get one name
    largest = (wanted.balance.most or MOST_FACTOR) if wanted.balance else wanted.factor
    pages = prepared(src, out) if shard else None
    dataset = open_place(src, request, largest, wanted.format, pages)
    if pages:
        dataset.notes = (*dataset.notes, "the files are read from the list of `expand prepare`")
    try:
        _check_names(src, dataset)
        completed = suited(settings, dataset, request, src)
        if completed.group_by is not None and (
            note := check_groups(completed.group_by, dataset.listing)
        ):
            dataset.notes = (*dataset.notes, note)
        identity = None if isinstance(src, Url) else Identity.of(src)
        plan = Plan(src, out, completed, dataset, identity)
        _check_stored(plan)
        if plan.stored or completed.tars:  # shards share its blocks
            return replace(plan, shard=shard)
        return take_share(plan, shard) if shard else plan
    except OSError as error:
        dataset.close()
        raise ExpandError(f'"{src}" cannot be read: {error.strerror}', STOPPED) from error
    except ExpandError:
        dataset.close()
        raise


def _check_stored(plan: Plan) -> None:
    """Refuse what an object store cannot have."""
    if plan.stored and plan.settings.originals == "link":
        raise ExpandError("an object store has no links; use --originals copy")


def open_place(
    place: Place,
    request: Request,
    factor: int = 1,
    format_: str = "keep",
    pages: Pages | None = None,
) -> Dataset:
    """Open the dataset in a folder or at a URL, of which `pages` may be the listing."""
    if isinstance(place, Path):
        folders = DISK if pages is None else ListedFolders(place, pages)
        return open_dataset(place, request, factor, format_, folders)
    from expand.layouts.stored.open import open_stored

    return open_stored(place, request, factor, format_, pages)


def _check_names(src: Place, dataset: Dataset) -> None:
    """Refuse a folder or file that would have the name of a record in the output folder."""
    labelled = dataset.layout != FOLDERS
    manifest = LABELLED_MANIFEST if labelled else MANIFEST
    listed = dataset.listing.summary.labels
    for name in _top_names(src, dataset) if labelled else listed:
        if is_record(fold(name), manifest):
            raise ExpandError(
                f'"{src / name}" has the name of a file that expand writes; rename it'
            )


def _top_names(src: Place, dataset: Dataset) -> Iterator[str]:
    """Yield the names at the top of a dataset."""
    if isinstance(src, Path):
        return (path.name for path in src.iterdir())
    return (source.id.partition("/")[0] for source in dataset.listing.files())


def take_share(plan: Plan, shard: Shard) -> Plan:
    """Return the plan for one shard, which may have nothing; close the whole one's listing."""
    found = plan.listing.summary
    return replace(plan, dataset=shard.share(plan.dataset), shard=shard, found=found)


def find_long_names(plan: Plan) -> list[str]:
    """Return a sentence if some sources cannot be used, because a copy's name is too long."""
    limits, settings = limits_of(plan.out), plan.settings
    count, first = 0, ""
    for source in plan.listing:
        try:
            limits.check(source.id, settings.written_for(source), settings.format)
        except BadImageError as error:
            count += 1
            first = first or about(source.id, error)
    if not count:
        return []
    return [f"{count:,} source{'s' if count > 1 else ''} cannot be used; the first: {first}"]
