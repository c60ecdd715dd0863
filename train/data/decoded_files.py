"""The files of a decoded dataset: an array written row by row, and a record, checked first.

Nothing in them is run: the array has a plain header, the record is JSON.
"""

from __future__ import annotations

import errno
import io
import json
import os
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from expand.engines.choose import available_cores
from train.data.cache import explain_cache
from train.data.folders.listed import ListedImage, read_listed

FORMAT = 3
ARRAY, RECORD = "pixels.npy", "pack.json"
BLOCK = 16 * 2**20
"""Bytes of a file that are hashed at a time."""
PIECE = 2**18
"""Bytes that are read at a time to hash them; they stay in the processor's cache."""
RECORD_BYTES, IMAGE_BYTES, LISTED_BYTES = 1000, 100, 20_000
"""What a record may take, what it may take for each image, and for one that it lists."""
UNSUPPORTED = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)


class DamagedError(Exception):
    """Files that are not a decoded dataset, or not the one asked for; the message is the reason."""


class Decoded(NamedTuple):
    """What became of successive files."""

    fingerprints: list[str]
    """The hash of the pixels of each image."""
    problems: dict[str, str]
    """What is wrong with those that cannot be used, by their names."""
    composited: bool
    """Whether one of them lost its alpha."""
    listed: list[ListedImage]
    """What the set says of each image; empty if it was listed before it was read."""


class StoredPixels(NamedTuple):
    """What the files of a decoded dataset hold: pixels, mapped from disk, and their hashes."""

    pixels: NDArray[Any]
    fingerprints: list[str]
    composited: bool
    """Whether images lost their alpha."""
    listed: list[ListedImage]
    """What the set says of each image; empty if it is listed without being read."""


class ArrayFile(NamedTuple):
    """A file of N images of one shape and type, any row of which can be written."""

    path: Path
    rows: int
    shape: tuple[int, ...]
    """H×W×C."""
    dtype: str

    @property
    def header(self) -> bytes:
        """The bytes before the first row."""
        buffer = io.BytesIO()
        descr = {"descr": self.dtype, "fortran_order": False, "shape": (self.rows, *self.shape)}
        np.lib.format.write_array_header_1_0(buffer, descr)
        return buffer.getvalue()

    @property
    def row_bytes(self) -> int:
        """The bytes of an image."""
        return prod(self.shape) * np.dtype(self.dtype).itemsize

    def create(self) -> None:
        """Write the header, and take the space of all rows on the disk.

        A full disk is found here, not in the middle of decoding.
        """
        with _opened(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL) as handle:
            _write(handle, self.header, 0)
            total = len(self.header) + self.rows * self.row_bytes
            try:
                os.posix_fallocate(handle, 0, total)
            except AttributeError:  # macOS and Windows have no such call
                os.truncate(handle, total)
            except OSError as error:
                if error.errno not in UNSUPPORTED:
                    raise
                os.truncate(handle, total)

    @contextmanager
    def writer(self) -> Iterator[RowWriter]:
        """Open the file to write rows."""
        with ExitStack() as stack:
            with explain_cache(self.path):
                handle = stack.enter_context(_opened(self.path, os.O_RDWR))
            yield RowWriter(self.path, handle, len(self.header), self.row_bytes)


class RowWriter(NamedTuple):
    """Writes rows of an open array file, by plain writes: a mapped page on a full disk kills."""

    path: Path
    handle: int
    start: int
    row_bytes: int

    def write(self, row: int, images: Sequence[NDArray[Any]]) -> None:
        """Write images of the array's shape and type into successive rows, from `row` on."""
        block = images[0] if len(images) == 1 else np.stack(images)
        data = np.ascontiguousarray(block).view(np.uint8).reshape(-1)
        with explain_cache(self.path):
            _write(self.handle, data.data, self.start + row * self.row_bytes)


def write_record(folder: Path, key: str, decoded: Decoded) -> None:
    """Bring the array of a decoded dataset to the disk, and write the record that completes it."""
    with _opened(folder / ARRAY, os.O_RDWR) as handle:
        os.fsync(handle)
        body = {
            "format": FORMAT,
            "key": key,
            "pixels": _hash_file(handle),
            "composited": decoded.composited,
            "fingerprints": decoded.fingerprints,
            **({"listed": decoded.listed} if decoded.listed else {}),
        }
    record = json.dumps({"checksum": _checksum(body), **body})
    with _opened(folder / RECORD, os.O_RDWR | os.O_CREAT | os.O_EXCL) as handle:
        _write(handle, record.encode(), 0)
        os.fsync(handle)


