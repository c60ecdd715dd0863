"""Decoding: image files to 8-bit pixels of one shape, with hashes of the pixels and the file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import blake2b, sha256
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from expand.errors import BadImageError
from expand.images.decoder import decode
from expand.layouts.source import read_source
from train.data.pack_files import ArrayFile
from train.data.shape import Shape, resize_crop
from train.errors import REFUSED, TrainError

CHUNK, THREADS = 256, 4
"""Files that a thread hashes at a time, and threads: more than cores, since disks are waited for."""
BINARY = getattr(os, "O_BINARY", 0)


class Decoded(NamedTuple):
    """The hash of the pixels of an image that was decoded, or the problem with it."""

    fingerprint: str
    problem: str = ""


class Item(NamedTuple):
    """A file to decode, and the hash that it had when the run began; "" if it had none."""

    file: str
    hash: str


def decode_rows(
    root: Path, array: ArrayFile, shape: Shape, start: int, items: Sequence[Item]
) -> list[Decoded]:
    """Decode files into the rows of an array file, from row `start` on."""
    cv2.setNumThreads(0)
    decoded = []
    with array.writer() as rows:
        for row, item in enumerate(items, start):
            try:
                image = decode(read_checked(root / item.file, item.hash)).pixels
                resized = resize_crop(image, shape)
                _check_shape(resized.shape, array.shape)
                rows.write(row, resized)
                decoded.append(Decoded(fingerprint(image)))
            except BadImageError as error:
                decoded.append(Decoded("", str(error)))
    return decoded


def read_checked(path: Path, expected: str) -> bytes:
    """Read a file; raise BadImageError if its bytes do not have the hash that they had before."""
    data = read_source(path)
    if sha256(data).hexdigest() != expected:
        raise BadImageError("has changed since the run began")
    return data


def _check_shape(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    """Refuse an image of another shape (H×W×C) than those before it."""
    if shape[:2] != expected[:2]:
        size, others = (f"{width}×{height}" for height, width in (shape[:2], expected[:2]))
        raise BadImageError(
            f"is {size} pixels, others are {others}; give all one size with --image-size "
            "(train ablate: resize them first)"
        )
    if shape != expected:
        raise BadImageError(
            f"has {shape[2]} channels, others have {expected[2]}; "
            "--colour rgb (or grey) gives all the same"
        )


def first_shape(root: Path, files: Sequence[str], shape: Shape) -> tuple[int, ...]:
    """Return H×W×C of the first image that can be decoded; at most 100 files are tried."""
    reason = "is empty"
    for file in files[:100]:
        try:
            return read_image(root / file, shape).shape
        except BadImageError as error:
            reason = f'"{file}" {error}'
    raise TrainError(f"none of the first images of {root} can be used: {reason}")


def hash_files(root: Path, files: Sequence[str]) -> list[str]:
    """Return the hash of each file's bytes, "" for one that cannot be read.

    Sizes and times do not tell whether a file has changed: a copy may keep both. Reading takes
    8 µs a file (60,000 images of 28×28: half a second, where their times take a tenth).
    """
    paths = [os.path.join(root, file) for file in files]
    starts = range(0, len(paths), CHUNK)
    with ThreadPoolExecutor(THREADS) as pool:
        hashed = pool.map(
            lambda start: [_hash_file(path) for path in paths[start : start + CHUNK]], starts
        )
        return list(chain.from_iterable(hashed))


def _hash_file(path: str) -> str:
    try:
        # a FIFO that nobody writes to would be waited for
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | BINARY)
    except (OSError, ValueError):
        return ""
    with open(handle, "rb", buffering=0) as file:
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return ""
            return sha256(file.read()).hexdigest()
        except OSError:
            return ""


def read_images(root: Path, items: Sequence[Item], shape: Shape) -> NDArray[np.uint8]:
    """Return the images of files, brought to one shape: N×H×W×C."""
    images = []
    for item in items:
        with name_file(root / item.file):
            data = read_checked(root / item.file, item.hash)
            images.append(resize_crop(decode(data).pixels, shape))
    return stack(images)


def read_image(path: Path, shape: Shape) -> NDArray[np.uint8]:
    """Return an image brought to a shape: H×W×C."""
    return resize_crop(decode(read_source(path)).pixels, shape)


def stack(images: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Stack images of one shape to N×H×W×C; raise TrainError if they differ."""
    if len({image.shape for image in images}) > 1:
        raise TrainError(
            "images have different sizes or channels; give them one with --image-size and --colour"
        )
    return np.stack(images)


@contextmanager
def name_file(path: Path, status: int = REFUSED) -> Iterator[None]:
    """Turn a BadImageError into a TrainError that names the file."""
    try:
        yield
    except BadImageError as error:
        raise TrainError(f'"{path}" {error}', status) from error


def fingerprint(pixels: NDArray[Any]) -> str:
    """Return a hash of decoded pixels: equal for equal pictures, whatever their files."""
    size = repr(pixels.shape[:2]).encode()[:16]
    return blake2b(np.ascontiguousarray(pixels).tobytes(), digest_size=12, salt=size).hexdigest()
