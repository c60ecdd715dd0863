"""Fetch: a torchvision dataset as class folders of PNG files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from expand.cli.options import DATA_SETS
from expand.errors import STOPPED, ExpandError
from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.job.run import Progress
from expand.storage.files import write_whole

ROOT = Path("~/.cache/expand")


def fetch(
    name: str, folder: Path, root: Path | None, progress: Progress = lambda _files: None
) -> dict[str, int]:
    """Write a dataset to `folder`/train/<class>/ and `folder`/test/<class>/; return their counts.

    It is read from `root` if that is given, as torchvision stores it; otherwise downloaded to a
    cache. Existing files are written again, to the same bytes.
    """
    if name not in DATA_SETS:
        raise ExpandError(
            f'"{name}" is not a dataset that can be fetched; choose one of {", ".join(DATA_SETS)}'
        )
    if folder.exists() and not folder.is_dir():
        raise ExpandError(f'"{folder}" is a file; a folder is needed')
    return {
        part: _write(_open(name, part, root), folder / part, progress) for part in ("train", "test")
    }


def _open(name: str, part: str, root: Path | None) -> Any:
    """Open torchvision's dataset; raise ExpandError if it cannot be loaded."""
    try:
        from torchvision import datasets
    except ImportError as error:
        raise ExpandError(
            f'fetching needs torchvision: pip install ".[train]" ({error})'
        ) from error
    location = root or ROOT.expanduser()
    try:
        return getattr(datasets, name)(
            root=str(location), train=part == "train", download=root is None
        )
    except (RuntimeError, OSError) as error:
        if root is not None:
            raise ExpandError(
                f'"{root}" does not hold {name} as torchvision stores it ({error})'
            ) from error
        raise ExpandError(f"{name} could not be downloaded ({error})", STOPPED) from error


def _write(data: Any, folder: Path, progress: Progress) -> int:
    """Write the images of one part, numbered in the dataset's order."""
    digits = len(str(len(data) - 1))
    names = [class_folder(label) for label in data.classes]
    for index, (pixels, label) in enumerate(zip(data.data, data.targets, strict=True)):
        path = folder / names[int(label)] / f"{index:0{digits}d}.png"
        write_whole(path, encode(np.asarray(pixels), Encoding("PNG")))
        progress(1)
    return len(data)


def class_folder(label: str) -> str:
    """Convert a class name to a folder name: "T-shirt/top" becomes "T-shirt_top"."""
    return re.sub(r"[^\w-]+", "_", label).strip("_")
