"""Panoptic: a PNG whose colours are the ids of segments, which the annotation lists.

https://cocodataset.org/#format-data: id = R + 256·G + 65536·B; 0 is not a segment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from expand.errors import BadImageError
from expand.geometry import Size
from expand.images.masks import MaskFile, open_mask
from expand.images.pixels import Pixels
from expand.layouts.labelled.dataset import LabelFile
from expand.layouts.names import split_suffix
from expand.targets import Mask

BYTES = np.array([1, 1 << 8, 1 << 16], np.uint32)


@dataclass(frozen=True, eq=False)
class Segments:
    """A panoptic annotation with its PNG."""

    given: Mapping[str, Any]
    """The annotation as the file has it."""
    place: int
    """Its place among the annotations of the image."""
    path: str
    """That of its PNG in the dataset."""
    data: bytes
    file: MaskFile

    @classmethod
    def read(
        cls, given: Mapping[str, Any], place: int, path: str, data: bytes, size: Size
    ) -> Segments:
        """Read the PNG of an image of this size; raise BadImageError if it cannot be used."""
        try:
            file = open_mask(data)
        except BadImageError as error:
            raise BadImageError(f'its mask "{path}" {error}') from error
        pixels = file.pixels
        if not file.lossless or pixels.dtype != np.uint8 or pixels.shape[2:] != (3,):
            raise BadImageError(f'its mask "{path}" is not a lossless RGB image of 8 bits')
        if (pixels.shape[1], pixels.shape[0]) != size:
            raise BadImageError(
                f'its mask "{path}" has {pixels.shape[1]}×{pixels.shape[0]} pixels, and it has '
                f"{size.width:g}×{size.height:g}"
            )
        return cls(given, place, path, data, file)

    @property
    def mask(self) -> Mask:
        """The colours as a target: no view drops any of them."""
        return Mask(self.file.pixels)

    def original(self) -> LabelFile:
        """Return the PNG as it is."""
        return LabelFile(self.path, self.data)

    def moved(self, pixels: Pixels, path: str) -> tuple[LabelFile, dict[str, Any]]:
        """Return the PNG of a view, and the patch of the annotation.

        Its segments are those that the view shows: their places in the list, and what changes.
        """
        ids = (pixels * BYTES).sum(axis=2, dtype=np.uint32)
        there = set(np.unique(ids).tolist())
        segments = [
            [index, _measure(segment, ids == segment["id"])]
            for index, segment in enumerate(self.given["segments_info"])
            if segment["id"] in there
        ]
        name = self.given["file_name"]
        folder = name[: max(name.rfind("/"), name.rfind("\\")) + 1]
        patch = {"file_name": folder + path.rpartition("/")[2], "segments_info": segments}
        return LabelFile(path, self.file.write(pixels)), patch


def _measure(segment: Mapping[str, Any], where: Any) -> dict[str, Any]:
    """Return the area and the box of a segment, if the source has them."""
    bits = where.view(np.uint8)
    new = {"area": int(np.count_nonzero(bits)), "bbox": list(cv2.boundingRect(bits))}
    return {key: value for key, value in new.items() if key in segment}


def png_of_view(path: str, source: str, image: str) -> str:
    """Return the path of the PNG of a view, from those of the source and of the view's image.

    It is called like the image where that of the source is: "a.png" of "a.jpg" becomes "a_v1.png".
    """
    if image == source:
        return path
    folder, _, name = path.rpartition("/")
    stem, suffix = split_suffix(name)
    old, new = (split_suffix(each.rpartition("/")[2])[0] for each in (source, image))
    named = stem.replace(old, new, 1) if stem.startswith(old) else f"{stem}_{new}"
    return f"{folder}/{named}{suffix}" if folder else f"{named}{suffix}"
