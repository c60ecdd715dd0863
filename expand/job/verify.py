"""Verify: every file in the manifest exists, whole and unchanged, and there is no other file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import file_digest
from itertools import chain
from pathlib import Path
from typing import Any

from expand.engines.choose import make_engine
from expand.engines.engine import Engine
from expand.job.run import Progress
from expand.layouts.blocks import Sorter
from expand.layouts.names import copy_name
from expand.records.card import CARD, DELETING, FINISHED, is_record, read_card
from expand.records.claims import read_claims
from expand.records.manifest import MANIFEST, order, read_rows
from expand.records.problems import ANEW, EXTRA, LEFTOVER, REPAIR, RERUN, STRANGE, Problem
from expand.records.rows import Row
from expand.storage.files import walk
from expand.storage.folder import OutputFolder
from expand.storage.removal import open_output

CHUNK = 512


@dataclass
class Verification:
    """The result of a check: the files and bytes of the manifest, and what is wrong."""

    files: int = 0
    bytes: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def damaged(self) -> list[str]:
        """The files that can be made again."""
        return [problem.file for problem in self.problems if problem.remedy == REPAIR]

    @property
    def strangers(self) -> list[str]:
        """The files that are not in the manifest."""
        return [problem.file for problem in self.problems if problem.kind in STRANGE]

    @property
    def remedies(self) -> list[str]:
        """What the user can do, in order; a run that mends the records decides what is strange."""
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
) -> Verification:
    """Check an output folder against its manifest and run card; raise ExpandError without one.

    Without an `engine`, the check runs in this process.
    """
    engine = engine or make_engine(1)
    result = Verification()
    card = read_card(folder)
    result.problems += _check_finished(card)
    present = 0
    format_ = card["settings"]["format"] if card else None
    chunks = _chunks(_count_rows(folder, result, format_))
    for problem in chain.from_iterable(engine.map(partial(_check_rows, folder), chunks)):
        present += problem is None or problem.kind != "missing"
        if problem:
            result.problems.append(problem)
        progress(1)
    result.problems += _check_count(card, result.files)
    if sum(1 for _ in _files(folder)) != present:
        result.problems += _extra_files(folder, card)
    return result


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
    if card is None or card["state"] != FINISHED or card["counts"]["files"] == files:
        return []
    detail = f"counts {card['counts']['files']:,} files, {MANIFEST} {files:,}"
    return [Problem("miscounted", CARD, detail)]


def _count_rows(folder: Path, result: Verification, format_: str | None) -> Iterator[Row]:
    """Yield the rows of the manifest; count them, and note where they are not sorted."""
    before: tuple[list[str], int] = ([], -1)
    in_order = True
    for row in read_rows(folder):
        key = order(row["source"]), row["view"]
        if in_order and key <= before:
            what = "has two rows of" if key == before else "is not sorted at"
            problem = Problem("unsorted", MANIFEST, f'{what} "{row["file_name"]}"')
            result.problems.append(problem)
            in_order = False
        before = key
        if format_ and not _is_named(row, format_):
            detail = f'is not the name of view {row["view"]} of "{row["source"]}"'
            result.problems.append(Problem("misnamed", row["file_name"], detail))
        if row["label"] != row["source"].partition("/")[0]:
            detail = f'has the class "{row["label"]}" in the manifest, not that of its source'
            result.problems.append(Problem("misnamed", row["file_name"], detail))
        result.files += 1
        result.bytes += row["bytes"]
        yield row


def _is_named(row: Row, format_: str) -> bool:
    source, k = row["source"], row["view"]
    return row["file_name"] == (copy_name(source, k, format_) if k else source)


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _check_rows(folder: Path, rows: list[Row]) -> list[Problem | None]:
    with open_output(folder) as output:
        return [_check_row(output, row) for row in rows]


def _check_row(output: OutputFolder, row: Row) -> Problem | None:
    """Return what is wrong with the file of a row, None if nothing is."""
    name = row["file_name"]
    try:
        with output.open(name) as file:
            size = os.fstat(file.fileno()).st_size
            if size != row["bytes"]:
                detail = f"has {size:,} bytes, the manifest says {row['bytes']:,}"
                return Problem("changed", name, detail)
            digest = file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return Problem("missing", name, "is missing")
    except OSError as error:
        if output.has_folder(name):
            return Problem("missing", name, "is missing: a folder lies in its place")
        return Problem("unreadable", name, f"cannot be read: {error.strerror or error}")
    if digest != row["sha256"]:
        return Problem("changed", name, "is not the file that was written (its hash differs)")
    return None


def _files(folder: Path) -> Iterator[str]:
    """Yield every file below a folder except the records, relative to it, POSIX style."""
    return (name for name in walk(folder) if not is_record(name))


def _extra_files(folder: Path, card: dict[str, Any] | None) -> list[Problem]:
    """Return the files that the manifest does not have; memory grows with their number only."""
    listed = Sorter(row["file_name"] for row in read_rows(folder))
    claims = read_claims(folder, card, folder / card["source"]) if card else None
    return [
        Problem("leftover", name, LEFTOVER)
        if claims and claims.has(name)
        else Problem("extra", name, "is not in the manifest")
        for name in _subtract(Sorter(_files(folder)), listed)
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
