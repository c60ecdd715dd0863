"""The manifests of shards, merged line by line with few open files."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import BinaryIO

from expand.errors import STOPPED, ExpandError
from expand.records.manifest import manifest_name
from expand.records.rows import parse_row
from expand.storage.reading import open_record, read_lines
from expand.storage.writing import cannot_write

OPEN = 128
"""Files that are open at the same time; more are merged in levels."""
SOURCE = b', "source": "'
"""What comes before the id of a source in a line: no text in JSON has a quote after a space."""


def merge_manifests(folders: Sequence[Path], scratch: Path) -> Iterator[str]:
    """Yield the lines of the manifests of shards in the order of one run.

    `scratch` is a folder for temporary files, which the caller removes.
    """
    paths = [folder / manifest_name(folder) for folder in folders]
    numbers = count()
    for line in merge_parts(paths, lambda: scratch / f"merged-{next(numbers)}.part"):
        yield line.decode()


def merge_parts(paths: Sequence[Path], scratch: Callable[[], Path]) -> Iterator[bytes]:
    """Yield the lines of parts of a manifest, each sorted by source, sorted by source.

    Lines are not parsed, so a million take seconds. `scratch` returns the path of a new temporary
    file each time, which the caller removes.
    """
    while len(paths) > OPEN:
        groups = (paths[first : first + OPEN] for first in range(0, len(paths), OPEN))
        paths = [_write(scratch(), _merge(some)) for some in groups]
    yield from _merge(paths)


def _write(path: Path, lines: Iterable[bytes]) -> Path:
    try:
        with path.open("wb") as file:
            file.writelines(lines)
    except OSError as error:
        raise cannot_write(str(path), error) from error
    return path


def _merge(paths: Iterable[Path]) -> Iterator[bytes]:
    with ExitStack() as stack:
        streams = []
        for path in paths:
            file = open_record(path)
            if file is None:
                raise ExpandError(f'"{path}" is missing; run that shard again', STOPPED)
            streams.append(_keyed(stack.enter_context(file), path))
        for _, line in heapq.merge(*streams, key=lambda entry: entry[0]):
            yield line


def _keyed(file: BinaryIO, path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield each line with the key of its source, by which a listing is sorted."""
    for number, line in enumerate(read_lines(file, path), 1):
        begin = line.find(SOURCE) + len(SOURCE)
        end = line.find(b'"', begin)
        if begin < len(SOURCE) or end < 0 or not line.endswith(b"\n"):
            raise ExpandError(f'"{path}", line {number}: is not a row of a manifest')
        source = line[begin:end]
        if b"\\" in source:  # an escaped character
            source = parse_row(line)["source"].encode("utf-8", "surrogateescape")
        yield source.replace(b"/", b"\0"), line
