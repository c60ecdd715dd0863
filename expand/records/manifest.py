"""The manifest: one row per file of an output folder, sorted by source and view.

Rows are written as they come. A run that ends early leaves its rows in a part, and beside it the
sources whose files it may have begun to write. The next run reads the manifest and all parts side
by side, so that no row is kept in memory for later.
"""

from __future__ import annotations

import heapq
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from expand.errors import ExpandError
from expand.records.rows import NotJsonError, Row, files_of, line_of, parse_json, parse_row
from expand.storage.names import check_inside
from expand.storage.reading import open_record, read_lines, read_record

__all__ = ["MANIFEST", "Record", "Row", "line_of", "order", "read_records", "read_rows"]

MANIFEST = "metadata.jsonl"
LABELLED_MANIFEST = "expand.jsonl"
"""The manifest of a labelled dataset: a `metadata.jsonl` in it is the user's own."""
PARQUET = ".parquet"
"""The suffix of a manifest in Parquet, in the place of .jsonl."""
PART, LABELLED_PART, BEGUN = ".metadata-{}.part", ".expand-{}.part", ".begun-{}.part"
_PARTS = re.compile(r"\.(metadata|expand|begun)-\d+\.part")
BLOCK_ROWS, BLOCK_TARS = ".block-{:06d}.jsonl", ".block-{:06d}.json"
"""While a run writes tars: the rows of a block, and its tars with their hashes."""
_BLOCK = re.compile(r"\.block-\d{6,9}\.jsonl?", re.ASCII)
SHARDS = ".shards"
"""The folder in the output folder that has the records of each shard until they are merged."""
BLOCKS = ".blocks/"
"""The folder of the records of blocks, until they are merged."""
_LABELLED_PARTS = LABELLED_PART.format("*")


class Record(NamedTuple):
    """What earlier runs wrote for a source: lines of the manifest, by view, and which views."""

    source: str
    lines: list[str]
    views: set[int]
    begun: bool = False
    """Whether a run that ended early may have written files that have no line."""


def order(source_id: str) -> list[str]:
    """Return the sort key of a source: folder by folder, as a listing is sorted."""
    return source_id.split("/")


def is_part(name: str) -> bool:
    """Tell whether a file at the top of an output folder belongs to a run that ended early."""
    return _PARTS.fullmatch(name) is not None


def is_block_record(name: str) -> bool:
    """Tell whether a file at the top of an output folder is the record of a block of tars."""
    return _BLOCK.fullmatch(name) is not None


def manifest_name(folder: Path) -> str:
    """Return what the manifest of an output folder is called, finished or not."""
    for name in (LABELLED_MANIFEST, as_parquet(LABELLED_MANIFEST)):
        if (folder / name).exists():
            return name
    if any(folder.glob(_LABELLED_PARTS)):
        return LABELLED_MANIFEST
    stored = as_parquet(MANIFEST)
    return stored if (folder / stored).exists() and not (folder / MANIFEST).exists() else MANIFEST


def as_parquet(manifest: str) -> str:
    """Return the name of a manifest in Parquet, from that of one in JSON lines."""
    return manifest.replace(".jsonl", PARQUET)


def manifest_for(settings: dict[str, Any]) -> str:
    """Return what the manifest is called, from the settings in a run card."""
    name = LABELLED_MANIFEST if settings.get("dataset") else MANIFEST
    return as_parquet(name) if settings.get("manifest") == "parquet" else name


MANIFESTS = tuple(
    name for each in (MANIFEST, LABELLED_MANIFEST) for name in (each, as_parquet(each))
)
"""The names that manifests have."""


def find_parts(folder: Path) -> list[Path]:
    """Return the files of runs that ended early, in the order in which they may be removed.

    A part goes before the file of what was begun: a part alone is of a run that did not note that.
    """
    parts = (path for path in folder.glob(".*.part") if is_part(path.name))
    return sorted(parts, reverse=True)


def read_rows(folder: Path) -> Iterator[Row]:
    """Yield the rows of the manifest of a finished output folder.

    Raise ExpandError, with the line, for what is not a row of a file inside the folder.
    """
    path = folder / manifest_name(folder)
    file = open_record(path)
    if file is None:
        raise ExpandError(f'"{folder}" {_lacks(folder)}')
    yield from _read_stored(file, path) if path.suffix == PARQUET else read_part(file, path)


def _read_stored(file: BinaryIO, path: Path) -> Iterator[Row]:
    from expand.records.parquet import read_parquet

    return read_parquet(file, path)


