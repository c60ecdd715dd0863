"""Decoding: image files to 8-bit pixels of one shape, with hashes of the pixels and the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from expand.errors import BadImageError
from expand.images.decoder import decode
from expand.layouts.source import read_source
from train.data.shape import Shape, resize_crop
from train.errors import REFUSED, TrainError


class Decoded(NamedTuple):
    """The hashes of an image that was decoded, or the problem with it."""

    fingerprint: str
    hash: str
    problem: str = ""


def decode_rows(
    root: Path, array: Path, shape: Shape, start: int, files: Sequence[str]
) -> list[Decoded]:
    """Decode files into the rows of an array file, from row `start` on."""
    cv2.setNumThreads(0)
    pixels = np.load(array, mmap_mode="r+")
    decoded = []
    for row, file in enumerate(files, start):
        try:
            data = read_source(root / file)
            image = decode(data).pixels
            resized = resize_crop(image, shape)
            _check_shape(resized.shape, pixels.shape[1:])
            pixels[row] = resized
            decoded.append(Decoded(fingerprint(image), sha256(data).hexdigest()))
        except BadImageError as error:
            decoded.append(Decoded("", "", str(error)))
    return decoded


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
    """Return the hash of each file."""
    hashes = []
    for file in files:
        with name_file(root / file):
            hashes.append(sha256(read_source(root / file)).hexdigest())
    return hashes


def read_images(root: Path, files: Sequence[str], shape: Shape) -> NDArray[np.uint8]:
    """Return the images of files, brought to one shape: N×H×W×C."""
    images = []
    for file in files:
        with name_file(root / file):
            images.append(read_image(root / file, shape))
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
