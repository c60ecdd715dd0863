"""The dataset of a run: listed, decoded, split by source, and checked for leaks."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from expand.images.pixels import Pixels
from expand.layouts.layout import AUTO
from expand.storage.stores.url import Place
from train.data.cache import Cache, TooLargeError
from train.data.decoded import DecodedDataset, ShowDecoding, sample
from train.data.decoding import hash_files
from train.data.folders.folder import Folder, match_classes
from train.data.folders.groups import with_groups, with_groups_if_any
from train.data.folders.parts import list_part
from train.data.leak import check_leaks, judge
from train.data.normalise import Normaliser, measure_pixels
from train.data.sets.opening import Opened, Opener
from train.data.sets.scan import Scan
from train.data.sets.streaming import check_streamed, find_in_stream
from train.data.shape import BACKGROUND, Shape
from train.data.split import Split
from train.data.subsets import some_sources, validation_sources
from train.errors import STOPPED, TrainError


@dataclass(frozen=True)
class DataRequest:
    """Which data a run needs, and in what shape."""

    data: Place
    test: Place | None
    """None: the part of the dataset for tests, if it has one."""
    shape: Shape
    validation: float
    allow_leak: bool
    sources: int | None = None
    """The number of sources to train on, drawn evenly over the classes; None: all."""
    copies: bool = False
    """Whether every file of an expanded folder is needed, or the originals alone."""
    layout: str = AUTO
    """"folders": each folder is a class, whatever it looks like."""
    group_by: str | None = None
    """A regular expression that finds the group of an image in its path; groups stay together."""
    validates: bool = True
    """Whether the part for validation is read, if there is one and no share is held out."""


@dataclass(frozen=True)
class Data:
    """The decoded data that a run trains and is measured on."""

    train: Split
    validation: Split | None
    test: Split | None
    normalise: Normaliser
    levels: tuple[int, int] | None
    """The lowest and the highest level of the training images, if they have 16 bits."""
    decode_seconds: float
    leaks: list[str]
    stream: Scan | None = None
    """The training set if it is streamed; `train` is a sample of it then."""
    parts: tuple[str, ...] = ()
    """What the parts of the dataset were used for: sentences."""

    @property
    def splits(self) -> dict[str, Split]:
        """The splits that there are, by name."""
        splits = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: split for name, split in splits.items() if split}

    @property
    def notes(self) -> list[str]:
        """What the user should know of the decoded images: sentences."""
        datasets = [split.decoded for split in self.splits.values()]
        notes = [*self.parts, *(each.note for each in datasets if each.note)]
        if any(each.composited for each in datasets):
            notes.append(f"transparent parts are shown on grey (level {BACKGROUND} of 255)")
        if self.levels:
            low, high = self.levels
            notes.append(
                f"16 bits: the model sees every level, {low:,} … {high:,} in the training images"
            )
        return list(dict.fromkeys(notes))


def prepare(request: DataRequest, cache: Cache, decoding: ShowDecoding) -> Data:
    """Read the data of a run; raise TrainError if two splits share a source or a picture."""
    try:
        return _prepare(request, cache, decoding)
    except MemoryError as error:
        raise TrainError(
            f'there is not enough memory to decode "{request.data}"; use a smaller --image-size '
            "or fewer --sources (train ablate: resize the images first)",
            STOPPED,
        ) from error


def _prepare(request: DataRequest, cache: Cache, decoding: ShowDecoding) -> Data:
    started = time.perf_counter()
    opener = Opener(request.shape, cache, decoding)
    opened = _open_training(request, opener)
    folder = opened.folder
    everything = _decode_training(opened, request, opener)
    needed = everything.folder
    check_manifest(everything)
    held_out = validation_sources(needed, request.validation)
    train = everything._replace(folder=needed.of_sources(~held_out))
    notes: list[str] = []

    def read(held_out: Opened | None, name: str) -> Split | None:
        return _read_held_out(name, held_out, request, train, opener) if held_out else None

    if request.validation or not request.validates:
        validation = _hold_out(everything, held_out, opener)
    else:
        validation = read(_list_part(request, folder, "validation", notes), "validation")
    test = read(_open_test(request, folder, opener, notes), "test")
    splits = [split for split in (train, validation, test) if split]
    leaks: list[str] = []
    for one, other in combinations(splits, 2):
        if opened.stream and one is train:
            leaks += judge(find_in_stream(opened.stream, other), allowed=request.allow_leak)
        else:
            leaks += check_leaks(one, other, allowed=request.allow_leak)
    pixels = originals(train)
    normalise, levels = measure_pixels(pixels), _levels(pixels)
    seconds = time.perf_counter() - started
    return Data(
        train, validation, test, normalise, levels, seconds, leaks, opened.stream, tuple(notes)
    )


def with_training(data: Data, train: Split) -> Data:
    """Return the data with other training images, by whose pixels all images are normalised."""
    pixels = originals(train)
    return replace(data, train=train, normalise=measure_pixels(pixels), levels=_levels(pixels))


def _levels(pixels: Pixels) -> tuple[int, int] | None:
    return None if pixels.dtype == np.uint8 else (int(pixels.min()), int(pixels.max()))


def _open_training(request: DataRequest, opener: Opener) -> Opened:
    """Open the sources to learn from, and hold out from."""
    opened = opener.open(request.data, request.layout, copies=request.copies, streams=True)
    if opened.stream:
        check_streamed(opened.stream, request.validation, request.sources, request.group_by)
    folder = with_groups(opened.folder, request.group_by)
    if request.sources is not None:
        folder = folder.of_sources(some_sources(folder, request.sources))
    if len(folder.classes) < 2:
        raise TrainError(
            f'"{request.data}" has only one class ("{folder.classes[0]}"); a classifier needs two'
        )
    return opened._replace(folder=folder)


def _decode_training(opened: Opened, request: DataRequest, opener: Opener) -> Split:
    """Decode what a strategy needs; only a sample of it if it is too large for the cache."""
    folder = opened.folder if request.copies else opened.folder.originals()
    if opened.decoded:
        return Split("training", folder, opened.decoded)
    folder = folder.whole()
    hashes = hash_files(folder.path, folder.files) if isinstance(folder.root, Path) else []
    try:
        decoded = opener.decode(folder, hashes)
    except TooLargeError as error:
        decoded = sample(folder, request.shape, hashes=hashes)._replace(note=str(error))
    return Split("training", folder, decoded)


def check_manifest(split: Split) -> None:
    """Refuse files that are not those that the folder's manifest describes."""
    folder = split.folder
    # without a manifest there is nothing to compare with: the list is empty
    hashes = zip(folder.files, split.file_hashes(), folder.file_hashes, strict=False)
    changed = [file for file, own, recorded in hashes if own != recorded]
    if changed:
        more = f" (and {len(changed) - 1:,} more)" if changed[1:] else ""
        raise TrainError(
            f'"{folder.root / changed[0]}"{more} is not the file that the manifest describes; '
            "`expand verify` checks the folder"
        )


