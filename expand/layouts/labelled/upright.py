"""Masks turned upright with their image, if they were drawn on its stored pixels."""

from __future__ import annotations

from expand.errors import BadImageError
from expand.geometry import Placement, Size
from expand.images.masks import MaskFile
from expand.layouts.labelled.dataset import Frame
from expand.targets import Mask
from expand.targets.masks import move_mask


def upright_mask(file: MaskFile, frame: Frame) -> tuple[Mask, bool]:
    """Return a mask of the size of the upright image, and whether its file differs from that.

    The size of a mask tells in which frame it was drawn. Raise BadImageError if it is that of
    neither frame, or of both where they differ.
    """
    mask, size = Mask(file.pixels, file.fill), _size(file)
    if frame.turned and not file.turned and size == frame.stored:
        if size == frame.size:
            raise BadImageError(
                "does not tell by its size whether it is turned as its image is, by its EXIF "
                "orientation; turn both upright, and remove the orientation from the image"
            )
        return move_mask(mask, Placement(frame.upright.inverse(), frame.size)), True
    if size != frame.size:
        raise BadImageError(
            f"has {size.width:g}×{size.height:g} pixels, and the image has "
            f"{frame.size.width:g}×{frame.size.height:g}"
        )
    return mask, file.turned


def _size(file: MaskFile) -> Size:
    height, width = file.pixels.shape[:2]
    return Size(width, height)
