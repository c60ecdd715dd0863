"""The run card: settings, recipe, counts, versions and cost of an output folder."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import Any

from expand import __version__
from expand.errors import ExpandError
from expand.records.manifest import MANIFEST, PART
from expand.storage.files import write_whole

CARD = "expand.json"
FINISHED, UNFINISHED = "finished", "unfinished"
LIBRARIES = ("numpy", "opencv-python-headless", "pillow", "tifffile", "albumentations")


def read_card(folder: Path) -> dict[str, Any] | None:
    """Read the run card of an output folder; None if it has none."""
    path = folder / CARD
    if not path.is_file():
        return None
    try:
        card = json.loads(path.read_text("utf-8"))
        card["settings"]["recipe"]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ExpandError(f'"{path}" is damaged ({error!r})') from error
    return card  # type: ignore[no-any-return]


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """Write the run card; bytes of a path that are not UTF-8 are escapes, which JSON reads back."""
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    write_whole(folder / CARD, text.encode("utf-8", "backslashreplace"))


def versions() -> dict[str, str]:
    """Return the version of expand and of each library that decides the bytes of copies."""
    result = {"expand": __version__}
    for library in LIBRARIES:
        try:
            result[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return result


def is_record(name: str) -> bool:
    """Tell whether a file at the top of an output folder is one of expand's records."""
    return name in (CARD, MANIFEST) or name.startswith(PART.split("{")[0])
