"""A set whose list is known only when its images have been read: tars, objects at a URL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from expand.records.manifest import order
from expand.storage.stores.url import Place
from train.data.folders.folder import Folder
from train.errors import TrainError


class ListedImage(NamedTuple):
    """An image of such a set: what is known of it without decoding it."""

    file: str
    """Its name in the set; in a tar: `TAR/MEMBER`."""
    label: str
    source: str
    view: int
    hash: str
    """The hash of its file."""
    file_hash: str = ""
    """The hash that its manifest row has; "" without a manifest."""
    source_hash: str = ""
    group: str = ""
    offset: int = 0
    """Where its file begins in the tar; 0 for a file of its own."""
    size: int = 0
    """Bytes of its file."""


KINDS = (str, str, str, int, str, str, str, str, int, int)


def read_listed(values: Any) -> list[ListedImage]:
    """Read a list of images from plain data; raise ValueError if it is none."""
    if not isinstance(values, list):
        raise ValueError("a list is needed")
    for each in values:
        if not isinstance(each, list) or tuple(map(type, each)) != KINDS:
            raise ValueError("an image has other columns")
    return [ListedImage(*each) for each in values]


def as_folder(root: Place, listed: Sequence[ListedImage], card: dict[str, Any] | None) -> Folder:
    """Return the folder that images are those of, sorted as a folder of files is.

    Its rows are not in the order of `listed`, which is that of the decoded dataset. Raise
    TrainError if two images are the same view of one source.
    """
    keys = [(order(image.source), image.view) for image in listed]
    rows = sorted(range(len(listed)), key=keys.__getitem__)
    for one, other in pairwise(rows):
        if keys[one] == keys[other]:
            raise TrainError(
                f'"{root}" has view {listed[one].view} of "{listed[one].source}" twice: '
                f'"{listed[one].file}" and "{listed[other].file}"'
            )
    images = [listed[row] for row in rows]
    files, labels, sources, views, _, file_hashes, source_hashes, groups, starts, sizes = map(
        list, zip(*images, strict=True)
    )
    folder = Folder.of(root, files, labels, sources, views, card)
    return replace(
        folder,
        decoded_rows=np.array(rows, dtype=np.int64),
        spans=np.array([starts, sizes], dtype=np.int64).T,
        source_hashes=source_hashes if any(source_hashes) else [],
        file_hashes=file_hashes if any(file_hashes) else [],
        groups=groups if any(groups) else [],
        balanced=card is not None and "balance" in card["settings"],
    )
