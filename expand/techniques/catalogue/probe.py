"""What transforms do to images, found by trying each on a small one.

A transform that changes the type of pixels or the channels cannot make copies of an image. Which do
depends on their arguments and on the image: of 16-bit images, albumentations makes floating point
in a quarter of its transforms.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from expand.errors import BadImageError, ExpandError, SettingError
from expand.images.formats import max_pixels
from expand.images.pixels import Pixels
from expand.techniques.catalogue.build import build, run
from expand.techniques.catalogue.guard import TooLargeError
from expand.techniques.catalogue.saved import MOST_TRANSFORMS, Leaf, leaves
from expand.techniques.invariants import broken_by

SEEDS = range(1, 4)
LEVELS = ("fill", "drop_value")
"""Arguments that are levels of pixels, 0 … 255."""
SMALL, LARGE = (36, 44), (1100, 1000)
MOST_SECONDS, MOST_PIXELS = 5.0, 4_000_000
DIFFERENCE = 64.0
"""Grey levels between a pixel of a 16-bit result and that of the same image in 8 bits, above which
the transform or an argument of it is for 8 bits only. Rounding gives less than 8, a fill of 255 in
16 bits gives 254."""


class Tried(NamedTuple):
    """What came of trying a transform on one kind of image.

    `broken` says what it does not keep, `error` is the message of what it raised. `pixels` is the
    size of a result that was too large to try.
    """

    broken: str | None
    error: str | None
    resized: bool
    pixels: int = 0

    @property
    def failed(self) -> bool:
        """Whether it raised an error, or would give more pixels than `--max-pixels` allows."""
        return bool(self.error) and (not self.pixels or self.pixels > max_pixels())


def check_transform(saved: object, path: tuple[str | int, ...] = ()) -> None:
    """Refuse a transform or pipeline that cannot make copies of any image, with the reason.

    `path` leads to it in its file.
    """
    found = list(leaves(saved, path))
    if len(found) > MOST_TRANSFORMS:
        raise SettingError(f"a pipeline can have {MOST_TRANSFORMS} transforms", path=path)
    for leaf in found:
        _check_builds(leaf)
        colour, grey = (_try(_always(leaf), "uint8", channels) for channels in (3, 1))
        if broken := colour.broken or grey.broken:
            raise SettingError(f"{leaf.name} cannot make copies: {broken}", path=leaf.path)
        if colour.failed and grey.failed and (error := _error_on_large(leaf)):
            raise SettingError(f"{leaf.name} cannot be used: {error}", path=leaf.path)


def _check_builds(leaf: Leaf) -> None:
    try:
        build(json.dumps(leaf.saved, sort_keys=True))
    except ExpandError as error:
        raise SettingError(f"{leaf.name}: {error}", path=leaf.path) from error


@lru_cache(maxsize=256)
def broken_kind(transform: str, dtype: str, channels: int) -> str | None:
    """Return why a transform or pipeline spoils images of a kind; None if it does not."""
    for leaf in leaves(json.loads(transform)):
        broken = _fault_of_levels(leaf, dtype) or _try(_always(leaf), dtype, channels).broken
        if broken:
            return f"{leaf.name} cannot change it: {broken}"
    return None


def _fault_of_levels(leaf: Leaf, dtype: str) -> str | None:
    """Return the argument that is a level of 8-bit images, for an image of more bits.

    Trying does not always find it: on a small image there may be nothing to fill.
    """
    for key in LEVELS:
        values = leaf.saved.get(key) or 0
        values = values if isinstance(values, list) else [values]
        if dtype != "uint8" and any(isinstance(value, int | float) and value for value in values):
            return f'"{key}" is a level of 8-bit images'
    return None


def changes_size(transform: str) -> bool:
    """Return whether results have another size than the image, apart from quarter turns."""
    return any(
        _try(_always(leaf), "uint8", channels).resized
        for leaf in leaves(json.loads(transform))
        for channels in (3, 1)
    )


def _always(leaf: Leaf) -> str:
    return json.dumps({**leaf.saved, "p": 1.0}, sort_keys=True)


@lru_cache(maxsize=1024)
def _try(transform: str, dtype: str, channels: int) -> Tried:
    """Apply a transform, as JSON, to a small image with a few seeds."""
    pixels = example(SMALL, dtype, channels)
    resized, levels = False, 0
    for seed in SEEDS:
        try:
            result = _apply(transform, pixels, seed)
        except TooLargeError as error:
            # large results are not tried, which would take time and memory
            return Tried(None, str(error), resized=True, pixels=error.pixels)
        except ExpandError as error:
            return Tried(None, str(error), resized)
        if broken := broken_by(pixels, result):
            return Tried(broken, None, resized)
        resized = resized or sorted(result.shape[:2]) != sorted(SMALL)
        levels = max(levels, int(result.max()))
        if dtype != "uint8" and _differs(transform, channels, seed, result):
            return Tried("its levels are those of 8-bit images", None, resized)
    if levels <= 1:
        return Tried(f"it leaves the levels 0 … {levels} only", None, resized)
    return Tried(None, None, resized)


def _differs(transform: str, channels: int, seed: int, result: Pixels) -> bool:
    """Return whether a 16-bit result differs from that of the same image in 8 bits."""
    if json.loads(transform).get("fill") in ("random", "random_uniform"):
        return False  # other numbers are drawn for 16 bits
    try:
        expected = _apply(transform, example(SMALL, "uint8", channels), seed)
    except BadImageError:  # nothing to compare with
        return False
    if expected.shape != result.shape:
        return True
    return bool(np.abs(result / 257 - expected).max() > DIFFERENCE)


def _apply(transform: str, pixels: Pixels, seed: int) -> Pixels:
    start = time.perf_counter()
    result: Pixels = run(build(transform), pixels, seed, most=MOST_PIXELS)["image"]
    if (seconds := time.perf_counter() - start) > MOST_SECONDS:
        height, width = pixels.shape[:2]
        raise BadImageError(f"it takes {seconds:.0f} s for {width}×{height} pixels")
    return result


def _error_on_large(leaf: Leaf) -> str | None:
    """Return what a transform raises for a large image, which may be larger than what it cuts out.

    None if it works, or if even larger images are needed.
    """
    try:
        _apply(_always(leaf), example(LARGE, "uint8", 3), SEEDS[0])
    except TooLargeError as error:
        return str(error) if error.pixels > max_pixels() else None
    except ExpandError as error:
        return None if type(error.__cause__).__name__ == "CropSizeError" else str(error)
    return None


@lru_cache(maxsize=16)
def example(size: tuple[int, int], dtype: str, channels: int) -> Pixels:
    """Return an image (height, width) with slopes and a little noise; H×W if it has 1 channel."""
    planes = np.stack(list(_planes(size, channels)), axis=-1)
    pixels: Pixels = planes.astype(np.uint8)
    if dtype != "uint8":
        pixels = pixels.astype(dtype) * np.dtype(dtype).type(257)
    return pixels[..., 0] if channels == 1 else pixels


def _planes(size: tuple[int, int], channels: int) -> Iterator[Any]:
    height, width = size
    rows, columns = np.mgrid[:height, :width]
    noise = np.random.default_rng(0)
    for channel in range(channels):
        slope = rows / height * (channel % 3 + 1) + columns / width * ((channel + 1) % 3 + 1)
        yield (20 + slope * 40 + noise.integers(0, 12, size)).clip(0, 255)
