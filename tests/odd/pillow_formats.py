"""Every format that Pillow writes, in every mode: what becomes of each file."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from expand.errors import BadImageError
from expand.images.decoder import decode
from expand.images.formats import FORMATS
from tests.odd.files.case import Pixels, smooth

MODES = (
    "1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV",
    "I", "F", "I;16", "I;16L", "I;16B",
)  # fmt: skip
LOSSY = ("JPEG", "WEBP", "MPO")
FOURTH_KEPT = (("BMP", "RGBA"), ("TIFF", "RGBX"))
"""Files with a fourth channel that we keep and Pillow leaves out."""
CLOSE = 40
"""Levels by which a lossy file may differ from what Pillow reads: both round in other ways."""


class Entry(NamedTuple):
    """One format and mode: "read", or why not; and what is wrong with that."""

    format: str
    mode: str
    outcome: str
    fault: str = ""


def entries() -> Iterator[Entry]:
    """Yield the outcome of every format × mode that Pillow can write."""
    Image.init()
    for format_ in sorted(Image.SAVE):
        for mode in MODES:
            data = _write(format_, mode)
            if data is not None:
                yield _judge(format_, mode, data)


def _write(format_: str, mode: str) -> bytes | None:
    """Return the file that Pillow writes, None if it writes none."""
    buffer = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _image(mode).save(buffer, format_)
    except Exception:  # noqa: BLE001  # Pillow's writers raise anything for modes they lack
        return None
    return buffer.getvalue()


def _image(mode: str) -> Image.Image:
    """Return an image of slow ramps in a mode."""
    colours = Image.fromarray(smooth(32, 32))
    if mode in ("LA", "La", "PA", "RGBA", "RGBa"):
        colours.putalpha(Image.fromarray(smooth(32, 32, None)))
    if mode.startswith("I;16"):
        return Image.fromarray(smooth(32, 32, None).astype(np.uint16) * 200).convert(mode)
    if mode == "LAB":
        return Image.frombytes("LAB", (32, 32), smooth(32, 32).tobytes())
    if mode in ("La", "RGBa"):
        return colours.convert({"La": "LA", "RGBa": "RGBA"}[mode]).convert(mode)
    return colours.convert({"PA": "P"}.get(mode, mode)).convert(mode)


def _judge(format_: str, mode: str, data: bytes) -> Entry:
    try:
        pixels = decode(data).pixels
    except BadImageError as error:
        reason = str(error)
        fault = "" if reason.isprintable() else "the reason holds control characters"
        return Entry(format_, mode, reason, fault)
    expected = by_pillow(data)
    if format_ not in {*FORMATS, "MPO"}:
        return Entry(format_, mode, "read", "a format that is not supported is read")
    if (format_, mode) in FOURTH_KEPT and pixels.shape[2:] == (4,):
        pixels = pixels[..., :3]
    if pixels.shape != expected.shape or pixels.dtype != expected.dtype:
        what = f"{pixels.shape} {pixels.dtype}, not {expected.shape} {expected.dtype}"
        return Entry(format_, mode, "read", what)
    largest = int(np.abs(pixels.astype(int) - expected).max())
    allowed = CLOSE if format_ in LOSSY else 1
    fault = f"differs by {largest} levels" if largest > allowed else ""
    return Entry(format_, mode, f"read as {pixels.shape} {pixels.dtype}", fault)


def by_pillow(data: bytes) -> Pixels:
    """Read a file with Pillow alone, in the mode of ours that holds what its mode holds."""
    image = Image.open(io.BytesIO(data))
    if image.mode in ("P", "PA"):
        alpha = image.mode == "PA" or "transparency" in image.info
        image = image.convert("RGBA" if alpha else "RGB")
    modes = {"1": "L", "La": "LA", "RGBa": "RGBA", "CMYK": "RGB", "YCbCr": "RGB"}
    image = image.convert(modes.get(image.mode, image.mode))
    pixels = np.asarray(image)
    return pixels.astype(np.uint16) if image.mode.startswith("I") else pixels
