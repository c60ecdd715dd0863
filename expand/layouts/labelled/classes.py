"""The classes of the objects of each image, found by the parent before a run is planned."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from expand.errors import BadImageError
from expand.layouts.labelled.dataset import Dataset
from expand.layouts.listing import Listing
from expand.layouts.source import Source


def find_classes(root: Path, dataset: Dataset) -> Counter[str] | None:
    """Put the classes of objects into the listing of a dataset; count the images of each class.

    Return None, and leave the listing as it is, if its labels do not name them. Labels are read
    once, image by image. An image whose labels cannot be read has no classes: a worker will say
    what is wrong.
    """
    labels, whole, images = dataset.labels, dataset.listing, Counter[str]()
    first = next(iter(whole), None)
    if labels is None or first is None:
        return None

    def classes_of(source: Source) -> tuple[tuple[str, int], ...] | None:
        """Return how many objects of each class an image has; None if they have no names."""
        assert labels
        try:
            found = labels.count_classes(os.fspath(root), source)
        except BadImageError:
            return ()
        return None if found is None else tuple(sorted((k, n) for k, n in found.items() if k))

    def sources() -> Iterator[Source]:
        """Yield all files, those that grow with their classes."""
        for source in whole.files():
            classes = () if source.kept else classes_of(source) or ()
            images.update(name for name, _ in classes)
            yield source._replace(classes=classes)

    if classes_of(first) is None:
        return None
    dataset.listing = Listing(sources(), whole.summary.without_files())
    whole.close()
    return images
