"""The YAML file of a YOLO dataset, and the task that its labels are for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from benchmarks.readers.scripts.findings import files_below

PARTS = ("train", "val", "test")


def data_file(root: Path) -> Path:
    """Return the YAML file at the top of a dataset that names its classes."""
    for path in (*sorted(root.glob("*.yaml")), *sorted(root.glob("*.yml"))):
        content = yaml.safe_load(path.read_text("utf-8-sig"))
        if isinstance(content, dict) and ("names" in content or "nc" in content):
            return path
    raise SystemExit(f'"{root}" has no YAML file that names classes')


def task_of(root: Path, data: dict[str, Any]) -> str:
    """Return the task: from kpt_shape or a word in the file's comments, else from the columns.

    Rows of nine columns alone are oriented boxes.
    """
    if data.get("kpt_shape"):
        return "pose"
    rows = [
        len(line.split())
        for path in files_below(root, "*.txt")
        if "labels" in path.parts
        for line in path.read_text("utf-8-sig").splitlines()
        if line.strip()
    ]
    if not rows or max(rows) == 5:
        return "detect"
    return "obb" if set(rows) == {9} else "segment"
