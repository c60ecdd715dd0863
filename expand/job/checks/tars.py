"""The check of a set of tars: each is there, whole and unchanged, and the manifest has its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from expand.archives.index import Index, Tar
from expand.archives.names import INDEX, tar_name
from expand.archives.reading import DamagedTarError
from expand.archives.samples import list_samples
from expand.engines.engine import Engine
from expand.errors import ExpandError
from expand.job.archives.lookup import open_tar
from expand.job.archives.plan import read_archives
from expand.job.run import Progress
from expand.job.settings import Settings
from expand.records.card import FINISHED, is_record
from expand.records.manifest import manifest_name, order, read_rows
from expand.records.problems import Problem
from expand.records.rows import Row, line_of
from expand.storage.files import walk
from expand.storage.reading import read_record
from expand.storage.stores.open import open_store
from expand.storage.stores.store import MissingError
from expand.storage.stores.url import Place, Url

BLOCK = 1 << 20
"""Bytes of a tar that are read at a time."""
MODULUS = 1 << 128


class Found(NamedTuple):
    """What a tar has: a sum of hashes of its rows, which does not depend on their order."""

    rows: int = 0
    problem: Problem | None = None


@dataclass
class TarCheck:
    """The result of a check: the tars and bytes of the index, the rows of the manifest."""

    files: int = 0
    bytes: int = 0
    rows: int = 0
    problems: list[Problem] = field(default_factory=list)


def check_tars(
    folder: Path,
    card: dict[str, Any],
    engine: Engine,
    progress: Progress = lambda _samples: None,
    url: Url | None = None,
) -> TarCheck:
    """Check the tars of an output folder against their index, and the manifest against them.

    With a `url`, the tars lie there, and `folder` has the records only.
    """
    result = TarCheck()
    index = _read_index(folder, result)
    if index is None:
        return result
    result.files, result.bytes = len(index.tars), sum(tar.bytes for tar in index.tars)
    result.problems += _check_complete(card, index)
    total = 0
    work = partial(_check, url or folder)
    for tar, found in zip(index.tars, engine.map(work, index.tars), strict=True):
        total += found.rows
        if found.problem:
            result.problems.append(found.problem)
        progress(tar.count)
    whole = not result.problems
    _check_manifest(folder, result, total % MODULUS if whole else None)
    result.problems += _check_counts(card, index, result.rows, manifest_name(folder))
    result.problems += _find_extra(url or folder, index, manifest_name(folder))
    return result


def _read_index(folder: Path, result: TarCheck) -> Index | None:
    try:
        data = read_record(folder / INDEX)
        if data is not None:
            return Index.parse(data)
        result.problems.append(Problem("lost", INDEX, "is missing"))
    except ExpandError as error:
        detail = str(error).removeprefix(f'"{INDEX}" ')
        result.problems.append(Problem("lost", INDEX, detail))
    return None


def _check_complete(card: dict[str, Any], index: Index) -> Iterator[Problem]:
    """Yield the tars that the run card asks for and the index does not have."""
    archives = read_archives(card)
    has = (index.blocks, index.classes, index.extension)
    if has != (archives.blocks, archives.classes, archives.extension):
        yield Problem("miscounted", INDEX, "has other blocks, classes or images than the run card")
    for block in range(archives.blocks):
        for view in Settings.from_dict(card["settings"]).views_written:
            if tar_name(block, view) not in index.by_name:
                yield Problem("lost", tar_name(block, view), "is not in the index")


def _check(place: Place, tar: Tar) -> Found:
    """Read a tar: its hash, and the rows of its samples."""
    try:
        with open_tar(place, tar.file) as file:
            digest, size = sha256(), 0
            while block := file.read(BLOCK):
                digest.update(block)
                size += len(block)
            if (size, digest.hexdigest()) != (tar.bytes, tar.sha256):
                return Found(problem=Problem("damaged", tar.file, _describe(file, tar, size)))
            rows = [row_digest(entry.row) for entry in list_samples(file)]
    except (FileNotFoundError, NotADirectoryError, MissingError):
        return Found(problem=Problem("missing", tar.file, "is missing"))
    except DamagedTarError as error:
        return Found(problem=Problem("damaged", tar.file, str(error)))
    except OSError as error:
        reason = error.strerror or error
        return Found(problem=Problem("damaged", tar.file, f"cannot be read: {reason}"))
    if len(rows) != tar.count:
        detail = f"has {len(rows):,} samples, the index says {tar.count:,}"
        return Found(problem=Problem("damaged", tar.file, detail))
    return Found(sum(rows) % MODULUS)


def _describe(file: BinaryIO, tar: Tar, size: int) -> str:
    """Say how a tar differs from what the index says."""
    if size == tar.bytes:
        return "is not the file that was written (its hash differs)"
    try:
        samples = f", and {sum(1 for _ in list_samples(file)):,} of {tar.count:,} samples"
    except DamagedTarError as error:
        samples = f", and {error}"
    return f"has {size:,} of {tar.bytes:,} bytes{samples}"


def row_digest(row: Row) -> int:
    """Return the hash of a row; that of several rows is their sum."""
    return int.from_bytes(blake2b(line_of(row).encode(), digest_size=16).digest(), "big")


def _check_manifest(folder: Path, result: TarCheck, expected: int | None) -> None:
    """Count the rows of the manifest; note if they are not sorted, or not those of the tars."""
    manifest, total = manifest_name(folder), 0
    before: tuple[list[str], int] = ([], -1)
    in_order = True
    for row in read_rows(folder):
        key = order(row["source"]), row["view"]
        if in_order and key <= before:
            detail = f'is not sorted at "{row["file_name"]}"'
            result.problems.append(Problem("unsorted", manifest, detail))
            in_order = False
        before = key
        result.rows += 1
        total += row_digest(row)
    if expected is not None and total % MODULUS != expected:
        result.problems.append(Problem("changed", manifest, "does not have the rows of the tars"))


def _check_counts(
    card: dict[str, Any], index: Index, rows: int, manifest: str
) -> Iterator[Problem]:
    if rows != index.samples:
        detail = f"counts {index.samples:,} samples, {manifest} {rows:,}"
        yield Problem("miscounted", INDEX, detail)
    if card["state"] == FINISHED and card["counts"]["files"] != rows:
        detail = f"counts {card['counts']['files']:,} files, {manifest} {rows:,}"
        yield Problem("miscounted", "expand.json", detail)


def _find_extra(place: Place, index: Index, manifest: str) -> Iterator[Problem]:
    """Yield the files that are neither records nor in the index."""
    names: Iterable[str]
    if isinstance(place, Url):
        names = (entry.name for page in open_store(place).pages() for entry in page)
    else:
        names = walk(place)
    for name in sorted(
        name
        for name in names
        if name not in index.by_name and name != INDEX and not is_record(name, manifest)
    ):
        yield Problem("extra", name, "is not in the index")
