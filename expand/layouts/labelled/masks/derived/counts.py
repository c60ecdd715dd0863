"""dataset.json of nnU-Net: the number of training cases is that of the expanded dataset.

https://github.com/MIC-DKFZ/nnUNet/blob/master/documentation/dataset_format.md
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.labelled.dataset import Rows, SetWideFile
from expand.layouts.labelled.files import read_file

NAME, COUNT = "dataset.json", "numTraining"
LARGEST = 16 << 20


@dataclass(frozen=True)
class CaseCount:
    """A file that says how many cases there are."""

    content: dict[str, object]
    sources: int
    """Images that grow."""

    def derive(self, rows: Rows) -> Iterator[SetWideFile]:
        """Yield the file with the number of cases of the expanded dataset."""
        files = sum(1 for _ in rows())
        before = self.content[COUNT]
        assert isinstance(before, int)
        content = {**self.content, COUNT: before - self.sources + files}
        yield SetWideFile.of(NAME, json.dumps(content, indent=4, ensure_ascii=False).encode())


def read_count(root: Path, sources: int) -> CaseCount | None:
    """Read the file of a dataset of so many images that grow; return None if there is none."""
    try:
        content = json.loads(read_file(root, NAME, LARGEST))
    except (ExpandError, ValueError, RecursionError):
        return None
    count = content.get(COUNT) if isinstance(content, dict) else None
    if not isinstance(count, int) or isinstance(count, bool) or count < sources:
        return None
    return CaseCount(content, sources)
