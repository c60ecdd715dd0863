"""Polygons beside masks, as Cityscapes has them: "x_gtFine_polygons.json".

Their corners are pixel indices, which PIL's ImageDraw draws masks from. So they are half a pixel
away from the coordinates of targets:
https://github.com/mcordts/cityscapesScripts/blob/master/cityscapesscripts/preparation/json2labelImg.py
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from expand.errors import BadImageError, cut
from expand.geometry import Placement, Size
from expand.layouts.labelled.dataset import Frame, LabelledView
from expand.targets import Polygons, Targets, carry
from expand.targets.rings import Floats

ENDING = "_polygons.json"
HALF = 0.5
LARGEST = 64 << 20
"""Bytes of the largest file that is read; those of Cityscapes have up to 300 kB."""
CORNERS = 3
FARTHEST = 1 << 20
"""Pixels from the image's corner where nothing can be labelled."""


@dataclass(frozen=True, eq=False)
class ReadPolygons:
    """The polygons of an image, as its file has them."""

    data: bytes
    content: dict[str, Any]
    polygons: Polygons
    """In pixels of the upright image."""
    changed: bool
    """Whether they were turned, so that the file says it differently."""

    def encode(self, view: LabelledView) -> bytes:
        """Return the file of a view: its objects are moved, and cut at the border."""
        if view.k == 0 and not self.changed:
            return self.data
        carried = carry(
            Targets(polygons=self.polygons),
            Placement(view.forward.inverse(), view.size),
            visible=0,
        )
        moved, objects = carried.targets.polygons, list[dict[str, Any]]()
        for index, row in enumerate(carried.kept.tolist()):
            for ring in moved.parts(index) if moved else ():
                corners = _indices(ring, view.size)
                objects.append({**self.content["objects"][row], "polygon": corners})
        width, height = int(view.size.width), int(view.size.height)
        content = {**self.content, "imgHeight": height, "imgWidth": width, "objects": objects}
        return json.dumps(content, indent=4, ensure_ascii=False).encode()


def read_polygons(data: bytes, frame: Frame) -> ReadPolygons:
    """Read the file of an image; raise BadImageError with the reason if it cannot be used."""
    content = _parse(data)
    size = Size(_whole(content, "imgWidth"), _whole(content, "imgHeight"))
    stored = frame.turned and size == frame.stored
    if size != frame.size and not stored:
        raise BadImageError(
            f"is for an image of {cut(f'{size.width}×{size.height}')} pixels, and it has "
            f"{frame.size.width:g}×{frame.size.height:g}"
        )
    if stored and frame.stored == frame.size:
        raise BadImageError("does not tell whether it is turned as the image is by its orientation")
    objects = content.get("objects")
    if not isinstance(objects, list):
        raise BadImageError("has no list of objects")
    rings = [_corners(each, number) for number, each in enumerate(objects)]
    polygons = Polygons([[ring] if len(ring) >= CORNERS else [] for ring in rings])
    if stored:
        moved = polygons.rings.moved(frame.upright)
        polygons = Polygons.of(moved, polygons.objects, polygons.count)
    return ReadPolygons(data, content, polygons, stored)


def _parse(data: bytes) -> dict[str, Any]:
    if len(data) > LARGEST:
        raise BadImageError(f"has more than {LARGEST:,} bytes")
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise BadImageError(f"is not a JSON file: line {error.lineno}: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise BadImageError("is not a JSON file in UTF-8") from error
    if not isinstance(content, dict):
        raise BadImageError("is not a JSON object")
    return content


def _whole(content: dict[str, Any], key: str) -> int:
    value = content.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadImageError(f"has no whole number {key}")
    return value


def _corners(found: Any, number: int) -> Floats:
    corners = found.get("polygon") if isinstance(found, dict) else None
    try:
        ring = np.array(corners, np.float64) + HALF
    except (TypeError, ValueError, OverflowError) as error:
        raise BadImageError(f"has no polygon in object {number}") from error
    if ring.size == 0 and ring.ndim:
        ring = ring.reshape(0, 2)
    if ring.ndim != 2 or ring.shape[1] != 2 or not (np.abs(ring) < FARTHEST).all():
        raise BadImageError(f"has no polygon in object {number}")
    return ring


def _indices(ring: Floats, size: Size) -> list[list[int]]:
    """Return corners as pixel indices in the view."""
    last = np.array([size.width, size.height]) - 1
    rounded: list[list[int]] = np.rint(ring - HALF).clip(0, last).astype(int).tolist()
    return rounded
