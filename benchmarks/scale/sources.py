"""A folder of very many sources: hard links to a few tiny images."""

from __future__ import annotations

import os
import random
from pathlib import Path

CLASSES, IMAGES, SIDE = 10, 16, 8
BYTES_PER_NAME = 1024
"""What a name takes at most, on file systems in memory."""
BLOCK = 4096


def link_sources(root: Path, count: int) -> None:
    """Make class folders in `root`/src with `count` images, created in a random order of names."""
    rng = random.Random(0)
    for number in range(CLASSES):
        label = root / "src" / f"class{number}"
        label.mkdir(parents=True)
        tiny = _draw(root / "tiny" / label.name)  # a million names are 6,250 for each of these
        order = list(range(number, count, CLASSES))
        rng.shuffle(order)
        for index in order:
            os.link(tiny[index // CLASSES % IMAGES], f"{label}/image{index:07d}.png")


def _draw(folder: Path) -> list[Path]:
    """Draw the images of a class."""
    import cv2
    import numpy as np

    folder.mkdir(parents=True)
    rng, paths = np.random.default_rng(0), []
    for number in range(IMAGES):
        paths.append(folder / f"{number}.png")
        cv2.imwrite(str(paths[-1]), rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8))
    return paths


def missing_room(folder: Path, sources: int, copies: int) -> str:
    """Return what `folder` lacks for so many sources and their copies; "" if they fit."""
    found = os.statvfs(folder)
    files = sources * (1 + copies)
    needed = files * BYTES_PER_NAME + sources * copies * BLOCK
    free = found.f_bavail * found.f_frsize
    if needed > free:
        return f"{needed / 1e9:.1f} GB of free space; it has {free / 1e9:.1f} GB"
    if found.f_favail and files > found.f_favail:
        return f"room for {files:,} more files; it has room for {found.f_favail:,}"
    return ""
