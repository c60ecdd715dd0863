"""Datasets with tables for tests: written, expanded with one exact technique, read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from expand import Recipe, expand
from expand.job.job import Report

FLIP = Recipe.parse("techniques: [flip]")
WIDTH, HEIGHT = 80, 60


def write(root: Path, files: dict[str, str | bytes | None]) -> Path:
    """Write files; an image for a name of one, all different, 80×60 unless it is given."""
    for number, (name, content) in enumerate(files.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            pixels = np.random.default_rng(number).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
            cv2.imwrite(str(path), pixels)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def images(*names: str) -> dict[str, str | bytes | None]:
    """Return images to write."""
    return dict.fromkeys(names)


def flipped(root: Path, factor: int = 2, **options: Any) -> tuple[Path, Report]:
    """Expand a dataset: view 1 of each image is mirrored, and nothing else."""
    out = root.parent / "out"
    return out, expand(root, out, factor, FLIP, workers=1, **options)


def table_of(
    tmp_path: Path, table: str | bytes, *names: str, name: str = "labels.csv", **options: Any
) -> str:
    """Return the table of an expanded dataset with these images."""
    root = write(tmp_path / "set", {**images(*names), name: table})
    out, _ = flipped(root, **options)
    return (out / name).read_bytes().decode("utf-8")
