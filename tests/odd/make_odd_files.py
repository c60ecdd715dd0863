"""Draw the odd files into a folder: python -m tests.odd.make_odd_files DIR.

They lie in one class folder per format. Every run draws the same bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.odd.files import bmp, jpeg, names, other, png, pnm, tiff, webp
from tests.odd.files.case import Case

MODULES = (png, jpeg, tiff, webp, bmp, pnm, other, names)


def odd_files() -> Iterator[tuple[str, Case]]:
    """Yield every odd file with its path relative to the folder."""
    for module in MODULES:
        label = module.__name__.rpartition(".")[2]
        for case in module.cases():
            yield f"{label}/{case.name}", case


def make(folder: Path) -> dict[str, Case]:
    """Write the odd files below `folder`; return them by their relative paths."""
    made: dict[str, Case] = {}
    for name, case in odd_files():
        if name in made:
            raise ValueError(f"two files are named {name!r}")
        made[name] = case
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(case.data)
    return made


if __name__ == "__main__":
    print(len(make(Path(sys.argv[1]))), "files")  # noqa: T201  # a command
