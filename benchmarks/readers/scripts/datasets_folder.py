"""Hugging Face datasets: an image folder has the source's features, parts and columns."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

os.environ["HF_HOME"] = tempfile.mkdtemp()  # before the import, which looks for its cache there
os.environ["HF_DATASETS_OFFLINE"] = os.environ["HF_HUB_OFFLINE"] = "1"
from datasets import Image, load_dataset

from benchmarks.readers.scripts.findings import (
    Findings,
    Reading,
    Seen,
    Sets,
    compare,
    copies_of,
    run,
)


def check(sets: Sets, findings: Findings) -> None:
    """Load both image folders; every row of a copy says what its source's row says."""
    source, out = (_load(root) for root in (sets.source, sets.out))
    if not sets.split:
        findings.equal("parts", sorted(out), sorted(source))
    for part in out:
        own = source.get(part) or next(iter(source.values()))
        findings.equal(f"features of {part}", out[part].features, own.features)
        findings.equal(f"columns of {part}", out[part].column_names, own.column_names)
        for row in out[part]:
            row["image"].load()
    readings = [_see(sets.source, source), _see(sets.out, out)]
    compare(sets, findings, *readings)
    for name, files in copies_of(sets).items():
        for file in files.values() if name in readings[0] else ():
            if file in readings[1]:
                found, expected = readings[1][file].labels, readings[0][name].labels
                findings.equal(f'row of "{file}"', _fixed(found), _fixed(expected))


def _load(root: Path) -> dict[str, Any]:
    return dict(load_dataset("imagefolder", data_dir=str(root), cache_dir=tempfile.mkdtemp()))


def _fixed(row: dict[str, Any]) -> dict[str, Any]:
    """Return what does not move with the pixels: all but lists, which are boxes and the like."""
    return {key: value for key, value in row.items() if not isinstance(value, (list, dict))}


def _see(root: Path, parts: dict[str, Any]) -> Reading:
    reading: Reading = {}
    for part, rows in parts.items():
        for row in rows.cast_column("image", Image(decode=False)):
            file = Path(row.pop("image")["path"]).resolve().relative_to(root).as_posix()
            reading[file] = Seen(row, Counter({"row": 1}), part)
    return reading


if __name__ == "__main__":
    sys.exit(run(check, sys.argv[1:], _load))
