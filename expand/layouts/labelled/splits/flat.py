"""A flat folder: images without labels."""

from __future__ import annotations

from expand.errors import ExpandError
from expand.layouts.labelled.dataset import Dataset
from expand.layouts.labelled.opening import Opening
from expand.layouts.labelled.scan import KEPT, Role, Use, list_dataset
from expand.layouts.labelled.titles import counted


def open_flat(opening: Opening) -> Dataset:
    """Open a folder whose images, at any depth, have no labels.

    Raise ExpandError if it has no images.
    """

    def decide(_path: str, is_image: bool) -> Use:
        return Use(Role.GROWS) if is_image else KEPT

    if opening.request.split:
        raise ExpandError("a folder of images without labels has no parts: leave out --split")
    listing = list_dataset(opening.root, decide, opening.folders)
    if not len(listing):
        listing.close()
        raise ExpandError(f'"{opening.root}" has no images')
    title = f"images without labels, {counted(len(listing), 'image')}"
    return Dataset("flat", title, listing)
