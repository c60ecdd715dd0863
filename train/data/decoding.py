"""Decoding: image files to pixels of one shape and depth, with hashes of pixels and files."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import lru_cache
from hashlib import blake2b, sha256
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from expand.errors import BadImageError
from expand.images.decoder import decode
from expand.images.memory import keep_buffers
from expand.images.pixels import Pixels
from expand.layouts.source import read_source
from expand.storage.reading import read_all
from expand.storage.stores.url import Place
from train.data.decoded_files import ArrayFile, Decoded
from train.data.folders.listed import ListedImage
from train.data.shape import Shape, resize_crop
from train.errors import REFUSED, TrainError

CHUNK, THREADS = 256, 4
"""How many files a thread hashes at a time, and how many threads: more than cores, since they wait
for the disk."""
WRITTEN = 4 << 20
"""Bytes of rows that are written at a time."""
ONE_SIZE = "give all one size with --image-size"
ONE_SHAPE = "give them one with --image-size and --colour"
SMALL = 1 << 16
"""Bytes of a file that are read without asking for its size."""
OPENED = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""How files are opened: a FIFO that nobody writes to would be waited for."""


class Encoded(NamedTuple):
    """The file of an image, as it was read."""

    name: str
    data: bytes
    problem: str = ""
    """Why it cannot be used."""
    listed: ListedImage | None = None
    """What its set says of it; None if the set was listed before it was read."""


class Part(Protocol):
    """Successive images of a set, read by one worker; it is picklable."""

    @property
    def start(self) -> int:
        """The row of the first one."""

    def read(self) -> Generator[Encoded, None, None]:
        """Yield the images one by one."""


class Files(NamedTuple):
    """Successive files of a folder, to decode."""

    root: Path
    start: int
    """The row of the first one."""
    names: Sequence[str]
    hashes: Sequence[str]
    """The hashes that they had when the run began."""

    def read(self) -> Generator[Encoded, None, None]:
        """Yield the files one by one."""
        folder = os.path.join(self.root, "")
        for name, expected in zip(self.names, self.hashes, strict=True):
            try:
                yield Encoded(name, read_checked(folder + name, expected))
            except BadImageError as error:
                yield Encoded(name, b"", str(error))


class Item(NamedTuple):
    """A file to decode, and the hash that it had when the run began; "" if it had none."""

    file: str
    hash: str


def decode_rows(array: ArrayFile, shape: Shape, part: Part) -> Decoded:
    """Decode the images of a part into their rows of an array file."""
    cv2.setNumThreads(0)
    keep_buffers()
    rows = max(1, WRITTEN // array.row_bytes)
    decoded, row = [], part.start
    with array.writer() as writer, closing(part.read()) as files:
        while (some := _decode(islice(files, rows), array, shape)).images:
            writer.write(row, some.images)
            row += len(some.images)
            decoded.append(some.decoded)
    return joined(decoded)


def joined(parts: Iterable[Decoded]) -> Decoded:
    """Return what became of all files of successive parts."""
    fingerprints: list[str] = []
    problems: dict[str, str] = {}
    composited = False
    listed: list[ListedImage] = []
    for part in parts:
        fingerprints += part.fingerprints
        problems |= part.problems
        composited |= part.composited
        listed += part.listed
    return Decoded(fingerprints, problems, composited, listed)


class _Images(NamedTuple):
    images: list[Pixels]
    decoded: Decoded


def _decode(files: Iterable[Encoded], array: ArrayFile, shape: Shape) -> _Images:
    """Return the images of files in the shape of an array's rows; one that is bad is blank."""
    images: list[Pixels] = []
    decoded, composited = Decoded([], {}, composited=False, listed=[]), False
    for name, data, problem, listed in files:
        if listed:
            decoded.listed.append(listed)
        try:
            if problem:
                raise BadImageError(problem)
            image = decode(data).pixels
            resized = resize_crop(image, shape)
            check_alike(resized, array.shape, array.dtype)
            decoded.fingerprints.append(fingerprint(image))
            images.append(resized)
            composited |= image.ndim == 3 and shape.composites(image.shape[2])
        except BadImageError as error:
            decoded.fingerprints.append("")
            decoded.problems[name] = str(error)
            images.append(np.zeros(array.shape, array.dtype))
    return _Images(images, decoded._replace(composited=composited))


def read_checked(path: str | Path, expected: str) -> bytes:
    """Read a file; raise BadImageError if its bytes do not have the hash that they had before."""
    data = _read_small(path)
    if sha256(data).hexdigest() != expected:  # it is large, has changed, or cannot be read
        data = read_source(path)
        if sha256(data).hexdigest() != expected:
            raise BadImageError("has changed since the run began")
    return data


def _read_small(path: str | Path) -> bytes:
    """Return the first bytes of a file, as a rule all; none if that is not possible.

    Whoever knows the hash of a file needs no check that it is whole, which takes as long as reading
    a small one.
    """
    try:
        handle = os.open(path, OPENED)
        try:
            return os.read(handle, SMALL)
        finally:
            os.close(handle)
    except (OSError, ValueError):
        return b""


def check_alike(image: Pixels, shape: tuple[int, ...], dtype: str) -> None:
    """Refuse an image of another shape (H×W×C) or depth than those before it."""
    if image.shape == shape and image.dtype.str == dtype:
        return
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


class First(NamedTuple):
    """The first image of a set, brought to its shape (H×W×C), and its pixels before that."""

    image: Pixels
    pixels: int


def first_image(title: str, files: Iterable[Encoded], shape: Shape) -> First:
    """Return the first image of a set that can be decoded; at most 100 files are tried."""
    reason = "is empty"
    for file in islice(files, 100):
        try:
            return decode_one(file, shape)
        except BadImageError as error:
            reason = str(error)
    raise TrainError(f"none of the first images of {title} can be used: {reason}")


def decode_one(file: Encoded, shape: Shape) -> First:
    """Decode an image and bring it to a shape; raise BadImageError, with its name, if it is bad."""
    try:
        if file.problem:
            raise BadImageError(file.problem)
        image = decode(file.data).pixels
        return First(resize_crop(image, shape), image.shape[0] * image.shape[1])
    except BadImageError as error:
        raise BadImageError(f'"{file.name}" {error}') from error


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
        handle = os.open(path, OPENED)
    except (OSError, ValueError):
        return ""
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            return ""
        return sha256(read_all(handle, found.st_size)).hexdigest()
    except OSError:
        return ""
    finally:
        os.close(handle)


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
def name_file(path: Place, status: int = REFUSED) -> Iterator[None]:
    """Turn a BadImageError into a TrainError that names the file."""
    try:
        yield
    except BadImageError as error:
        raise TrainError(f'"{path}" {error}', status) from error


def fingerprint(pixels: Pixels) -> str:
    """Return a hash of decoded pixels: equal for equal pictures, whatever their files."""
    hashed = _begun(pixels.shape[:2]).copy()
    hashed.update(np.ascontiguousarray(pixels).data)
    return hashed.hexdigest()


@lru_cache(maxsize=64)
def _begun(size: tuple[int, ...]) -> blake2b:
    return blake2b(digest_size=12, salt=repr(size).encode()[:16])
