"""Resample images through an affine map, and fill the area that the map leaves uncovered."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from expand.errors import BadImageError, ExpandError
from expand.geometry import Affine, stretch
from expand.images.formats import max_pixels
from expand.images.pixels import Pixels
from expand.recipes.fill import Fill
from expand.views.moves import Move, Moves, by_centres

EXACT_CHANNELS = (1, 3, 4)
"""Numbers of channels that OpenCV 5 interpolates exactly.

With 2, or 5 and more, it works in steps of 1/32 pixel, and is off by up to 18 of 255.
"""
MOST_CHANNELS = 4
"""Numbers of channels that all functions of OpenCV take."""
PADDED = 48 * 48
"""Pixels of an output from which three channels are resampled as four.

That gives the same values, and takes OpenCV less than half the time.
"""


def resample(pixels: Pixels, move: Move, fill: Fill, colour: Sequence[int]) -> Pixels:
    """Resample an image (H×W or H×W×C) bilinearly; `move` was made for images of this size.

    Flips, quarter turns and whole-pixel shifts are exact. `colour` is `fill.colour` of this image.
    A map that shrinks by two or more averages whole blocks first, since it would skip pixels.
    Raises `BadImageError` if the output would have no pixels.
    """
    if move.still:
        return pixels
    if move.mirrors:
        return mirror(pixels, move.matrix)
    if move.size != pixels.shape[1::-1]:
        _check_size(*move.size, pixels)
    matrix = move.matrix
    if move.shrinks:
        pixels, source = _average_blocks(pixels, move.source)
        matrix = np.array(by_centres(source), dtype=np.float64).reshape(2, 3)
    return warp(pixels, matrix, move.size, fill.mode, colour)


def _check_size(width: int, height: int, pixels: Pixels) -> None:
    """Raise `BadImageError` for a view of no pixels, and of more than `--max-pixels`."""
    area = width * height
    if area < 1 or area > max(max_pixels(), pixels.shape[0] * pixels.shape[1]):
        raise BadImageError(f"would become {width}×{height} pixels")


def mirror(pixels: Pixels, matrix: NDArray[np.float64]) -> Pixels:
    """Return an image flipped or turned by quarters; `matrix` is 2×3, from output to input."""
    (a, b, _), (d, e, _) = matrix.tolist()
    crossed = a == 0
    across, down = (d, b) if crossed else (a, e)
    if pixels.ndim > 2 and pixels.shape[2] > MOST_CHANNELS:
        turned = pixels.swapaxes(0, 1) if crossed else pixels
        return np.ascontiguousarray(turned[:: int(down), :: int(across)])
    out = cv2.transpose(pixels) if crossed else pixels
    if across < 0 or down < 0:
        out = cv2.flip(out, -1 if across == down else 1 if across < 0 else 0)
    return out.reshape(*out.shape[:2], *pixels.shape[2:])


def warp(
    pixels: Pixels,
    matrix: NDArray[np.float64],
    size: tuple[int, int],
    mode: int,
    colour: Sequence[int],
) -> Pixels:
    """Resample an image to `size` (width, height) bilinearly.

    `matrix` is 2×3, from output to input pixel centres; `mode` is OpenCV's border mode.
    """
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if channels not in EXACT_CHANNELS:
        return _warp_planes(pixels, matrix, size, mode, colour)
    padded = _is_padded(channels, *size)
    if padded:
        pixels, colour = cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA), (*colour, 0)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    try:
        out = cv2.warpAffine(pixels, matrix, size, flags=flags, borderMode=mode, borderValue=colour)
    except cv2.error as error:
        raise _reason(error, size) from error
    if padded:
        del pixels  # the four channels of the source: a large image leaves no room for both
        return cv2.cvtColor(out, cv2.COLOR_RGBA2RGB)
    return out[..., None] if out.ndim < pixels.ndim else out


def _is_padded(channels: int, width: int, height: int) -> bool:
    """Tell whether images are resampled with a fourth channel."""
    return channels == 3 and width * height >= PADDED


def _reason(error: cv2.error, size: tuple[int, int]) -> Exception:
    """Return an error of OpenCV as one of ours."""
    if error.code == cv2.Error.StsNoMem:
        return MemoryError()
    return BadImageError(f"cannot be resampled to {size[0]}×{size[1]} pixels")


def _warp_planes(
    pixels: Pixels,
    matrix: NDArray[np.float64],
    size: tuple[int, int],
    mode: int,
    colour: Sequence[int],
) -> Pixels:
    """Resample each channel on its own."""
    planes = (np.ascontiguousarray(pixels[..., i]) for i in range(pixels.shape[2]))
    warped = [
        warp(plane, matrix, size, mode, [value])
        for plane, value in zip(planes, colour, strict=True)
    ]
    return np.stack(warped, axis=-1)


def resample_batch(pixels: Pixels, moves: Moves, fill: Fill, colours: NDArray[np.int64]) -> Pixels:
    """Resample N images of one size (N×H×W or N×H×W×C), each as `resample` does.

    `colours` is N×C; a single move is that of all images. Raises `ExpandError` if the outputs
    differ in size.
    """
    if not len(pixels):
        return pixels.copy()
    if len(moves) == 1:
        moves = moves.take(np.zeros(len(pixels), np.intp))
    width, height = moves.sizes[:, 0].tolist()
    if np.any(moves.sizes != [[width], [height]]):
        raise ExpandError(
            "views of one batch have different sizes; give them one with --image-size"
        )
    if (width, height) != pixels.shape[2:0:-1]:
        _check_size(width, height, pixels[0])
    out = np.empty((len(pixels), height, width, *pixels.shape[3:]), pixels.dtype)
    channels = 1 if pixels.ndim == 3 else pixels.shape[3]
    direct = channels in EXACT_CHANNELS and not _is_padded(channels, width, height)
    simple = moves.simple if direct else np.zeros(len(pixels), np.bool_)
    _warp_into(out, pixels, moves.matrices, np.flatnonzero(simple), fill.mode, colours)
    others = np.flatnonzero(~simple)
    for place, move in zip(others.tolist(), moves.take(others).each(), strict=True):
        out[place] = resample(pixels[place], move, fill, colours[place].tolist())
    return out


def _warp_into(
    out: Pixels,
    pixels: Pixels,
    matrices: NDArray[np.float64],
    places: NDArray[np.intp],
    mode: int,
    colours: NDArray[np.int64],
) -> None:
    """Resample the images at `places` into those of `out`, as `warp` does.

    OpenCV takes 4 µs for an image of 28×28 pixels, as long as calling `warp` for it.
    """
    size, flags = out.shape[2:0:-1], cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    try:
        for place, colour in zip(places.tolist(), colours[places].tolist(), strict=True):
            cv2.warpAffine(pixels[place], matrices[place], size, out[place], flags, mode, colour)
    except cv2.error as error:
        raise _reason(error, size) from error


def _average_blocks(pixels: Pixels, source: Affine) -> tuple[Pixels, Affine]:
    """Average whole blocks where the map would skip pixels; return the image and its map."""
    steps = (int(hypot(source.a, source.b) + 1e-9), int(hypot(source.d, source.e) + 1e-9))
    if max(steps) <= 1:
        return pixels, source
    across, down = (
        max(1, min(step, side)) for step, side in zip(steps, pixels.shape[1::-1], strict=True)
    )
    width, height = -(-pixels.shape[1] // across), -(-pixels.shape[0] // down)
    extra = width * across - pixels.shape[1], height * down - pixels.shape[0]
    padded = np.pad(
        pixels, ((0, extra[1]), (0, extra[0]), *((0, 0),) * (pixels.ndim - 2)), mode="edge"
    )
    mean = cv2.resize(padded, (width, height), interpolation=cv2.INTER_AREA)
    return mean.reshape(height, width, *pixels.shape[2:]), stretch(1 / across, 1 / down).after(
        source
    )
