"""Packs: a folder decoded once, in parallel, into one array of 8-bit pixels on disk that every run maps into memory."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import blake2b, sha256
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from expand.engines.local import LocalEngine, available_cores
from expand.errors import BadImageError
from expand.images.decoder import decode
from expand.layouts.source import read_source
from expand.storage.files import write_whole
from train.data.cache import Cache
from train.data.folder import Folder
from train.data.shape import Shape, resize_crop
from train.errors import TrainError

FORMAT = 2
CHUNK = 256
RECORD = 100
"""Bytes of an image's two hashes in `pack.json`."""
Progress = Callable[[int], None]


class Pack(NamedTuple):
    """A decoded folder: pixels (N×H×W×C uint8, mapped), and each image's hashes: of its pixels before resizing, of its file."""

    pixels: NDArray[np.uint8]
    fingerprints: list[str]
    hashes: list[str]
    whole: bool = True
    """Whether the pixels are those of every image, or of a sample."""
    has_files: bool = True
    """Whether its images are files, or were rendered in memory."""


class Decoded(NamedTuple):
    """What a worker tells of an image that it packed."""

    fingerprint: str
    hash: str
    problem: str


def pack(
    folder: Folder, shape: Shape, cache: Cache, progress: Progress = lambda _images: None
) -> Pack:
    """Return a folder's pack, from the cache or made now; raise TrainError if its images do not go together.

    A pack is found by the files' names, sizes and times.
    """
    path = cache.root / _key(folder, shape)
    if found := _open(path, len(folder)):
        return found
    with cache.held():
        return _open(path, len(folder)) or _make(folder, shape, cache, path, progress)