def read_part(file: BinaryIO, path: Path) -> Iterator[Row]:
    """Yield the rows of an open manifest, and close it."""
    with file:
        for number, line in enumerate(read_lines(file, path), 1):
            try:
                row = parse_row(line)
            except NotJsonError as error:
                raise ExpandError(
                    f'"{path}", line {number}: {error}, so the manifest is damaged or was cut off. '
                    "Run expand again with the same options, which mends it"
                ) from error
            except ExpandError as error:
                raise ExpandError(f'"{path}", line {number}: {error}') from error
            yield row


def _lacks(folder: Path) -> str:
    """Say why a folder has no manifest, and what to do."""
    if not os.path.lexists(folder):
        return "does not exist"
    if not folder.is_dir():
        return "is not a folder"
    if (folder / SHARDS).is_dir():
        return (
            "holds shards, so it is not a finished output of expand. "
            "When all shards are done, run `expand merge` on it"
        )
    if find_parts(folder):
        return (
            "is not finished: expand was interrupted. Run the command that wrote it again to resume"
        )
    return f"has no {_recorded_name(folder)}, so it is not a finished output of expand"


def _recorded_name(folder: Path) -> str:
    """Return what the manifest is called that is missing, as the run card says."""
    card = read_record(folder / "expand.json")
    with suppress(NotJsonError, AttributeError, KeyError, TypeError):
        return manifest_for(parse_json(card or b"")["settings"])
    return manifest_name(folder)


def read_records(
    folder: Path, skip: tuple[Path, ...] = (), *, ordered: bool = True
) -> Iterator[Record]:
    """Yield a record of each source, in order, from the manifest and the parts of ended runs.

    A view has two lines if its source changed between two runs. Lines out of order are refused; or,
    if not `ordered`, a source can have several records.
    """
    paths = [folder / manifest_name(folder), *find_parts(folder)]
    paths = [path for path in paths if path not in skip]
    with ExitStack() as stack:
        streams = []
        for path in paths:
            if file := open_record(path):
                stack.enter_context(closing(file))
                streams.append(_whole_lines(file, path, ordered))
        merged = heapq.merge(*streams, key=lambda entry: order(entry.source))
        for source, entries in groupby(merged, key=itemgetter(0)):
            views = {entry.line: entry.view for entry in entries}  # each line once
            begun = views.pop("", None) is not None
            yield Record(source, sorted(views, key=views.__getitem__), set(views.values()), begun)


def names_of(record: Record) -> set[str]:
    """Return the files that the lines of a source name."""
    return {name for line in record.lines for name in files_of(json.loads(line))}


class _Line(NamedTuple):
    source: str
    view: int
    line: str
    """Empty for a source that was begun."""


def _whole_lines(file: BinaryIO, path: Path, ordered: bool) -> Iterator[_Line]:
    """Yield the lines of a manifest; stop at a line that was cut off when its run was killed.

    If they have to be `ordered`, refuse lines that are not: they could not be read side by side.
    """
    before, source_before = [""], ""
    for number, entry_of in enumerate(_entries(file, path), 1):
        try:
            entry = entry_of()
            if entry.source != source_before:
                key = order(entry.source)
                if ordered and key < before:
                    raise ExpandError("is not sorted. Use --overwrite")
                before, source_before = key, entry.source
        except NotJsonError:
            return
        except ExpandError as error:
            raise ExpandError(f'"{path}", line {number}: {error}') from error
        yield entry


def _entries(file: BinaryIO, path: Path) -> Iterator[Callable[[], _Line]]:
    """Yield what returns each line of a file, or raises its error."""
    if path.suffix == PARQUET:
        with suppress(NotJsonError):  # a damaged file tells what comes before the damage
            for row in _read_stored(file, path):
                yield partial(_Line, row["source"], row["view"], line_of(row))
        return
    parse = _begun_line if path.name.startswith(BEGUN.split("{")[0]) else _row_line
    for line in read_lines(file, path):
        yield partial(parse, line)


def _row_line(line: bytes) -> _Line:
    row = parse_row(line)
    text = line.decode()
    # a kill may have cut off nothing but the end of the line
    return _Line(row["source"], row["view"], text if text.endswith("\n") else f"{text}\n")


def _begun_line(line: bytes) -> _Line:
    return _Line(begun_names(line)[0], 0, "")


def begun_names(line: bytes) -> list[str]:
    """Return the source that was begun, and the label files that its views can have."""
    value = parse_json(line)
    names = value if isinstance(value, list) and value else [value]
    return [check_inside(name) for name in names]
