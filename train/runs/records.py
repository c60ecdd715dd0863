"""The records of a run: settings, results, metrics, versions."""

from __future__ import annotations

import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from expand.storage.files import write_whole
from train.errors import TrainError

RUN, METRICS = "run.json", "metrics.jsonl"
LIBRARIES = ("torch", "torchvision", "numpy", "opencv-python-headless", "pillow", "albumentations")


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Write plain data as readable JSON, whole."""
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write text, whole; what is not UTF-8 in a file's name stands in it as an escape (in JSON, one that is read back)."""
    write_whole(path, text.encode("utf-8", "backslashreplace"))


def read_run(folder: Path) -> dict[str, Any] | None:
    """Return a run's record, None if there is none."""
    path = folder / RUN
    if not path.is_file():
        return None
    try:
        run: dict[str, Any] = json.loads(path.read_text("utf-8"))
        run["settings"], run["state"]
    except (ValueError, KeyError, TypeError) as error:
        raise TrainError(f'"{path}" is damaged ({error!r})') from error
    return run


def write_metrics(folder: Path, lines: list[dict[str, Any]]) -> None:
    """Write a line an epoch."""
    write_whole(folder / METRICS, "".join(json.dumps(line) + "\n" for line in lines).encode())


def versions() -> dict[str, str]:
    """Return the versions of what a run's numbers depend on."""
    found = {"python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return found
