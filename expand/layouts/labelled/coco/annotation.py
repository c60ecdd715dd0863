"""What COCO files say of an image, as text that goes to a worker with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from zlib import crc32

from expand.errors import shown
from expand.layouts.labelled.coco.files.chosen import Entry
from expand.layouts.labelled.coco.files.document import ANNOTATIONS, CocoFile


def write_annotation(files: Sequence[CocoFile], entries: Sequence[Entry]) -> str:
    """Return what COCO files say of an image, as `CocoLabels.parse` reads it.

    That is the path, width, height and folder of PNG files of each entry, and for each annotation
    the number of its entry and itself. A text says why the image cannot be used.
    """
    heads, listed = [], list[str]()
    for number, entry in enumerate(entries):
        coco = files[entry.file]
        if coco.ids[entry.image] in coco.shared:
            return json.dumps(
                f'"{coco.path}": its id, {shown(coco.ids[entry.image])}, is that of other images'
            )
        size = coco.sizes[entry.image] or (None, None)
        heads.append((coco.path, *size, coco.png_folder))
        for annotation in coco.annotations_of(entry.image):
            listed.append(f"{number},{coco.json.entry(ANNOTATIONS, annotation)}")
    return f"[{json.dumps(heads)},[{','.join(listed)}]]"


def stamp(annotation: str) -> int:
    """Return a number that tells whether files still say the same of an image."""
    return crc32(annotation.encode("utf-8", "backslashreplace"))
