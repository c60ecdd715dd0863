"""Verify: every file in the manifest exists, whole and unchanged, and there is no other file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from expand.engines.choose import make_engine
from expand.engines.engine import Engine
from expand.errors import ExpandError
from expand.job.checks.tars import TarCheck, check_tars
from expand.job.checks.written import Written, check_files, name_derived, name_files
from expand.job.run import Progress
from expand.layouts.directory import is_added
from expand.layouts.names import copy_name, exchanged_id
from expand.layouts.spooled.lists import Sorter
from expand.recipes.recipe import Recipe
from expand.records.card import CARD, DELETING, FINISHED, is_record, is_tars, read_card
from expand.records.claims import read_claims
from expand.records.manifest import (
    LABELLED_MANIFEST,
    MANIFEST,
    as_parquet,
    manifest_name,
    order,
    read_rows,
)
from expand.records.problems import ANEW, EXTRA, LEFTOVER, REPAIR, RERUN, UNKNOWN, Problem
from expand.records.rows import Row
from expand.storage.files import walk
from expand.storage.names import is_temporary
from expand.storage.removal import move_files
from expand.storage.stores.open import open_store
from expand.storage.stores.url import Place, Url

CHUNK = 512


@dataclass
class Verification:
    """The result of a check: the files and bytes of the records, and what is wrong."""

    files: int = 0
    bytes: int = 0
    rows: int = 0
    """Rows of the manifest."""
    tars: bool = False
    """Whether the files are tars, and the rows are those of the images in them."""
    problems: list[Problem] = field(default_factory=list)
    card: dict[str, Any] | None = None
    """The run card that it was checked against."""

    @property
    def damaged(self) -> list[str]:
        """The files that can be made again."""
        return [problem.file for problem in self.problems if problem.remedy == REPAIR]

    @property
    def unknown(self) -> list[str]:
        """The files that are not in the manifest."""
        return [problem.file for problem in self.problems if problem.kind in UNKNOWN]

    @property
    def half_written(self) -> list[str]:
        """The temporary files of a run or a repair that was killed; a repair removes them."""
        return [name for name in self.unknown if is_temporary(name.rpartition("/")[2])]

    @property
    def remedies(self) -> list[str]:
        """What the user can do, in order; a run that mends records decides what is unknown."""
        remedies = list(dict.fromkeys(problem.remedy for problem in self.problems))
        if {RERUN, ANEW} & set(remedies) and EXTRA in remedies:
            remedies.remove(EXTRA)
            remedies.append("Then verify again.")
        return remedies

    @property
    def status(self) -> int:
        """The exit status: 0 nothing is wrong, 1 something is."""
        return 1 if self.problems else 0


def verify(
    folder: Path,
    engine: Engine | None = None,
    progress: Progress = lambda _files: None,
    url: Url | None = None,
) -> Verification:
    """Check an output folder against its manifest and run card; raise ExpandError without one.

    Without an `engine`, the check runs in this process. With a `url`, the files lie there, and
    `folder` has their records only. Raise ExpandError if what looks wrong can be the work of a run
    that began or ended meanwhile.
    """
    card = read_card(folder)
    result = _verify(folder, card, engine or make_engine(1), progress, url)
    if result.problems and url is None:
        check_unchanged(folder, card, read_card(folder))
    return result


def check_unchanged(
    place: Place, before: dict[str, Any] | None, now: dict[str, Any] | None
) -> None:
    """Refuse an output whose run card has changed since it was looked at."""
    if before != now:
        raise ExpandError(
            f'"{place}" was changed by a run of expand while it was verified; verify it again when '
            "that is finished"
        )


def _verify(
    folder: Path, card: dict[str, Any] | None, engine: Engine, progress: Progress, url: Url | None
) -> Verification:
    result = Verification(card=card)
    result.problems += _check_finished(card)
    if card and is_tars(card):
        return _verify_tars(result, check_tars(folder, card, engine, progress, url))
    present = 0
    rows = _count_rows(folder, result, card["settings"] if card else None)
    chunks = _chunks(_counted(chain(name_files(rows), name_derived(card)), result))
    for problem in chain.from_iterable(engine.map(partial(check_files, url or folder), chunks)):
        present += problem is None or problem.kind != "missing"
        if problem:
            result.problems.append(problem)
        progress(1)
    result.problems += _check_count(card, result.rows)
    manifest = manifest_name(folder)
    if sum(1 for _ in _files(url or folder, manifest)) != present:
        result.problems += _extra_files(folder, card, Sorter(_files(url or folder, manifest)))
    return result


def _verify_tars(result: Verification, check: TarCheck) -> Verification:
    """Return the result of a check of tars."""
    problems = [*result.problems, *check.problems]
    return Verification(check.files, check.bytes, check.rows, True, problems, result.card)


def move_unknown(folder: Path, verified: Verification, to: Path) -> int:
    """Move the files that are not in the manifest to a folder outside; return how many.

    Raise as `move_files` does, and for a folder that a run has changed since.
    """

    def check() -> None:
        check_unchanged(folder, verified.card, read_card(folder))

    return move_files(folder, verified.unknown, to, check)


def _check_finished(card: dict[str, Any] | None) -> list[Problem]:
    if card is None:
        return [Problem("missing", CARD, "is missing")]
    if card["state"] == DELETING:
        detail = "is of a run whose files --overwrite was removing when it was interrupted"
        return [Problem("removed", CARD, detail)]
    if card["state"] != FINISHED:
        detail = "is of a run that was not finished; run the same command again to resume"
        return [Problem("unfinished", CARD, detail)]
    return []


def _check_count(card: dict[str, Any] | None, files: int) -> list[Problem]:
    if card is None or card["state"] != FINISHED:
        return []
    counted = card["counts"]["files"] + card["counts"].get("kept", 0)
    if counted == files:
        return []
    manifest = LABELLED_MANIFEST if "dataset" in card["settings"] else MANIFEST
    manifest = as_parquet(manifest) if "manifest" in card["settings"] else manifest
    detail = f"counts {counted:,} files, {manifest} {files:,}"
    return [Problem("miscounted", CARD, detail)]


def _count_rows(
    folder: Path, result: Verification, settings: dict[str, Any] | None
) -> Iterator[Row]:
    """Yield the rows of the manifest; count them, and note where they are not sorted."""
    manifest = manifest_name(folder)
    format_ = settings["format"] if settings and "dataset" not in settings else None
    others = _others(settings)
    before: tuple[list[str], int] = ([], -1)
    in_order = True
    for row in read_rows(folder):
        key = order(row["source"]), row["view"]
        if in_order and key <= before:
            what = "has two rows of" if key == before else "is not sorted at"
            problem = Problem("unsorted", manifest, f'{what} "{row["file_name"]}"')
            result.problems.append(problem)
            in_order = False
        before = key
        own = row["source"].partition("/")[0]
        changed = bool(row["view"]) and row["label"] != own and row["label"] in others
        if format_ and not _is_named(row, format_, changed=changed):
            detail = f'is not the name of view {row["view"]} of "{row["source"]}"'
            result.problems.append(Problem("misnamed", row["file_name"], detail))
        if manifest in (MANIFEST, as_parquet(MANIFEST)) and row["label"] != own and not changed:
            detail = f'has the class "{row["label"]}" in the manifest, not that of its source'
            result.problems.append(Problem("misnamed", row["file_name"], detail))
        result.rows += 1
        yield row


def _others(settings: dict[str, Any] | None) -> frozenset[str]:
    """Return the classes that copies can have instead of that of their source."""
    recipe = settings["recipe"] if settings else {}
    if not isinstance(recipe, dict) or "classes" not in recipe:
        return frozenset()
    return frozenset(Recipe.from_dict(recipe).exchanges.targets)


def _is_named(row: Row, format_: str, *, changed: bool) -> bool:
    source, k = row["source"], row["view"]
    if changed:
        source = exchanged_id(source, row["label"])
    return row["file_name"] == (copy_name(source, k, format_) if k else source)


def _counted(files: Iterable[Written], result: Verification) -> Iterator[Written]:
    for file in files:
        result.files += 1
        result.bytes += file.bytes
        yield file


def _chunks(files: Iterable[Written]) -> Iterator[list[Written]]:
    remaining = iter(files)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


def _files(place: Place, manifest: str) -> Iterator[str]:
    """Yield the files at a place, relative to it, POSIX style.

    Records are left out, and what file managers add to folders that they show.
    """
    return (name for name in _names(place) if not is_record(name, manifest) and not is_added(name))


def _names(place: Place) -> Iterator[str]:
    if isinstance(place, Url):
        return (entry.name for page in open_store(place).pages() for entry in page)
    return walk(place)


def _extra_files(
    folder: Path, card: dict[str, Any] | None, present: Iterable[str]
) -> list[Problem]:
    """Return the files that the manifest does not have; memory grows with their number only."""
    listed = Sorter(file.name for file in chain(name_files(read_rows(folder)), name_derived(card)))
    claims = read_claims(folder, card, folder / card["source"]) if card else None
    return [
        Problem("leftover", name, LEFTOVER)
        if claims and claims.has(name)
        else Problem("extra", name, "is not in the manifest")
        for name in _subtract(present, listed)
    ]


def _subtract(names: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    """Yield those of sorted `names` that are not in sorted `known`."""
    remaining = iter(known)
    one = next(remaining, None)
    for name in names:
        while one is not None and one < name:
            one = next(remaining, None)
        if one != name:
            yield name
