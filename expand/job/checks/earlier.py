"""What an earlier run left: it is refused unless this plan can resume it or make it larger.

View k does not depend on the factor, so the files of a smaller expansion are part of a larger one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from expand.errors import ExpandError
from expand.job.balance import Balance
from expand.job.planning.plan import Plan
from expand.job.settings import USUAL
from expand.layouts.names import copy_name, exchanged_id
from expand.recipes.recorded import is_older
from expand.records.card import (
    DELETING,
    FINISHED,
    UNFINISHED,
    is_tars,
    versions,
)
from expand.records.changes import describe_changes
from expand.records.join import join
from expand.records.manifest import (
    read_records,
)

NAMED = 3
"""Missing sources that a message names."""


@dataclass(frozen=True)
class OutputState:
    """What earlier runs left in the output folder, and what to tell the user about it."""

    files: int = 0
    runs: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    careful: bool = False
    """Whether files lie in the folder, of which some may be the user's."""
    card: dict[str, Any] | None = None
    """The run card of the earlier run that this one resumes or grows."""


def check_earlier(plan: Plan, card: dict[str, Any]) -> OutputState:
    """Refuse a folder that this plan can neither resume nor grow; note what differs."""
    if card["state"] == DELETING:
        raise ExpandError(
            f'"{plan.out}" is being removed: a command with --overwrite was interrupted while it '
            "removed the files of an earlier run. Use --overwrite again to finish"
        )
    if card["state"] == UNFINISHED and "blocks" in card:
        merge = f", and `expand merge {plan.out}` when all shards are" * ("shards" in card)
        how = f'from "{card["source"]}"; run that command again to finish it{merge}'
        raise ExpandError(f'"{plan.out}" is being written {how}, or choose another folder')
    notes = [*check_settings(plan, card), *check_versions(card)]
    return OutputState(
        _count_known_files(plan, card), card["cost"]["runs"], notes, careful=True, card=card
    )


def check_settings(plan: Plan, card: dict[str, Any]) -> list[str]:
    """Refuse other settings than those of the run card, except a larger factor; note that one."""
    earlier, now = card["settings"], plan.settings.to_dict()
    if is_older(earlier["recipe"]):
        raise ExpandError(
            f'"{plan.out}" was written with noise of an earlier version, which hits other pixels. '
            "Finish it with the version of expand that began it, or use --overwrite to start again"
        )
    earlier, now = {**USUAL, **earlier}, {**USUAL, **now}
    differing = [
        key for key in (*now, "dataset", "balance", "group_by") if earlier.get(key) != now.get(key)
    ]
    differing = list(dict.fromkeys(differing))
    if not differing:
        return []
    if not {"factor", "balance"}.issuperset(differing):
        changes = describe_changes(earlier, now, differing)
        raise ExpandError(
            f'"{plan.out}" was written with other settings: {changes}. '
            "Choose another folder, or use --overwrite to start again"
        )
    if "balance" in differing:
        return _check_balance(plan, earlier)
    if earlier["factor"] > now["factor"]:
        raise ExpandError(_format_smaller(plan, card))
    return [f"the folder grows from ×{earlier['factor']} to ×{now['factor']}"]


def _check_balance(plan: Plan, earlier: dict[str, Any]) -> list[str]:
    """Refuse a balance by which a class would shrink; note one by which classes grow."""
    had = Balance.from_dict(earlier["balance"]).by_label if earlier.get("balance") else {}
    now = plan.settings.balance.by_label if plan.settings.balance else {}
    labels = {*plan.listing.summary.labels, *now, *(had if "" in had and not now else ())}
    for label in sorted(labels):
        before, views = had.get(label, earlier["factor"]), plan.settings.factor_of(label)
        if before > views and (label in had or not had):
            of_class = f'of class "{label}"' if label else "without objects"
            raise ExpandError(
                f'"{plan.out}" has {before} files of each image {of_class}, and would get '
                f"{views} now: a folder can grow, not shrink. Choose another folder, or use "
                "--overwrite to start again"
            )
    return ["the folder grows by another balance of the classes"]


def check_versions(card: dict[str, Any]) -> list[str]:
    """Note library versions that are not those of the earlier run."""
    current = versions()
    changed = [
        f"{name} {version} → {current.get(name)}"
        for name, version in card["versions"].items()
        if current.get(name) != version
    ]
    if not changed:
        return []
    return [f"written in part with other versions, so the bytes may differ: {', '.join(changed)}"]


def _count_known_files(plan: Plan, card: dict[str, Any]) -> int:
    """Count the files of the plan that earlier runs recorded; refuse records of other sources."""
    files = count_known_files(plan, plan.records)
    if not is_tars(card):
        return files
    from expand.job.archives.records import count_samples  # tars only

    return max(files, count_samples(plan.target))


def count_known_files(plan: Plan, records: Path) -> int:
    """Count the files of the plan that earlier runs recorded in a folder of records.

    Refuse records of sources that the input no longer has.
    """
    files, missing = 0, 0
    names: list[str] = []
    for source, record in join(plan.listing.files(), read_records(records)):
        if source and record:
            views = [0] if source.kept else plan.settings.written_for(source)
            files += len(record.views.intersection(views))
        elif record and (record.lines or _has_files(plan, record.source)):
            missing += 1
            names = [*names, record.source][:NAMED]
    if missing:
        raise ExpandError(_format_missing(plan, missing, names))
    return files


def _has_files(plan: Plan, source: str) -> bool:
    """Tell whether a source that was begun has files in the output folder."""
    settings = plan.settings
    first = int(settings.originals == "none")
    views = range(first, settings.largest)  # its class is not known any more
    # nor is the class that a mirror gives a copy
    split = settings.dataset.split if settings.dataset else ""
    classes = settings.recipe.exchanges.targets if plan.dataset.labels is None else ()
    named = [source, *(exchanged_id(source, new, split) for new in classes)]
    names = (copy_name(each, k, settings.format) if k else source for each in named for k in views)
    return any((plan.target / name).is_file() for name in names)


def _format_smaller(plan: Plan, card: dict[str, Any]) -> str:
    """Say that a folder cannot shrink."""
    has, asked = card["settings"]["factor"], plan.settings.factor
    state = "was expanded" if card["state"] == FINISHED else "is being expanded (not finished)"
    return (
        f'"{plan.out}" {state} with --factor {has}, and --factor {asked} is smaller: a folder can '
        f"grow, not shrink. Use --factor {has} or more, choose another folder, or use "
        "--overwrite to start again"
    )


def _format_missing(plan: Plan, count: int, first: list[str]) -> str:
    names = ", ".join(f'"{source}"' for source in first) + (", …" if count > len(first) else "")
    sources = "1 source" if count == 1 else f"{count:,} sources"
    if isinstance(plan.src, Path) and os.path.lexists(
        plan.src / first[0]
    ):  # an image moved to the part that grows, for example
        what = f'files of {sources} of "{plan.src}" that are not kept as they are any more'
    else:
        what = f'copies of {sources} that "{plan.src}" no longer has'
    return f'"{plan.out}" has {what} ({names}). Use --overwrite to start again'
