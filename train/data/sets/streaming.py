"""What a run needs of a set that is streamed before it begins: a sample, and the leak check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from hashlib import sha256

import numpy as np

from expand.archives.samples import row_of
from expand.images.decoder import decode
from expand.images.pixels import Pixels
from expand.storage.stores.open import open_store
from train.data.decoded import DecodedDataset
from train.data.decoding import name_file, stack
from train.data.folders.folder import Folder
from train.data.folders.listed import ListedImage, as_folder
from train.data.leak import hashes_of
from train.data.sets.scan import Scan
from train.data.sets.windows import StoredImage, Window, group_key, hash_key, read_window
from train.data.shape import Shape, resize_crop
from train.data.split import Split
from train.errors import TrainError

IMAGES, WINDOWS = 1000, 100
"""Images of a sample, in about, and of how many windows they are."""
ROWS = 1 << 18
"""Images whose hashes are compared at a time."""


def check_streamed(
    scan: Scan, validation: float, sources: int | None, group_by: str | None
) -> None:
    """Refuse options that need a list of all images of a set that is streamed."""
    options = {"validation": validation, "sources": sources, "group-by": group_by}
    if asked := [name for name, value in options.items() if value]:
        raise TrainError(
            f'"{scan.contents.root}" is too large for --cache-size, so it is streamed, and '
            f"--{asked[0]} needs a list of all images; use a larger --cache-size, or a set that "
            "`expand split` has divided"
        )


def sample_stream(scan: Scan, shape: Shape) -> tuple[Folder, DecodedDataset]:
    """Return images spread over a set, of one shape: as a folder and its decoded dataset."""
    contents = scan.contents
    listed: list[ListedImage] = []
    pixels: list[Pixels] = []
    for file, sample in _spread(scan):
        name, row = f"{file}/{sample.name}", row_of(sample.row)
        with name_file(contents.root / name):
            pixels.append(resize_crop(decode(sample.data).pixels, shape))
        listed.append(
            ListedImage(
                name,
                contents.tar_set.index.classes[sample.label],
                row["source"],
                row["view"],
                sha256(sample.data).hexdigest(),
                row["sha256"],
                row["source_sha256"],
            )
        )
    folder = as_folder(contents.root, listed, contents.tar_set.card)
    classes = tuple(sorted(contents.tar_set.index.classes))
    numbers = np.array([classes.index(name) for name in folder.names], dtype=np.int64)
    hashes = [image.hash for image in listed]
    decoded = DecodedDataset(stack(pixels), [""] * len(listed), hashes, whole=False)
    return replace(folder, classes=classes, labels=numbers), decoded


def _spread(scan: Scan) -> Iterator[tuple[str, StoredImage]]:
    """Yield samples of the first view that there is, with the names of their tars."""
    views = scan.views()
    shown = scan.windows[views == views.min()]
    chosen = shown[np.unique(np.linspace(0, len(shown) - 1, WINDOWS).astype(int))]
    each = max(1, -(-IMAGES // len(chosen)))
    with closing(open_store(scan.contents.root)) as store:
        for row in chosen.tolist():
            window = Window(*row)
            file = scan.contents.tars[window.tar].file
            some = set(np.linspace(0, window.images - 1, each).astype(int).tolist())
            for number, sample in enumerate(read_window(store, file, window)):
                if number in some:
                    yield file, sample


def find_in_stream(scan: Scan, other: Split) -> list[str]:
    """Return a line for each image of a split whose file, source or group is in a streamed set."""
    files, groups = _rows_by_key(scan, other)
    lines = []
    own = other.folder.groups or [""] * len(other.folder)
    for file, keys, group in zip(other.folder.files, hashes_of(other), own, strict=True):
        name = f'{other.name} "{file}"'
        row = next((files[key] for key in map(_key, keys) if key in files), None)
        if row is not None:
            lines.append(f"{name} is, or was made from, the file of training {_named(scan, row)}")
        elif group and group_key(group) in groups:
            lines.append(f'{name} is of the group "{group}", as are training images')
    return lines


def _key(digest: str) -> tuple[int, int]:
    high, low = hash_key(digest)
    return high, low


def _rows_by_key(scan: Scan, other: Split) -> tuple[dict[tuple[int, int], int], set[int]]:
    """Return which hashes of a split the streamed set has, with a row each, and which groups."""
    wanted = {_key(digest) for keys in hashes_of(other) for digest in keys if digest}
    high = np.array(sorted({key[0] for key in wanted}), dtype=np.uint64)
    own = np.array(sorted({group_key(group) for group in other.folder.groups if group}), np.uint64)
    files: dict[tuple[int, int], int] = {}
    groups: set[int] = set()
    for start in range(0, len(scan.keys), ROWS):
        keys = np.array(scan.keys[start : start + ROWS])
        groups.update(keys[np.isin(keys[:, 4], own), 4].tolist())
        for column in (0, 2):
            for row in np.flatnonzero(np.isin(keys[:, column], high)).tolist():
                key = (int(keys[row, column]), int(keys[row, column + 1]))
                if key in wanted:
                    files.setdefault(key, start + row)
    return files, groups


def _named(scan: Scan, row: int) -> str:
    """Return what messages call an image of a streamed set."""
    window = Window(*scan.windows[np.searchsorted(scan.windows[:, 1], row, "right") - 1].tolist())
    with closing(open_store(scan.contents.root)) as store:
        file = scan.contents.tars[window.tar].file
        images = read_window(store, file, window)
    return f'"{file}/{images[row - window.row].name}"'
