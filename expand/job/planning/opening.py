"""Opening: find out what a dataset holds, and plan its expansion; refuse what is not possible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from expand.errors import STOPPED, BadImageError, ExpandError, about
from expand.job.planning.dataset_settings import SettingsFor, suited
from expand.job.planning.plan import Plan
from expand.job.settings import PARQUET, Settings
from expand.job.sharding.listed import prepared
from expand.job.sharding.shard import Shard
from expand.layouts.groups import check_groups
from expand.layouts.labelled.dataset import AS_IT_LOOKS, Dataset, Request
from expand.layouts.labelled.open import open_dataset
from expand.layouts.layout import FOLDERS
from expand.layouts.limits import limits_of
from expand.layouts.names import fold
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
