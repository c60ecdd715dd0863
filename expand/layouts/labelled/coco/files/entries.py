"""The entries of a COCO file: what is needed of each image and annotation, and what is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from expand.errors import shown
from expand.layouts.labelled.coco.files.text import WrongEntryError

PLACES = re.compile(
    r"(^|_)([hfrv]?box|bbox|obb|kpts|keypoints|points|polygon|poly|corners|quad|center|rotation|angle"
    r"|mask|masks)(_|$)|^dp_"
)
"""Names of keys that say where something is, beside those of COCO's own."""
KNOWN = frozenset(("bbox", "segmentation", "keypoints", "num_keypoints", "area", "bbox_mode"))
OUTSIDE = re.compile(r"^(/|[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]*://)|(^|/)\.\.(/|$)")
"""Absolute paths, addresses, and paths that lead up."""
Id = int | str


@dataclass
class EntryReader:
    """Collects what is needed of each entry, which is then forgotten."""

    ids: list[Id] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    sizes: list[tuple[int, int] | None] = field(default_factory=list)
    of: list[Id] = field(default_factory=list)
    """The image id of each annotation."""
    annotation_ids: list[Id] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    categories: set[Id] = field(default_factory=set)
    """The categories that annotations are of."""
    pngs: list[str] = field(default_factory=list)
    """The PNG of each panoptic annotation."""

    def image(self, value: Any) -> None:
        """Collect from an entry of "images"."""
        if not isinstance(value, dict):
            raise WrongEntryError(f"an image must be an object, got {shown(value)}")
        self.ids.append(_id(value, "id", "an image"))
        self.names.append(_inside(_name(value)))
        self.sizes.append(_size(value))

    def annotation(self, value: Any) -> None:
        """Collect from an entry of "annotations"."""
        if not isinstance(value, dict):
            raise WrongEntryError(f"an annotation must be an object, got {shown(value)}")
        if "segments_info" in value:
            _check_segments(value)
            self.pngs.append(_inside(_name(value)))
        self.of.append(_id(value, "image_id", "an annotation"))
        if "id" in value:
            self.annotation_ids.append(_id(value, "id", "an annotation"))
        category = value.get("category_id")
        if isinstance(category, int | str):
            self.categories.add(category)
        self.kinds.update(_kinds(value))
        if len(value) > len(KNOWN & value.keys()) + 4:
            _check_places(value)


def _id(value: dict[str, Any], key: str, what: str) -> Id:
    found = value.get(key)
    if isinstance(found, float) and found.is_integer():
        return int(found)
    if isinstance(found, bool) or not isinstance(found, int | str):
        raise WrongEntryError(f"{what} needs a number or text as {key}, got {shown(found)}")
    return found


def _name(value: dict[str, Any]) -> str:
    """Return the file name of an image; LVIS has addresses, whose last two parts are one."""
    name = value.get("file_name")
    if name is None and isinstance(address := value.get("coco_url"), str):
        return "/".join(address.split("/")[-2:])
    if not isinstance(name, str) or not name.strip():
        raise WrongEntryError(f"an image needs a file_name, got {shown(name)}")
    return name


def _inside(name: str) -> str:
    path = name.replace("\\", "/")
    if OUTSIDE.search(path) or "\0" in name:
        up = "/../" in f"/{path}/" or "\0" in name
        why = "which is outside the dataset" if up else "an absolute path or address"
        example = "" if up else f', for example "{path.rpartition("/")[2]}"'
        raise WrongEntryError(
            f'an image is called "{name}", {why}; write the path relative to a folder in the '
            f"dataset{example}"
        )
    return name


def _check_segments(value: dict[str, Any]) -> None:
    segments = value["segments_info"]
    whole = isinstance(segments, list) and all(
        isinstance(each, dict) and type(each.get("id")) is int for each in segments
    )
    if not whole or not isinstance(value.get("file_name"), str):
        raise WrongEntryError(
            "a panoptic annotation needs a file_name, and segments_info with a number as id each"
        )


def _size(value: dict[str, Any]) -> tuple[int, int] | None:
    try:
        size = int(value["width"]), int(value["height"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return size if min(size) > 0 else None


def _kinds(value: dict[str, Any]) -> set[str]:
    kinds, segmentation = set[str](), value.get("segmentation")
    if value.get("bbox"):
        kinds.add("boxes")
    if isinstance(segmentation, dict):
        kinds.add("rle" if isinstance(segmentation.get("counts"), str) else "counts")
    elif isinstance(segmentation, list) and any(segmentation):
        kinds.add("polygons")
    if value.get("keypoints"):
        kinds.add("keypoints")
    if "segments_info" in value:
        kinds.add("panoptic")
    if "caption" in value:
        kinds.add("captions")
    return kinds


def _check_places(value: dict[str, Any]) -> None:
    """Refuse places that are not known how to move: they would be silently wrong in copies."""
    for key, given in value.items():
        if key not in KNOWN and PLACES.search(key) and _says_place(given):
            raise WrongEntryError(
                f'an annotation has "{key}", which says where something is and cannot be moved; '
                "remove it, or give it another name if it says something else"
            )


def _says_place(given: Any) -> bool:
    if isinstance(given, list):
        return any(_says_place(each) for each in given[:8])
    return isinstance(given, int | float) and not isinstance(given, bool) and given != 0
