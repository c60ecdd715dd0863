"""The leak guard: no source, and no picture, may stand on both sides of a split."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from expand.keys import draw
from train.errors import TrainError
from train.folder import Folder
from train.pack import Pack

SHOWN = 3


class Side(NamedTuple):
    """One side of a split: its images, and what is known of their files and pixels."""

    name: str
    folder: Folder
    pack: Pack


def find_leaks(one: Side, other: Side) -> list[str]:
    """Return a line for each image of `other` whose source, file or decoded pixels `one` has as well."""
    lines = []
    pixels = {one.pack.fingerprints[place]: row for row, place in enumerate(one.folder.places)}
    files = {key: row for row in range(len(one.folder)) for key in _hashes(one, row)}
    for row, place in enumerate(other.folder.places):
        name = f'{other.name} "{other.folder.files[row]}"'
        same_file = next((files[key] for key in _hashes(other, row) if key in files), None)
        if same_file is not None:
            lines.append(f'{name} is, or was made from, the file of {one.name} "{one.folder.files[same_file]}"')
        elif (mine := other.pack.fingerprints[place]) and (same := pixels.get(mine)) is not None:
            lines.append(f'{name} has the pixels of {one.name} "{one.folder.files[same]}"')
    return lines


def _hashes(side: Side, row: int) -> set[str]:
    """Return the hashes of an image's file and of its source's."""
    own = side.pack.hashes[side.folder.places[row]]
    return {own, side.folder.source_hashes[row]} if side.folder.source_hashes else {own}


def check_leaks(one: Side, other: Side, *, allowed: bool) -> list[str]:
    """Return the leaks between two sides; refuse them unless they are allowed."""
    leaks = find_leaks(one, other)
    if leaks and not allowed:
        found = f"{len(leaks):,} images stand" if len(leaks) > 1 else "1 image stands"
        more = f"; and {len(leaks) - SHOWN:,} more" if len(leaks) > SHOWN else ""
        raise TrainError(
            f"{found} on both sides: {'; '.join(leaks[:SHOWN])}{more}. What is measured on them is not "
            "what the model would do on new images; --allow-leak goes on all the same, and records it"
        )
    return leaks


def validation_sources(folder: Folder, share: float, seed: int = 0) -> NDArray[np.bool_]:
    """Return which sources to hold out: about `share` of each class, by a keyed hash of their names, never all of it."""
    if not 0 <= share < 1:
        raise TrainError(f"--validation must be at least 0 and below 1, got {share}")
    return _first_of_each(folder, "split", seed, lambda members: min(round(share * members), members - 1))


def some_sources(folder: Folder, count: int, seed: int = 0) -> NDArray[np.bool_]:
    """Return which sources make up a smaller set of about `count`: the same share of each class, by a keyed hash of names.

    A smaller set is a part of every larger one.
    """
    total = len(folder.source_ids)
    if not 2 <= count <= total:
        raise TrainError(f'--sources must be 2 … {total:,}, as many as "{folder.root}" has, got {count:,}')
    return _first_of_each(folder, "subset", seed, lambda members: max(1, round(count / total * members)))


def _first_of_each(folder: Folder, kind: str, seed: int, wanted: Callable[[int], int]) -> NDArray[np.bool_]:
    """Return which sources come first in their class in the order of a keyed hash: `wanted` of a class's members."""
    ids, labels = folder.source_ids, _labels(folder)
    ranks = np.array([draw(seed, kind, source, 0, 1)[0] for source in ids], dtype=np.uint64)
    chosen = np.zeros(len(ids), dtype=bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        chosen[members[np.argsort(ranks[members])[: wanted(len(members))]]] = True
    return chosen


def _labels(folder: Folder) -> NDArray[np.int64]:
    """Return the label of each source."""
    first = {source: row for row, source in reversed(list(enumerate(folder.sources)))}
    labels: NDArray[np.int64] = folder.labels[[first[source] for source in folder.source_ids]]
    return labels
