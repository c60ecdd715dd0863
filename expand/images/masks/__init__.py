"""Mask files: label values, as they are stored, and files like the one that they were read from."""

from expand.images.masks.file import MaskFile, open_mask

__all__ = ["MaskFile", "open_mask"]
