"""The scan of a set that is too large to decode: one pass over its tars, kept in the cache."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from expand.engines.choose import make_engine
from expand.storage.files import write_whole
from expand.storage.json import read_json, to_json
from train.data.cache import Cache, explain_cache, part_of
from train.data.decoded import Progress
from train.data.decoded_files import RECORD, ArrayFile
from train.data.folders.files import is_in_memory
from train.data.sets.tars import TarContents, TarPart
from train.data.sets.windows import TarScan, Window, scan_tar
from train.errors import STOPPED, TrainError

FORMAT = 1
WINDOWS, LABELS, KEYS = "windows.npy", "labels.npy", "keys.npy"
IMAGE_BYTES, TAR_SECONDS = 50, 2e-9
"""What the cache keeps of an image; what a core takes for a byte of a tar, in about."""


@dataclass(frozen=True)
class Scan:
    """What one pass over the tars of a set found; its arrays are mapped from the disk."""

    contents: TarContents
    windows: NDArray[np.int64]
    """The columns of each `Window`: windows × 6."""
    labels: NDArray[np.int32]
    """The number of the class of each image, tar by tar."""
    keys: NDArray[np.uint64]
    """Hashes of the file, the source and the group of each image."""

    def views(self) -> NDArray[np.int64]:
        """Return the view that each window shows."""
        views = np.array([tar.view for tar in self.contents.tars])
        shown: NDArray[np.int64] = views[self.windows[:, 0]]
        return shown


def scan(contents: TarContents, cache: Cache, progress: Progress) -> Scan:
    """Return the scan of a set, from the cache or made now.

    Raise TarError if a tar is not the one of the index, or was not written by expand.
    """
    digest = blake2b(f"scan {FORMAT}".encode(), digest_size=16)
    digest.update("".join(contents.marks()).encode())
    path = cache.root / digest.hexdigest()
    if found := _open(contents, path):
        return found
    with cache.held():
        if found := _open(contents, path):  # another run may have made it while this one waited
            return found
        cache.make_room(len(contents) * IMAGE_BYTES, str(contents.root))
        with explain_cache(path):
            _make(contents, path, progress)
        made = _open(contents, path)  # while no other run can remove it
    if made is None:
        raise TrainError(f'"{path}" cannot be read again', STOPPED)
    return made


def _make(contents: TarContents, path: Path, progress: Progress) -> None:
    """Scan all tars into a folder of the cache, which appears whole or not at all."""
    part, row = part_of(path), 0
    part.mkdir()
    try:
        labels = ArrayFile(part / LABELS, len(contents), (), "<i4")
        keys = ArrayFile(part / KEYS, len(contents), (5,), "<u8")
        labels.create()
        keys.create()
        windows: list[Window] = []
        with labels.writer() as label_rows, keys.writer() as key_rows:
            for found in _scan_all(contents):
                label_rows.write(row, [found.labels])
                key_rows.write(row, [found.keys])
                windows += found.windows
                row += len(found.labels)
                progress(len(found.labels))
        np.save(part / WINDOWS, np.array(windows, np.int64).reshape(-1, len(Window._fields)))
        hashes = {name: _hash(part / name) for name in (WINDOWS, LABELS, KEYS)}
        write_whole(part / RECORD, to_json({"format": FORMAT, "scan": hashes}).encode())
        shutil.rmtree(path, ignore_errors=True)  # one that was damaged
        part.replace(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _scan_all(contents: TarContents) -> Iterator[TarScan]:
    seconds = TAR_SECONDS * sum(tar.bytes for tar in contents.tars)
    workers = 1 if is_in_memory(contents.root) else None
    work = ((part, number) for number, part in enumerate(contents.parts(1)))
    yield from make_engine(workers, seconds).map(_scan_numbered, work)


def _scan_numbered(work: tuple[TarPart, int]) -> TarScan:
    return scan_tar(*work)


def _open(contents: TarContents, path: Path) -> Scan | None:
    """Return the scan in a folder; None if there is none, or if it is damaged."""
    try:
        record = read_json(path / RECORD)
        if record["format"] != FORMAT:
            return None
        if any(_hash(path / name) != digest for name, digest in record["scan"].items()):
            return None
        load = partial(np.load, mmap_mode="r", allow_pickle=False)
        windows, labels, keys = (load(path / name) for name in (WINDOWS, LABELS, KEYS))
        os.utime(path / RECORD)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if len(labels) != len(contents) or keys.shape != (len(contents), 5):
        return None
    return Scan(contents, np.array(windows), labels, keys)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
