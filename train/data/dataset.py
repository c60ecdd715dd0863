"""The dataset of a run: listed, decoded, split by source, and checked for leaks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train.data.cache import Cache, TooLargeError
from train.data.folder import Folder, list_folder, match_classes
from train.data.leak import check_leaks
from train.data.normalise import Normaliser, measure_pixels
from train.data.pack import Pack, pack, sample
from train.data.shape import Shape
from train.data.split import Split
from train.data.subsets import some_sources, validation_sources
from train.errors import TrainError


@dataclass(frozen=True)
class DataRequest:
    """Which data a run needs, and in what shape."""

    data: Path
    test: Path | None
    shape: Shape
    validation: float
    allow_leak: bool
    sources: int | None = None
    """How many sources to learn from, drawn evenly over the classes; None: all."""
    copies: bool = False
    """Whether every file of an expanded folder is needed, or the originals alone."""
    draws_views: bool = False
    """Whether views are computed while training."""


@dataclass(frozen=True)
class Data:
    """What a run learns from and is measured on, decoded."""

    train: Split
    validation: Split | None
    test: Split | None
    normalise: Normaliser
    streamed: bool
    pack_seconds: float
    leaks: list[str]


def prepare(
    data_request: DataRequest, cache: Cache, watch: Callable[[Folder], Callable[[int], None]]
) -> Data:
    """Return a run's data; refuse sides of the split that share a source or a picture.

    Views act on images at their own size: where they are computed while training and images are to be resized, they come
    from the files at every visit; so do the images of a set that is too large to pack.
    """
    started = time.perf_counter()
    folder = list_folder(data_request.data)
    if data_request.sources is not None:
        folder = folder.of_sources(some_sources(folder, data_request.sources))
    if len(folder.classes) < 2:
        raise TrainError(
            f'"{data_request.data}" has one class only ("{folder.classes[0]}"); a classifier needs two'
        )
    needed = (folder if data_request.copies else folder.originals()).whole()
    streamed = data_request.draws_views and data_request.shape.side is not None
    try:
        packed = pack(needed, data_request.shape, cache, watch(needed))
    except TooLargeError:
        packed, streamed = sample(needed, data_request.shape), True
    check_manifest(needed, packed)
    held = validation_sources(needed, data_request.validation)
    train = Split("training", needed.of_sources(~held), packed)
    validation = (
        _validation_side(data_request, needed.of_sources(held), packed, cache, watch)
        if held.any()
        else None
    )
    test = (
        _test_side(data_request, folder.classes, packed, cache, watch)
        if data_request.test
        else None
    )
    sides = [side for side in (train, validation, test) if side]
    leaks = [
        line
        for one, other in combinations(sides, 2)
        for line in check_leaks(one, other, allowed=data_request.allow_leak)
    ]
    normalise = measure_pixels(originals(train))
    seconds = time.perf_counter() - started
    return Data(train, validation, test, normalise, streamed, seconds, leaks)


def check_manifest(folder: Folder, packed: Pack) -> None:
    """Refuse files that are not those that the folder's manifest describes."""
    found = [packed.hashes[place] for place in folder.places]
    strange = [
        name
        for name, own, said in zip(folder.files, found, folder.file_hashes, strict=False)
        if own != said
    ]
    if strange:
        more = f" (and {len(strange) - 1:,} more)" if strange[1:] else ""
        first = f'"{folder.root / strange[0]}"{more}'
        raise TrainError(
            f"{first} is not the file that the manifest describes; `expand verify` says what is wrong"
        )


def _validation_side(
    data_request: DataRequest,
    held: Folder,
    packed: Pack,
    cache: Cache,
    watch: Callable[[Folder], Callable[[int], None]],
) -> Split:
    """Return the sources that are held out, as they are; they have a pack of their own where the whole set has none."""
    folder = _view_0(held)
    if packed.whole:
        return Split("validation", folder, packed)
    folder = folder.whole()
    return Split("validation", folder, pack(folder, data_request.shape, cache, watch(folder)))


def _test_side(
    data_request: DataRequest,
    classes: tuple[str, ...],
    packed: Pack,
    cache: Cache,
    watch: Callable[[Folder], Callable[[int], None]],
) -> Split:
    """Return the test images: originals alone, whatever else their folder holds."""
    assert data_request.test is not None
    folder = (
        match_classes(list_folder(data_request.test), classes, "the test set").originals().whole()
    )
    tested = pack(folder, data_request.shape, cache, watch(folder))
    if tested.pixels.shape[1:] != packed.pixels.shape[1:]:
        height, width, channels = tested.pixels.shape[1:]
        rows, columns, planes = packed.pixels.shape[1:]
        found, expected = f"{width}×{height}×{channels}", f"{columns}×{rows}×{planes}"
        raise TrainError(
            f"test images are {found}, training images {expected}; give all one shape (--image-size, --colour)"
        )
    return Split("test", folder, tested)


def _view_0(folder: Folder) -> Folder:
    return folder.only(np.flatnonzero(folder.views == 0)) if (folder.views == 0).any() else folder


def originals(side: Split) -> NDArray[np.uint8]:
    """Return the pixels of a side's sources as they are; of all its images where the originals were left out.

    Of a set that is too large to pack, the sample.
    """
    return side.pack.pixels[_view_0(side.folder).places] if side.pack.whole else side.pack.pixels
