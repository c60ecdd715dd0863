"""WebDataset's own reader: every sample of a set of tars once, with class, row and whole image."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import webdataset

from benchmarks.readers.scripts.findings import Findings, Sets, check_samples, read_index, run


def check(sets: Sets, findings: Findings) -> None:
    """Read all tars; their names in braces have no gaps."""
    index = read_index(sets.out)
    urls = f"{sets.out}/{{000000..{index['blocks'] - 1:06d}}}-{{0..{index['factor'] - 1}}}.tar"
    dataset = webdataset.WebDataset(urls, shardshuffle=False)
    samples = [
        (sample["__key__"], sample[index["extension"]], _number(sample), json.loads(sample["json"]))
        for sample in dataset
    ]
    check_samples(sets, findings, samples)
    findings.facts["tars"] = len(index["tars"])


def _number(sample: dict[str, bytes]) -> int | None:
    return int(sample["cls"]) if "cls" in sample else None


if __name__ == "__main__":
    sys.exit(run(check, sys.argv[1:], Path.iterdir))
