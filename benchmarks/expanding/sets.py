"""The sets of images: photographs and small images from a folder if one is given, else drawn."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from expand.errors import BadImageError
from expand.images.decoder import decode

SMALL = 2
"""Images of the set that shows how long an arm takes to start."""


@dataclass(frozen=True)
class ImageSet:
    """A set to measure on: how many images of which size and format."""

    name: str
    title: str
    suffix: str
    images: int
    height: int
    width: int
    folder: Path | None = None
    """Where real ones are; None: they are drawn."""

    @property
    def origin(self) -> str:
        """Where the images come from, in words."""
        return "real images" if self.folder else "drawn images"


SETS = (
    ImageSet("photographs", "photographs", ".jpg", 500, 400, 500),
    ImageSet("jpeg32", "JPEG 32×32", ".jpg", 10_000, 32, 32),
    ImageSet("png28", "PNG 28×28", ".png", 10_000, 28, 28),
)
SUFFIXES = {".jpg": (".jpg", ".jpeg"), ".png": (".png",)}


def prepare(image_set: ImageSet, out: Path) -> tuple[Path, Path]:
    """Write the images as two class folders; return that folder, and one of only `SMALL` images.

    A folder with fewer images than asked for is used several times over. Names are new, so that
    all sets have names of one length.
    """
    found = _usable(image_set) if image_set.folder else []
    if image_set.folder and not found:
        raise FileNotFoundError(f'"{image_set.folder}" has no {image_set.suffix} images')
    for folder, count in ((out / "all", image_set.images), (out / "small", SMALL)):
        for label in "ab":
            (folder / label).mkdir(parents=True)
        for index in range(count):
            path = folder / "ab"[index % 2] / f"{index:05d}{image_set.suffix}"
            if found:
                shutil.copyfile(found[index % len(found)], path)
            else:
                _draw(image_set, index, path)
    return out / "all", out / "small"


def _usable(image_set: ImageSet) -> list[Path]:
    """Return the images of the folder that expand and its peers can all read."""
    assert image_set.folder
    suffixes = SUFFIXES[image_set.suffix]
    paths = sorted(path for path in image_set.folder.rglob("*") if path.suffix.lower() in suffixes)
    step = max(1, len(paths) // image_set.images)  # of every class, where there are many
    return [path for path in paths[::step][: image_set.images] if _is_usable(path)]


def _is_usable(path: Path) -> bool:
    try:
        decoded = decode(path.read_bytes())
    except BadImageError:
        return False
    return not decoded.turned


def _draw(image_set: ImageSet, index: int, path: Path) -> None:
    """Draw a smooth random image with some texture."""
    rng = np.random.default_rng(index)
    shape = (6, 6, 3) if image_set.suffix == ".jpg" else (6, 6)
    size = (image_set.width, image_set.height)
    smooth = cv2.resize(
        rng.integers(0, 256, shape).astype(np.uint8), size, interpolation=cv2.INTER_CUBIC
    )
    texture = rng.normal(0, 6, smooth.shape)
    cv2.imwrite(str(path), np.clip(smooth + texture, 0, 255).astype(np.uint8))
