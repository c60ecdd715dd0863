"""Drawn images with masks: each class has its colour, so that an image tells what its mask is."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from expand.images.pixels import Pixels

COLOURS = np.array([[20, 20, 20], [240, 30, 30], [30, 240, 30], [30, 30, 240]], np.uint8)
"""The colours of the classes 0 (background) to 3."""
WIDTH, HEIGHT = 160, 120


def scene(seed: int, width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    """Return the classes of a scene, H×W: three disks apart, at a place of their own."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width] + 0.5
    classes = np.zeros((height, width), np.uint8)
    for value in (1, 2, 3):
        x, y = (0.25 * value + rng.uniform(-0.04, 0.04)) * width, rng.uniform(0.35, 0.65) * height
        radius = rng.uniform(0.09, 0.11) * width
        classes[(columns - x) ** 2 + (rows - y) ** 2 < radius**2] = value
    return classes


def shown(classes: Pixels) -> Pixels:
    """Return the image of a scene, H×W×3."""
    return COLOURS[classes]


def seen(image: Pixels) -> Pixels:
    """Return the classes that an image shows: those of the nearest colours."""
    away = np.abs(image[..., None, :3].astype(int) - COLOURS.astype(int)).sum(axis=-1)
    return np.argmin(away, axis=-1).astype(np.uint8)


def as_png(pixels: Pixels, palette: Pixels | None = None) -> bytes:
    """Return pixels as a PNG file."""
    image = Image.fromarray(pixels)
    if palette is not None:
        image = Image.fromarray(pixels, "P")
        image.putpalette(palette.tobytes())
    return as_file(image, "PNG")


def as_file(image: Image.Image, kind: str, **settings: object) -> bytes:
    """Return an image as a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def write(root: Path, files: dict[str, bytes]) -> Path:
    """Write files below a folder."""
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def pairs(names: dict[str, str]) -> dict[str, bytes]:
    """Return an image and its mask for each pair of names; JPEG images have the best quality."""
    files: dict[str, bytes] = {}
    for seed, (image, mask) in enumerate(names.items()):
        classes = scene(seed)
        files[image] = as_image(image, shown(classes))
        files[mask] = as_image(mask, classes)
    return files


def as_image(name: str, pixels: Pixels) -> bytes:
    """Return pixels as a file of the kind that its name says."""
    kind = {"jpg": "JPEG", "tif": "TIFF", "bmp": "BMP", "gif": "GIF"}.get(
        name.rpartition(".")[2], "PNG"
    )
    settings = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    return as_file(Image.fromarray(pixels), kind, **settings)


def agree(image: Pixels, mask: Pixels) -> float:
    """Return the smallest IoU, over the classes, of what an image shows and its mask says."""
    found = seen(image)
    worst = 1.0
    for value in (1, 2, 3):
        both = ((found == value) & (mask == value)).sum()
        either = ((found == value) | (mask == value)).sum()
        worst = min(worst, both / either if either > 60 else 1.0)
    return worst