def sample(folder: Folder, shape: Shape, count: int = 1000) -> Pack:
    """Return what is known of a set that is too large to pack: the hashes of its files, and the pixels of a sample."""
    hashes = list(
        chain.from_iterable(
            LocalEngine(available_cores()).map(partial(_hash, folder.root), _chunks(folder))
        )
    )
    step = max(1, len(folder) // count)
    images = []
    for file in folder.files[::step]:
        with _naming(folder.root / file):
            images.append(resize_crop(decode(read_source(folder.root / file)).pixels, shape))
    if len({image.shape for image in images}) > 1:
        raise TrainError(
            "images have different sizes or channels; give them one with --image-size and --colour"
        )
    return Pack(np.stack(images), [""] * len(folder), hashes, whole=False)


def _hash(root: Path, chunk: tuple[int, list[str]]) -> list[str]:
    hashes = []
    for file in chunk[1]:
        with _naming(root / file):
            hashes.append(sha256(read_source(root / file)).hexdigest())
    return hashes


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Name the file in what is said of a bad image."""
    try:
        yield
    except BadImageError as error:
        raise TrainError(f'"{path}" {error}') from error


def _open(path: Path, count: int) -> Pack | None:
    """Return a finished pack; None if there is none; one that is damaged, or half removed, goes and is made anew."""
    try:
        record = json.loads((path / "pack.json").read_text())
        pixels = np.load(path / "pixels.npy", mmap_mode="r")
        if (
            record["format"] != FORMAT
            or len(pixels) != count
            or len(record["fingerprints"]) != count
        ):
            raise ValueError("another pack")
        found = Pack(pixels, record["fingerprints"], record["hashes"])
    except (ValueError, KeyError, TypeError, OSError, EOFError):
        shutil.rmtree(path, ignore_errors=True)
        return None
    with suppress(OSError):  # another run may have evicted it, or own it; what is mapped stays
        os.utime(path / "pack.json")
    return found


def _make(folder: Folder, shape: Shape, cache: Cache, path: Path, progress: Progress) -> Pack:
    """Decode a folder into a pack; nobody sees it before it is whole."""
    first = _first_shape(folder, shape)
    cache.make_room(len(folder) * (int(np.prod(first)) + RECORD), str(folder.root))
    part = path.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    np.lib.format.open_memmap(part / "pixels.npy", "w+", np.uint8, (len(folder), *first)).flush()
    fill = partial(_fill, folder.root, part / "pixels.npy", shape)
    workers = min(available_cores(), 1 + len(folder) // (8 * CHUNK))
    fingerprints, hashes, problems = [], [], []
    done = LocalEngine(workers).map(fill, _chunks(folder))
    for row, decoded in enumerate(chain.from_iterable(done)):
        fingerprints.append(decoded.fingerprint)
        hashes.append(decoded.hash)
        if decoded.problem:
            problems.append(f'"{folder.files[row]}" {decoded.problem}')
        progress(1)
    if problems:
        shutil.rmtree(part)
        more = f" (and {len(problems) - 3:,} more)" if len(problems) > 3 else ""
        raise TrainError(f"{folder.root}: {'; '.join(problems[:3])}{more}")
    write_whole(
        part / "pack.json",
        json.dumps(
            {
                "format": FORMAT,
                "root": str(folder.root),
                "fingerprints": fingerprints,
                "hashes": hashes,
            }
        ).encode(),
    )
    part.replace(path)
    made = _open(path, len(folder))
    assert made is not None
    return made


def _key(folder: Folder, shape: Shape) -> str:
    """Return the name of a folder's pack."""
    digest = blake2b(
        f"{FORMAT} {shape.side} {shape.colour} {folder.root.resolve()}".encode(), digest_size=16
    )
    for file in folder.files:
        try:
            stat = os.stat(folder.root / file)
        except OSError as error:
            hint = "; `expand verify` says what is wrong" if folder.expanded else ""
            raise TrainError(
                f'"{folder.root / file}" cannot be read ({error.strerror}){hint}'
            ) from error
        digest.update(
            f"{file}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode("utf-8", "surrogateescape")
        )
    return digest.hexdigest()


def _first_shape(folder: Folder, shape: Shape) -> tuple[int, ...]:
    """Return H×W×C of the first image that can be decoded."""
    reason = "is empty"
    for file in folder.files[:100]:
        try:
            return resize_crop(decode(read_source(folder.root / file)).pixels, shape).shape
        except BadImageError as error:
            reason = f'"{file}" {error}'
    raise TrainError(f"none of the first images of {folder.root} can be used: {reason}")


def _chunks(folder: Folder) -> Iterator[tuple[int, list[str]]]:
    for start in range(0, len(folder), CHUNK):
        yield start, folder.files[start : start + CHUNK]


def _fill(root: Path, array: Path, shape: Shape, chunk: tuple[int, list[str]]) -> list[Decoded]:
    """Decode a few files into their rows of the array; what a worker process runs."""
    cv2.setNumThreads(0)
    start, files = chunk
    pixels = np.load(array, mmap_mode="r+")
    done = []
    for row, file in enumerate(files, start):
        try:
            data = read_source(root / file)
            image = decode(data).pixels
            fitted = resize_crop(image, shape)
            if fitted.shape != pixels.shape[1:]:
                raise BadImageError(_misfit(fitted.shape, pixels.shape[1:]))
            pixels[row] = fitted
            done.append(Decoded(fingerprint(image), sha256(data).hexdigest(), ""))
        except BadImageError as error:
            done.append(Decoded("", "", str(error)))
    return done


def _misfit(found: tuple[int, ...], expected: tuple[int, ...]) -> str:
    if found[:2] != expected[:2]:
        height, width = expected[:2]
        return f"is {found[1]}×{found[0]} pixels, others are {width}×{height}; give all one size with --image-size"
    return f"has {found[2]} channels, others have {expected[2]}; --colour rgb (or grey) gives all the same"


def fingerprint(pixels: NDArray[Any]) -> str:
    """Return a hash of decoded pixels: equal for equal pictures, whatever their files."""
    return blake2b(
        np.ascontiguousarray(pixels).tobytes(),
        digest_size=12,
        salt=repr(pixels.shape[:2]).encode()[:16],
    ).hexdigest()
