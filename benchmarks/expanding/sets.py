"""The sets of images: photographs and small images from a folder where there is one, else drawn."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from expand.images.formats import SUFFIXES


class ImageSet(NamedTuple):
    """A set to measure on: how many images of which size and format, and where real ones may be."""

    name: str
    folder: str
    """Below `data/`; drawn if it is not there."""
    suffix: str
    count: int
    height: int
    width: int


SETS = (
    ImageSet("photographs", "photos", ".jpg", 500, 400, 500),
    ImageSet("jpeg32", "cifar/train", ".jpg", 10_000, 32, 32),
    ImageSet("png28", "mnist", ".png", 10_000, 28, 28),
)


def prepare(image_set: ImageSet, folder: str | None, out: Path) -> Path:
    """Write `count` images as two class folders; the file names say nothing of their origin."""
    root = Path(folder or f"data/{image_set.folder}")
    found = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES)
    for label in "ab":
        (out / label).mkdir(parents=True)
    for index in range(image_set.count):
        path = out / "ab"[index % 2] / f"{index:05d}{image_set.suffix}"
        if found:
            shutil.copyfile(found[index % len(found)], path)
        else:
            _draw(image_set, index, path)
    return out


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
