"""Verify: every file that the manifest names is there, whole and unchanged; and nothing else is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b, sha256
from itertools import chain
from pathlib import Path

from expand.engines.local import map_ordered
from expand.job.run import Progress
from expand.records.card import CARD, FINISHED, is_record, read_card
from expand.records.manifest import MANIFEST, Row, order, read_rows

CHUNK = 512


@dataclass
class Verdict:
    """What was found: how many files are as the manifest says, and a line for each thing that is wrong."""

    files: int = 0
    bytes: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The exit status: 0 clean, 1 something is wrong."""
        return 1 if self.problems else 0


def verify(folder: Path, workers: int = 1, progress: Progress = lambda _files: None) -> Verdict:
    """Check an output folder against its manifest and run card; raise ExpandError if it has none."""
    verdict = Verdict()
    card = read_card(folder)
    if card is None:
        verdict.problems.append(f'"{CARD}" is missing')
    elif card["state"] != FINISHED:
        verdict.problems.append("the run that wrote this was not finished; start it again")
    present = 0
    for wrong in chain.from_iterable(
        map_ordered(partial(_check_rows, folder), _chunks(_in_order(folder, verdict)), workers)
    ):
        present += wrong is None or "is missing" not in wrong
        if wrong:
            verdict.problems.append(wrong)
        progress(1)
    if card and card["state"] == FINISHED and card["counts"]["files"] != verdict.files:
        verdict.problems.append(
            f"{CARD} counts {card['counts']['files']:,} files, {MANIFEST} {verdict.files:,}"
        )
    if sum(1 for _ in _files(folder)) != present:
        verdict.problems += _strangers(folder)
    return verdict


def _in_order(folder: Path, verdict: Verdict) -> Iterator[Row]:
    """Pass the rows on and count them; note a place where they are not sorted."""
    before: tuple[list[str], int] = ([], -1)
    for row in read_rows(folder):
        here = order(row["source"]), row["view"]
        if here <= before:
            verdict.problems.append(f'{MANIFEST} is not sorted at "{row["file_name"]}"')
        before = here
        verdict.files += 1
        verdict.bytes += row["bytes"]
        yield row


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _check_rows(folder: Path, rows: list[Row]) -> list[str | None]:
    return [_check_row(folder, row) for row in rows]


def _check_row(folder: Path, row: Row) -> str | None:
    """Return what is wrong with a file, None if nothing is."""
    name = row["file_name"]
    try:
        data = (folder / name).read_bytes()
    except FileNotFoundError:
        return f'"{name}" is missing'
    except OSError as error:
        return f'"{name}" cannot be read: {error.strerror}'
    if len(data) != row["bytes"]:
        return f'"{name}" has {len(data):,} bytes, the manifest says {row["bytes"]:,}'
    return (
        None
        if sha256(data).hexdigest() == row["sha256"]
        else f'"{name}" is not the file that was written (its hash differs)'
    )


def _files(folder: Path) -> Iterator[str]:
    """Yield every file below a folder but the records, relative, POSIX style."""
    for path, folders, names in os.walk(folder):
        folders.sort()
        prefix = Path(path).relative_to(folder).as_posix()
        for name in sorted(names):
            if prefix != "." or not is_record(name):
                yield name if prefix == "." else f"{prefix}/{name}"


def _strangers(folder: Path) -> list[str]:
    """Return a line for each file that the manifest does not name; hashes of names keep this small."""
    named = {_short(row["file_name"]) for row in read_rows(folder)}
    return [
        f'"{name}" is not in the manifest' for name in _files(folder) if _short(name) not in named
    ]


def _short(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest()
