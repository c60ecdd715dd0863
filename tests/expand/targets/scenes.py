"""Images whose targets are known: disks of a known centre, polygons drawn as labels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from expand import Recipe
from expand.geometry import Placement, Size
from expand.images.pixels import Pixels
from expand.views.resample import resample
from expand.views.views import Views

MOVES = {
    "flip": "flip: {factor: 4}",
    "rotate90": "rotate90",
    "rotate": "rotate: {degrees: [-180, 180]}",
    "translate": "translate: {x: [-0.2, 0.2], y: [-0.2, 0.2]}",
    "pixels": "translate: {x: [-9, 9], y: [-7, 7], unit: pixel}",
    "scale": "scale: {zoom: [0.6, 1.6]}",
    "crop": "crop: {area: [0.5, 0.9], aspect: [0.7, 1.4]}",
    "pad": "pad: {by: 0.2}",
    "resize": "resize: {size: [150, 90]}",
}
"""Every geometric technique."""
EXACT = ("flip", "rotate90", "pixels")


def views_of(name: str) -> Views:
    """Return the views of one technique of `MOVES`, or of a recipe by its name."""
    if name in MOVES:
        return Views(Recipe.parse(f"fill: 0\ntechniques:\n  - {MOVES[name]}"))
    return Views(Recipe.load(name))


def numbers(views: Views, count: int = 6) -> range:
    """Return the numbers of some different views after view 0; at least one."""
    return range(1, max(2, min(views.recipe.distinct or 99, count + 1)))


def placements(name: str, height: int, width: int, count: int = 6) -> Iterator[Placement]:
    """Yield the placements of some views."""
    views = views_of(name)
    for k in numbers(views, count):
        params = views.params("a/b.png", k)
        yield views.placement(params, Size(float(width), float(height)))


def bumps(centres: np.ndarray, height: int, width: int, sigma: float = 4.0) -> np.ndarray:
    """Return an image of 16 bits for each centre (x, y): a smooth bump, N×H×W."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    square = (columns - centres[:, 0, None, None]) ** 2 + (rows - centres[:, 1, None, None]) ** 2
    return np.round(60000 * np.exp(-square / (2 * sigma**2))).astype(np.uint16)


def centre_of(pixels: Pixels) -> np.ndarray:
    """Return the centre of mass of an image, x and y."""
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]] + 0.5
    weights = pixels / pixels.sum(dtype=np.float64)
    return np.array([(columns * weights).sum(), (rows * weights).sum()])


def star(x: float, y: float, radius: float, corners: int = 10, turn: float = 0.3) -> np.ndarray:
    """Return a concave polygon about a centre, M×2."""
    angles = turn + np.arange(corners) * 2 * np.pi / corners
    radii = np.where(np.arange(corners) % 2, 0.55, 1.0) * radius
    return np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=1)


def inside(ring: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return which pixels (H×W) have their centre in a ring, by the even-odd rule: a reference."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    odd = np.zeros((height, width), bool)
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        crosses = (y0 > rows) != (y1 > rows)
        with np.errstate(divide="ignore", invalid="ignore"):
            odd ^= crosses & (columns < x0 + (rows - y0) * (x1 - x0) / (y1 - y0))
    return odd


def drawn(parts: list[np.ndarray], height: int, width: int) -> np.ndarray:
    """Return which pixels (H×W) have their centre in one of some rings."""
    found = np.zeros((height, width), bool)
    for ring in parts:
        found |= inside(ring, height, width)
    return found


def warped(mask: Pixels, name: str, k: int) -> Pixels:
    """Return what the views of `name` make of an image, without any change of values."""
    views = views_of(name)
    params = views.params("a/b.png", k)
    if "noise" in params:
        params["noise"] = views.recipe.neutral()["noise"]
    move = views.move(params, mask.shape)
    channels = 1 if mask.ndim == 2 else mask.shape[2]
    return resample(mask, move, views.recipe.fill, [0] * channels)
