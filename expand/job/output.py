"""The output folder: held by one run, and refused if its content is not an earlier run's.

View k does not depend on the factor, so the files of a smaller expansion are part of a larger one:
a plan can resume an earlier run, and can also grow it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

from expand.archives.names import is_archive
from expand.errors import STOPPED, ExpandError
from expand.job.balance import Balance
from expand.job.plan import Plan
from expand.job.settings import USUAL
from expand.layouts.names import copy_name, exchanged_id
from expand.recipes.recorded import is_older
from expand.records.card import (
    CARD,
    DELETING,
    FINISHED,
    UNFINISHED,
    derived_names,
    is_record,
    is_tars,
    read_card,
    versions,
    write_card,
)
from expand.records.claims import read_claims
from expand.records.join import join
from expand.records.manifest import (
    SHARDS,
    find_parts,
    is_block_record,
    manifest_name,
    names_of,
    read_records,
)
from expand.storage.folder import OutputFolder
from expand.storage.lock import LOCK_FILES, Lock
from expand.storage.names import PARTIAL
from expand.storage.removal import find_others, open_output, remove_files, sweep

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


@contextmanager
def hold_output(plan: Plan, overwrite: bool) -> Iterator[tuple[OutputFolder, OutputState]]:
    """Hold the output folder for a run; yield it open.

    Refuse one that has anything else in it than an earlier run which this plan resumes or grows;
    with `overwrite`, remove that run first.
    """
    out = plan.records
    if plan.shard:
        if overwrite:
            raise ExpandError(
                "--overwrite cannot be used with --shard, whose files lie among those of others; "
                f'to start again, remove "{plan.out}" or choose another folder'
            )
        check_shards(plan.target)
    existed = out.is_dir()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExpandError(f'"{out}" cannot be created: {error.strerror or error}') from error
    identity = None
    try:
        with Lock(out), open_output(out) as folder:
            identity = folder.identity
            yield folder, _prepare(plan, folder, overwrite)
    except BaseException as error:
        if not existed and identity and identity.is_at(out):
            with suppress(OSError):
                out.rmdir()  # only if it is empty
        # the command has its own words for a pipe that nobody reads, and for too few open files
        if isinstance(error, OSError) and error.errno not in (errno.EPIPE, errno.EMFILE):
            where = error.filename or out  # a call that nobody expected to fail
            raise ExpandError(f'"{where}": {error.strerror or error}', STOPPED) from error
        raise


def check_shards(out: Path) -> None:
    """Refuse an output folder that has anything else than shards; create their folder.

    Several shards can begin at the same time: the folder is there before any other file.
    """
    if read_card(out):
        raise ExpandError(
            f'"{out}" was written by expand without --shard, or its shards are merged already; '
            "choose another folder, or leave out --shard"
        )
    if not (out / SHARDS).is_dir():
        others = out.is_dir() and find_others(out, lambda name: name.startswith(SHARDS)).count
        if others and not (out / SHARDS).is_dir():
            _check_empty(out)
        try:
            (out / SHARDS).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ExpandError(f'"{out}" cannot be created: {error.strerror or error}') from error


def _prepare(plan: Plan, folder: OutputFolder, overwrite: bool) -> OutputState:
    """Return what is in the output folder, after what killed runs left is removed."""
    out = plan.records
    card = read_card(out)
    if not card:
        _check_empty(out)
        sweep(out, f".{CARD}{PARTIAL}".__eq__)
        return OutputState(careful=find_others(out, is_record).count > 0)
    if overwrite:
        return _remove_earlier(plan, folder, card)
    state = check_earlier(plan, card)
    if card["state"] == UNFINISHED and not plan.shard:  # temporary files can be of other shards
        sweep(out, read_claims(out, card, plan.folder).has_temporary)
    return state


def _check_empty(out: Path) -> None:
    """Refuse a folder without a run card that has files, except those that a killed run leaves."""
    others = find_others(out, lambda name: name.endswith(PARTIAL) and "/" not in name)
    if (out / SHARDS).is_dir():
        raise ExpandError(
            f'"{out}" is being written in shards; when all are finished, `expand merge {out}` '
            "makes one dataset of them. To start again, remove the folder or choose another one"
        )
    if others.count:
        raise ExpandError(
            f'"{out}" is not empty and has no {CARD}: expand did not write it; choose another '
            "folder"
        )


def _remove_earlier(plan: Plan, folder: OutputFolder, card: dict[str, Any]) -> OutputState:
    """Remove the files of an earlier run; its card stays until that of the next run replaces it.

    The card says so first, so that a removal that is interrupted is known as one.
    """
    claims = read_claims(plan.target, card, plan.folder)
    tars = is_tars(card)
    write_card(folder, {**card, "state": DELETING})
    records = read_records(plan.target, ordered=False) if not tars else ()
    named = (name for record in records for name in names_of(record))
    names = chain(named, derived_names(card))
    parts = [path.name for path in find_parts(plan.target)]

    def ours(name: str) -> bool:
        if tars:
            return is_archive(name) or is_block_record(name)
        return claims.has(name) or claims.has_temporary(name)

    left = remove_files(
        plan.target,
        names,
        [*parts, manifest_name(plan.target)],
        keep=[CARD, *LOCK_FILES],
        ours=ours,
    )
    notes = [str(left)] if left.count else []
    return OutputState(notes=notes, careful=left.count > 0)


def peek_output(plan: Plan, overwrite: bool = False) -> OutputState:
    """Return what a run would find in the output folder; refuse what the run would refuse."""
    card = read_card(plan.records)
    if not card:
        if plan.records.is_dir():
            _check_empty(plan.records)
        return OutputState()
    if overwrite:
        return OutputState(notes=[f'the files of an earlier run in "{plan.out}" would be removed'])
    state = check_earlier(plan, card)
    existing = f"{state.files:,} of {plan.files:,} files exist already, by the records"
    return replace(state, notes=[*state.notes, existing])


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
        changes = "; ".join(
            f"{key} was {_format_setting(earlier.get(key))}, is {_format_setting(now.get(key))}"
            for key in differing
        )
        raise ExpandError(
            f'"{plan.out}" was written with other settings: {changes}. '
            "Use --overwrite to start again"
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


def _format_setting(value: Any) -> str:
    """Return a setting as text; of a recipe, its name and techniques."""
    if isinstance(value, dict) and "techniques" in value:
        rules = f", classes {value['classes']}" if value.get("classes") else ""
        return f'"{value.get("name")}" ({value["techniques"]}{rules})'
    return str(value)