def read_decoded(folder: Path, key: str, array: ArrayFile, *, lists: bool = False) -> StoredPixels:
    """Read a decoded dataset whose pixels are those of `array`, and check every byte of it.

    Raise FileNotFoundError if there is none, DamagedError if it is damaged or another one: also if
    it does not list its images and `lists` says so, or the reverse.
    """
    count = array.rows
    if not stat.S_ISDIR(os.lstat(folder).st_mode):
        raise DamagedError("it is not a folder")
    try:
        at_most = RECORD_BYTES + count * (LISTED_BYTES if lists else IMAGE_BYTES)
        body = json.loads(_read_regular(folder / RECORD, at_most))
        if body.pop("checksum") != _checksum(body) or body["format"] != FORMAT:
            raise DamagedError(f"{RECORD} has changed")
        if body["key"] != key or not isinstance(body["composited"], bool):
            raise DamagedError(f"{RECORD} is that of other images")
        fingerprints = body["fingerprints"]
        if not _are_texts(fingerprints) or len(fingerprints) != count:
            raise DamagedError(f"{RECORD} is that of other images")
        listed = read_listed(body.get("listed", []))
        if len(listed) != (count if lists else 0):
            raise DamagedError(f"{RECORD} is that of other images")
        with _regular(folder / ARRAY) as handle:
            header = os.fstat(handle).st_size - count * array.row_bytes
            if not 0 < header <= RECORD_BYTES or _hash_file(handle) != body["pixels"]:
                raise DamagedError(f"{ARRAY} has changed")
    except FileNotFoundError as error:
        raise DamagedError("a file is missing") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedError("its files are not those of a decoded dataset") from error
    return StoredPixels(_map(array), fingerprints, body["composited"], listed)


def _map(array: ArrayFile) -> NDArray[Any]:
    """Map the array of a decoded dataset; nothing in its file is run."""
    try:
        with np.errstate(all="ignore"):  # a shape that overflows is an error below
            pixels: Any = np.load(array.path, mmap_mode="r", allow_pickle=False)
    except OSError:
        raise
    except Exception as error:  # a damaged header makes its parsers raise anything
        raise DamagedError(f"{ARRAY} does not hold an array") from error
    is_mapped = isinstance(pixels, np.memmap) and pixels.flags.c_contiguous
    if not is_mapped or pixels.dtype.str != array.dtype:
        raise DamagedError(f"{ARRAY} does not hold the images")
    if pixels.shape != (array.rows, *array.shape):
        raise DamagedError(f"{ARRAY} does not hold the images")
    images: NDArray[Any] = pixels
    return images


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and set(map(type, values)) <= {str}


def _checksum(body: dict[str, Any]) -> str:
    return sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _hash_file(handle: int) -> str:
    """Return a hash of an open file, made of those of its blocks.

    It is read, not mapped: a disk that fails is an error then, and a mapped page would kill.
    """
    starts = range(0, os.fstat(handle).st_size, BLOCK)
    with ThreadPoolExecutor(available_cores()) as pool:
        digests = pool.map(lambda start: _hash_block(handle, start), starts)
        return sha256(b"".join(digests)).hexdigest()


def _hash_block(handle: int, start: int) -> bytes:
    """Return the hash of the block of a file from `start` on, through a small buffer."""
    hashed, piece, end = sha256(), memoryview(bytearray(PIECE)), start + BLOCK
    while start < end and (count := os.preadv(handle, [piece[: end - start]], start)):
        hashed.update(piece[:count])
        start += count
    return hashed.digest()


def _read(handle: int, start: int) -> bytearray:
    """Return the block of a file from `start` on; shorter only at the end of the file."""
    block, count = bytearray(BLOCK), 0
    while count < BLOCK and (more := os.preadv(handle, [memoryview(block)[count:]], start + count)):
        count += more
    del block[count:]
    return block


def _read_regular(path: Path, at_most: int) -> bytes:
    with _regular(path) as handle:
        size = os.fstat(handle).st_size
        if size > at_most:
            raise DamagedError(f"{path.name} is too large")
        return b"".join(bytes(_read(handle, start)) for start in range(0, size, BLOCK))


@contextmanager
def _regular(path: Path) -> Iterator[int]:
    """Open a file to read it; refuse a link, and what is not a file, without waiting for it."""
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        opened = os.open(path, os.O_RDONLY | flags | getattr(os, "O_BINARY", 0))
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise DamagedError(f"{path.name} is not a file") from error
        raise
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise DamagedError(f"{path.name} is not a file")
        yield opened
    finally:
        os.close(opened)


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    handle = os.open(path, flags | getattr(os, "O_BINARY", 0), 0o666)
    try:
        yield handle
    finally:
        os.close(handle)


def _write(handle: int, data: bytes | memoryview, offset: int) -> None:
    view = memoryview(data)
    while view:
        count = os.pwrite(handle, view, offset)
        view, offset = view[count:], offset + count
