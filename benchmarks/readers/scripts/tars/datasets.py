"""Hugging Face datasets: a set of tars, at once and streamed, with classes, rows and images."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ["HF_HOME"] = tempfile.mkdtemp()  # before the import, which looks for its cache there
os.environ["HF_DATASETS_OFFLINE"] = os.environ["HF_HUB_OFFLINE"] = "1"
from datasets import Image, load_dataset

from benchmarks.readers.scripts.findings import Findings, Sets, check_samples, read_index, run


def check(sets: Sets, findings: Findings) -> None:
    """Read all tars both ways; no column is empty in any row."""
    extension = read_index(sets.out)["extension"]
    for streaming in (False, True):
        rows = _load(sets.out, streaming=streaming).cast_column(extension, Image(decode=False))
        check_samples(
            sets,
            findings,
            [(row["__key__"], _bytes(row[extension]), row.get("cls"), row["json"]) for row in rows],
        )
        for row in _load(sets.out, streaming=streaming):
            row[extension].load()


def _bytes(image: dict[str, Any] | None) -> bytes:
    return image["bytes"] if image else b""


def _load(out: Path, *, streaming: bool) -> Any:
    return load_dataset(
        "webdataset",
        data_files=str(out / "*.tar"),
        split="train",
        streaming=streaming,
        cache_dir=tempfile.mkdtemp(),
    )


if __name__ == "__main__":
    sys.exit(run(check, sys.argv[1:], Path.iterdir))