def _hold_out(everything: Split, sources: NDArray[np.bool_], opener: Opener) -> Split | None:
    """Return the sources that are held out for validation; None if there are none."""
    if not sources.any():
        return None
    held = Split("validation", everything.folder.of_sources(sources), everything.decoded)
    return _as_validation(held, opener)


def _as_validation(held: Split, opener: Opener) -> Split:
    """Return held-out sources as they are.

    They get a decoded dataset of their own if the training set is too large for the cache.
    """
    folder = _view_0(held.folder)
    if held.decoded.whole:
        return held._replace(folder=folder)
    hashes = [held.decoded.hashes[row] for row in folder.decoded_rows]
    folder = folder.whole()
    return Split(held.name, folder, _decode_all(held.name, folder, opener, hashes))


def _decode_all(
    name: str, folder: Folder, opener: Opener, hashes: list[str] | None = None
) -> DecodedDataset:
    """Decode images to measure on, which are never read from their files again."""
    try:
        return opener.decode(folder, hashes)
    except TooLargeError as error:
        raise TooLargeError(
            f"{error}. All {name} images are decoded: use a larger --cache-size or a smaller "
            "--image-size",
            error.status,
        ) from error


def _list_part(
    request: DataRequest, training: Folder, kind: str, notes: list[str]
) -> Opened | None:
    """List the part of the dataset for validation or test, if it has one; add to the notes."""
    part = list_part(training, kind, request.layout)
    notes += [part.note] if part else []
    return Opened(part.folder) if part and part.folder else None


def _open_test(
    request: DataRequest, training: Folder, opener: Opener, notes: list[str]
) -> Opened | None:
    """Open the images to test on; None if there are none."""
    if request.test:
        return opener.open(request.test, request.layout, copies=False)
    return _list_part(request, training, "test", notes)


def _read_held_out(
    name: str, opened: Opened, request: DataRequest, train: Split, opener: Opener
) -> Split:
    """Read images to measure on: the originals, whatever else their set holds."""
    grouped = with_groups_if_any(opened.folder, request.group_by)
    matched = match_classes(grouped, train.folder.classes, f"the {name} set")
    folder = matched.originals()
    folder = folder if opened.decoded else folder.whole()
    decoded = opened.decoded or _decode_all(name, folder, opener)
    if decoded.pixels.shape[1:] != train.decoded.pixels.shape[1:]:
        sizes = (_size(decoded), _size(train.decoded))
        raise TrainError(
            "{} images are {}, training images {}; give all of them one shape with "
            "--image-size and --colour".format(name, *sizes)
        )
    depths = [8 * each.pixels.itemsize for each in (decoded, train.decoded)]
    if depths[0] != depths[1]:
        raise TrainError(
            "{} images have {} bits, training images {}; convert them to one depth".format(
                name, *depths
            )
        )
    return Split(name, folder, decoded)


def _size(decoded: DecodedDataset) -> str:
    height, width, channels = decoded.pixels.shape[1:]
    return f"{width}×{height}×{channels}"


def _view_0(folder: Folder) -> Folder:
    """Return the originals of a folder; the whole folder if they were left out."""
    return folder.only(np.flatnonzero(folder.views == 0)) if (folder.views == 0).any() else folder


def originals(split: Split) -> Pixels:
    """Return the pixels of a split's sources as they are.

    Of all images if the originals were left out; of a sample if the set is too large for the cache.
    """
    if not split.decoded.whole:
        return split.decoded.pixels
    return split._replace(folder=_view_0(split.folder)).pixels()
