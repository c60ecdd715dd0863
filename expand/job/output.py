"""The output folder: held by one run, and refused if its content is not an earlier run's."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expand.errors import STOPPED, ExpandError
from expand.job.checks.earlier import OutputState, check_earlier
from expand.job.planning.plan import Plan
from expand.records.card import (
    CARD,
    DELETING,
    UNFINISHED,
    derived_names,
    is_ignored,
    is_record,
    is_tars,
    read_card,
    write_card,
)
from expand.records.claims import largest_factor, read_claims
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

if TYPE_CHECKING:
    from expand.job.archives.plan import Archives


@contextmanager
def hold_output(plan: Plan, overwrite: bool) -> Iterator[tuple[OutputFolder, OutputState]]:
    """Hold the output folder for a run; yield it open.

    Refuse one that has anything else in it than an earlier run which this plan resumes or grows;
    with `overwrite`, remove that run first.
    """
    out = plan.records
    if plan.shard and overwrite:
        raise ExpandError(
            "--overwrite cannot be used with --shard, whose files lie among those of others; "
            f'to start again, remove "{plan.out}" or choose another folder'
        )
    try:
        with _among_shards(plan), Lock(out, create=True), open_output(out) as folder:
            yield folder, _prepare(plan, folder, overwrite)
    except OSError as error:
        # the command has its own words for a pipe that nobody reads, and for too few open files
        if error.errno in (errno.EPIPE, errno.EMFILE):
            raise
        where = error.filename or out  # a call that nobody expected to fail
        raise ExpandError(f'"{where}": {error.strerror or error}', STOPPED) from error


@contextmanager
def _among_shards(plan: Plan) -> Iterator[None]:
    """Share the output folder of a shard with others, but not with a run of all, or a merge."""
    if not plan.shard:
        yield
        return
    with Lock(plan.target, shared=True, create=True):
        check_shards(plan.target)
        yield


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
        others = find_others(out, lambda name: name.startswith(SHARDS) or is_ignored(name)).count
        if others and not (out / SHARDS).is_dir():
            raise _foreign(out)
        try:
            (out / SHARDS).mkdir(exist_ok=True)
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
    others = find_others(out, is_ignored)
    if (out / SHARDS).is_dir():
        raise ExpandError(
            f'"{out}" is being written in shards; when all are finished, `expand merge {out}` '
            "makes one dataset of them. To start again, remove the folder or choose another one"
        )
    if others.count:
        raise _foreign(out)


def _foreign(out: Path) -> ExpandError:
    return ExpandError(
        f'"{out}" is not empty and has no {CARD}: expand did not write it; choose another folder'
    )


def _remove_earlier(plan: Plan, folder: OutputFolder, card: dict[str, Any]) -> OutputState:
    """Remove the files of an earlier run; its card stays until that of the next run replaces it.

    The card says so first, so that a removal that is interrupted is known as one.
    """
    claims = read_claims(plan.target, card, plan.folder)
    archives = _archives_of(card)
    factor = largest_factor(card["settings"])
    write_card(folder, {**card, "state": DELETING})
    records = () if archives else read_records(plan.target, ordered=False)
    named = (name for record in records for name in names_of(record))
    names = chain(named, derived_names(card))
    parts = [path.name for path in find_parts(plan.target)]

    def ours(name: str) -> bool:
        """Tell whether a file that no row names is of the earlier run."""
        if archives:
            return archives.has(name, factor) or is_block_record(name)
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


def _archives_of(card: dict[str, Any]) -> Archives | None:
    """Return how the tars of an earlier run are named; None if it wrote none."""
    if not is_tars(card):
        return None
    from expand.job.archives.plan import read_archives

    return read_archives(card)


def _find_card(out: Path) -> dict[str, Any] | None:
    """Return the run card of a folder that is not locked, None if it is empty or does not exist.

    A run may begin in it meanwhile: files without a run card are refused if there still is none.
    """
    card = read_card(out)
    if card or not out.is_dir():
        return card
    try:
        _check_empty(out)
    except (ExpandError, FileNotFoundError):  # it may have been removed, too
        card = read_card(out)
        if card is None and out.is_dir():
            raise
    return card


def peek_output(plan: Plan, overwrite: bool = False) -> OutputState:
    """Return what a run would find in the output folder; refuse what the run would refuse."""
    card = _find_card(plan.records)
    if not card:
        return OutputState()
    if overwrite:
        return OutputState(notes=[f'the files of an earlier run in "{plan.out}" would be removed'])
    state = check_earlier(plan, card)
    existing = f"{state.files:,} of {plan.files:,} files are there already, as recorded"
    return replace(state, notes=[*state.notes, existing])
