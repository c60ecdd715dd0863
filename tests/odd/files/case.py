"""Case: one odd file, with the outcome that is expected of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[Any]


class Case(NamedTuple):
    """One odd file and the outcome that is expected: pixels, or a reason with some words."""

    name: str
    """The file's name, with its suffix; unique."""
    data: bytes
    what: str
    """What the file is, in one sentence."""
    pixels: Pixels | None = None
    """The upright pixels of a file that is read, None if it is refused."""
    words: str = ""
    """Words of the reason, if it is refused."""
    tolerance: int = 0
    """The largest difference of a level, for lossy files."""
    one_of: bool = False
    """Whether reading is allowed as well as refusing, since decoders differ about such damage."""


def read(name: str, data: bytes, what: str, pixels: Pixels, tolerance: int = 0) -> Case:
    """Return a file that must be read, with these pixels."""
    return Case(name, data, what, pixels, tolerance=tolerance)


def refused(name: str, data: bytes, what: str, words: str) -> Case:
    """Return a file that must be refused, with these words in the reason."""
    return Case(name, data, what, words=words)


def either(name: str, data: bytes, what: str) -> Case:
    """Return a damaged file that may be read or refused: nobody can see the damage for certain."""
    return Case(name, data, what, one_of=True)


def picture(
    height: int = 12, width: int = 10, channels: int | None = None, depth: int = 8, seed: int = 1
) -> Pixels:
    """Draw an image in which every pixel and channel differs: ramps and some noise."""
    count = channels or 1
    rows, columns, bands = np.meshgrid(
        np.arange(height), np.arange(width), np.arange(count), indexing="ij"
    )
    noise = np.random.default_rng(seed).integers(0, 40, (height, width, count))
    levels = (rows * 9 + columns * 5 + bands * 31 + noise) % 256
    if depth > 8:
        levels = levels * 257 % 65536 + noise
    elif depth < 8:
        levels = levels >> (8 - depth)
    drawn = np.minimum(levels, (1 << depth) - 1).astype(np.uint16 if depth > 8 else np.uint8)
    return drawn if channels else drawn[..., 0]


def smooth(height: int = 16, width: int = 24, channels: int | None = 3) -> Pixels:
    """Draw an image of slow ramps, which lossy formats keep almost as it is."""
    count = channels or 1
    rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    bands = [60 + rows * 4 + columns * 2 + 25 * band for band in range(count)]
    drawn = np.stack(bands, axis=-1).astype(np.uint8)
    return drawn if channels else drawn[..., 0]


def by_pillow(image: Image.Image | Pixels, kind: str, **settings: Any) -> bytes:
    """Return the file that Pillow writes."""
    buffer = io.BytesIO()
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture.save(buffer, kind, **settings)
    return buffer.getvalue()


def truncations(stem: str, suffix: str, data: bytes, words: str = "") -> Iterator[Case]:
    """Yield a file cut off in its header, its middle and just before its end."""
    for place, size in (
        ("header", 6),
        ("early", 20),
        ("middle", len(data) // 2),
        ("end", len(data) - 9),
    ):
        yield refused(
            f"{stem}-cut-{place}.{suffix}",
            data[:size],
            f"The first {size} bytes of a {stem} file of {len(data)}.",
            words,
        )


def upright(stored: Pixels, orientation: int) -> Pixels:
    """Turn stored pixels upright, as the EXIF standard describes each orientation in words."""
    turned = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: np.rot90(a, 2),
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
        8: lambda a: np.rot90(a, 1),
    }[orientation](stored)
    return np.ascontiguousarray(turned)


def exif(orientation: int, kind: int = 3, order: str = "II") -> bytes:
    """Return an EXIF block (a TIFF directory of one tag) with an orientation of any TIFF type."""
    little = order == "II"
    name = "little" if little else "big"

    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, name)  # type: ignore[arg-type]

    size = {1: 1, 2: 1, 3: 2, 4: 4, 7: 1, 8: 2, 9: 4}.get(kind, 4)
    value = number(orientation, size).ljust(4, b"\0")
    tag = number(0x0112, 2) + number(kind, 2) + number(1, 4) + value
    return order.encode() + number(42, 2) + number(8, 4) + number(1, 2) + tag + number(0, 4)


def profile(space: bytes = b"RGB ", size: int = 0) -> bytes:
    """Return an ICC profile: a header that says its colour space, no tags, and padding."""
    body = bytearray(128 + 4)
    body[8:12], body[12:16], body[16:20], body[20:24], body[36:40] = (
        b"\2\x10\0\0",
        b"mntr",
        space,
        b"XYZ ",
        b"acsp",
    )
    body += bytes(max(size - len(body), 0))
    body[:4] = len(body).to_bytes(4, "big")
    return bytes(body)
