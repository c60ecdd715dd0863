"""The datasets of the comparisons, as class folders."""

from __future__ import annotations

import tarfile
from pathlib import Path

from expand.cli.fetch import fetch

DONE = ".unpacked"


def class_folders(data: Path, out: Path, name: str) -> Path:
    """Return a folder with train/ and test/ in class folders.

    `data` is such a folder, a tar archive of one, or what torchvision stores of the dataset `name`;
    the last two are unpacked to `out` once.
    """
    if (data / "train").is_dir():
        return data
    if not (out / DONE).exists():
        out.mkdir(parents=True, exist_ok=True)
        if data.is_file():
            with tarfile.open(data) as archive:
                archive.extractall(out, filter="data")
        else:
            fetch(name, out, data)
        (out / DONE).touch()
    return out
