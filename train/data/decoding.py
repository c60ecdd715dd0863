"""Decoding: image files to pixels of one shape and depth, with hashes of pixels and files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import blake2b, sha256
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from expand.errors import BadImageError
from expand.images.decoder import decode
from expand.images.pixels import Pixels
from expand.layouts.source import read_source
from train.data.pack_files import ArrayFile
from train.data.shape import Shape, resize_crop
from train.errors import REFUSED, TrainError

CHUNK, THREADS = 256, 4
"""How many files a thread hashes at a time, and how many threads: more than cores, since they wait
for the disk."""
ONE_SIZE = "give all one size with --image-size (train ablate: resize them first)"
ONE_SHAPE = "give them one with --image-size and --colour (train ablate: resize them first)"
BINARY = getattr(os, "O_BINARY", 0)


class Decoded(NamedTuple):
    """The hash of the pixels of an image that was decoded, or the problem with it."""

    fingerprint: str
    problem: str = ""
    composited: bool = False
    """Whether it lost its alpha."""


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
                check_alike(resized, array.shape, array.dtype)
                rows.write(row, resized)
                composited = image.ndim == 3 and shape.composites(image.shape[2])
                decoded.append(Decoded(fingerprint(image), composited=composited))
            except BadImageError as error:
                decoded.append(Decoded("", str(error)))
    return decoded


def read_checked(path: Path, expected: str) -> bytes:
    """Read a file; raise BadImageError if its bytes do not have the hash that they had before."""
    data = read_source(path)
    if sha256(data).hexdigest() != expected:
        raise BadImageError("has changed since the run began")
    return data


def check_alike(image: Pixels, shape: tuple[int, ...], dtype: str) -> None:
    """Refuse an image of another shape (H×W×C) or depth than those before it."""
    if image.shape[:2] != shape[:2]:
        size, others = (f"{width}×{height}" for height, width in (image.shape[:2], shape[:2]))
        raise BadImageError(f"is {size} pixels, others are {others}; {ONE_SIZE}")
    if image.shape != shape:
        raise BadImageError(
            f"has {image.shape[2]} channels, others have {shape[2]}; "
            "--colour rgb (or grey) gives all the same"
        )
    if image.dtype != np.dtype(dtype):
        own, expected = (8 * np.dtype(each).itemsize for each in (image.dtype, dtype))
        raise BadImageError(f"has {own} bits, others have {expected}; convert all to one depth")


def first_image(root: Path, files: Sequence[str], shape: Shape) -> Pixels:
    """Return the first image that can be decoded, H×W×C; at most 100 files are tried."""
    reason = "is empty"
    for file in files[:100]:
        try:
            return read_image(root / file, shape)
        except BadImageError as error:
            reason = f'"{file}" {error}'
    raise TrainError(f'none of the first images of "{root}" can be used: {reason}')


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


def read_images(root: Path, items: Sequence[Item], shape: Shape) -> Pixels:
    """Return the images of files, brought to one shape: N×H×W×C."""
    images = []
    for item in items:
        with name_file(root / item.file):
            data = read_checked(root / item.file, item.hash)
            images.append(resize_crop(decode(data).pixels, shape))
    return stack(images)


def read_image(path: Path, shape: Shape) -> Pixels:
    """Return an image brought to a shape: H×W×C."""
    return resize_crop(decode(read_source(path)).pixels, shape)


def stack(images: Sequence[Pixels]) -> Pixels:
    """Stack images of one shape and depth to N×H×W×C; raise TrainError if they differ."""
    if len({image.shape for image in images}) > 1:
        raise TrainError(f"images have different sizes or channels; {ONE_SHAPE}")
    if len({image.dtype for image in images}) > 1:
        raise TrainError("some images have 8 bits, others 16; convert all to one depth")
    return np.stack(images)


@contextmanager
def name_file(path: Path, status: int = REFUSED) -> Iterator[None]:
    """Turn a BadImageError into a TrainError that names the file."""
    try:
        yield
    except BadImageError as error:
        raise TrainError(f'"{path}" {error}', status) from error


def fingerprint(pixels: Pixels) -> str:
    """Return a hash of decoded pixels: equal for equal pictures, whatever their files."""
    size = repr(pixels.shape[:2]).encode()[:16]
    return blake2b(np.ascontiguousarray(pixels).tobytes(), digest_size=12, salt=size).hexdigest()
