"""Packs: folders decoded once, in parallel, into an array on disk that every run maps to memory."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from expand.engines.choose import available_cores, make_engine
from expand.storage.files import write_whole
from train.data.cache import Cache
from train.data.decoding import Decoded, decode_rows, first_shape, hash_files, read_images
from train.data.folder import Folder
from train.data.shape import Shape
from train.errors import TrainError

FORMAT = 2
CHUNK = 256
"""Files that a worker decodes at a time."""
RECORD = 100
"""Bytes of an image's two hashes in `pack.json`."""
SHOWN = 3
Progress = Callable[[int], None]


class Pack(NamedTuple):
    """A decoded folder: its pixels (N×H×W×C uint8, mapped from disk) and hashes."""

    pixels: NDArray[np.uint8]
    fingerprints: list[str]
    """Hashes of each image's pixels, before resizing."""
    hashes: list[str]
    """Hashes of each image's file."""
    whole: bool = True
    """Whether the pixels are those of every image, or of a sample."""
    has_files: bool = True
    """Whether its images are files, or were rendered in memory."""


def pack(
    folder: Folder, shape: Shape, cache: Cache, progress: Progress = lambda _images: None
) -> Pack:
    """Return a folder's pack, from the cache or decoded now.

    The cached pack is found by the names, sizes and times of the files. Raise TrainError if images
    cannot be decoded or differ in shape.
    """
    path = cache.root / _key(folder, shape)
    if cached := _open(path, len(folder)):
        return cached
    with cache.held():
        return _open(path, len(folder)) or _make(folder, shape, cache, path, progress)


def sample(folder: Folder, shape: Shape, count: int = 1000) -> Pack:
    """Return the pixels of a sample, and all file hashes, of a set that is too large to pack."""
    chunks = (files for _, files in _chunks(folder))
    hashed = make_engine(available_cores()).map(partial(hash_files, folder.root), chunks)
    hashes = list(chain.from_iterable(hashed))
    step = max(1, len(folder) // count)
    pixels = read_images(folder.root, folder.files[::step], shape)
    return Pack(pixels, [""] * len(folder), hashes, whole=False)


def _open(path: Path, count: int) -> Pack | None:
    """Return a finished pack, None if there is none; a damaged one is removed."""
    try:
        record = json.loads((path / "pack.json").read_text())
        pixels = np.load(path / "pixels.npy", mmap_mode="r")
        counts = {len(pixels), len(record["fingerprints"])}
        if record["format"] != FORMAT or counts != {count}:
            raise ValueError("another pack")
        cached = Pack(pixels, record["fingerprints"], record["hashes"])
    except (ValueError, KeyError, TypeError, OSError, EOFError):
        shutil.rmtree(path, ignore_errors=True)
        return None
    with suppress(OSError):  # another run may have removed it, or own it; mapped pixels stay
        os.utime(path / "pack.json")
    return cached


def _make(folder: Folder, shape: Shape, cache: Cache, path: Path, progress: Progress) -> Pack:
    """Decode a folder into a pack, which appears whole or not at all."""
    size = first_shape(folder.root, folder.files, shape)
    cache.make_room(len(folder) * (int(np.prod(size)) + RECORD), str(folder.root))
    part = path.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    array = part / "pixels.npy"
    np.lib.format.open_memmap(array, "w+", np.uint8, (len(folder), *size)).flush()
    decoded = []
    for image in _decode_all(folder, array, shape):
        decoded.append(image)
        progress(1)
    if any(image.problem for image in decoded):
        shutil.rmtree(part)
        raise TrainError(f"{folder.root}: {_list_problems(folder.files, decoded)}")
    _write_record(part / "pack.json", folder.root, decoded)
    part.replace(path)
    made = _open(path, len(folder))
    assert made is not None
    return made


def _decode_all(folder: Folder, array: Path, shape: Shape) -> Iterator[Decoded]:
    """Decode a folder into an array file, in worker processes if it is large."""
    workers = min(available_cores(), 1 + len(folder) // (8 * CHUNK))
    work = partial(_decode_chunk, folder.root, array, shape)
    return chain.from_iterable(make_engine(workers).map(work, _chunks(folder)))


def _decode_chunk(
    root: Path, array: Path, shape: Shape, chunk: tuple[int, list[str]]
) -> list[Decoded]:
    return decode_rows(root, array, shape, *chunk)


def _chunks(folder: Folder) -> Iterator[tuple[int, list[str]]]:
    """Yield the files a few at a time, each time with the row of the first."""
    for start in range(0, len(folder), CHUNK):
        yield start, folder.files[start : start + CHUNK]


def _list_problems(files: Sequence[str], decoded: Sequence[Decoded]) -> str:
    problems = [
        f'"{file}" {image.problem}'
        for file, image in zip(files, decoded, strict=True)
        if image.problem
    ]
    more = f" (and {len(problems) - SHOWN:,} more)" if len(problems) > SHOWN else ""
    return f"{'; '.join(problems[:SHOWN])}{more}"


def _write_record(path: Path, root: Path, decoded: Sequence[Decoded]) -> None:
    record = {
        "format": FORMAT,
        "root": str(root),
        "fingerprints": [image.fingerprint for image in decoded],
        "hashes": [image.hash for image in decoded],
    }
    write_whole(path, json.dumps(record).encode())


def _key(folder: Folder, shape: Shape) -> str:
    """Return the name of a folder's pack."""
    settings = f"{FORMAT} {shape.side} {shape.colour} {folder.root.resolve()}"
    digest = blake2b(settings.encode(), digest_size=16)
    for file in folder.files:
        try:
            stat = os.stat(folder.root / file)
        except OSError as error:
            hint = "; `expand verify` checks the folder" if folder.expanded else ""
            raise TrainError(
                f'"{folder.root / file}" cannot be read ({error.strerror}){hint}'
            ) from error
        line = f"{file}\0{stat.st_size}\0{stat.st_mtime_ns}\0"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
