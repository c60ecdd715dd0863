"""The annotation files of a COCO dataset, and the folders that their images lie in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.readers.scripts.findings import files_below


def annotation_files(root: Path) -> dict[str, dict[str, Any]]:
    """Return the contents of each COCO file below a folder, by its path; captions are left out."""
    found = {}
    for path in files_below(root, "*.json"):
        content = json.loads(path.read_text("utf-8-sig"))
        if isinstance(content, dict) and {"images", "annotations", "categories"} <= content.keys():
            if not all("category_id" in each for each in content["annotations"]):
                continue
            found[path.relative_to(root).as_posix()] = content
    if not found:
        raise SystemExit(f'"{root}" has no COCO file')
    return found


def image_folder(root: Path, file: str, content: dict[str, Any]) -> Path:
    """Return the folder that the file names of a COCO file start from.

    That is the folder in which the first of them lies; one with the file's own part of the
    dataset in its name goes first.
    """
    names = [image["file_name"] for image in content["images"]]
    if not names:
        return root
    folders = [root, (root / file).parent, *(path for path in root.rglob("*") if path.is_dir())]
    held = [folder for folder in folders if all((folder / name).is_file() for name in names)]
    if not held:
        raise SystemExit(f'"{file}": "{names[0]}" is in no folder below "{root}"')
    stem = Path(file).stem
    return next((folder for folder in held if stem.endswith(folder.name)), held[0])
