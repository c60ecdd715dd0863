"""Subsets of the sources, held out or trained on, chosen by a keyed hash of their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from expand.splitting.assign import Unit, assign
from expand.splitting.parts import Part
from expand.views.keys import draw
from train.data.folders.folder import Folder
from train.errors import TrainError


def validation_sources(folder: Folder, share: float, seed: int = 0) -> NDArray[np.bool_]:
    """Choose the sources to hold out: about `share` of each class, never a whole class.

    Groups are held out as a whole, if the folder has groups.
    """
    if not 0 <= share < 1:
        raise TrainError(f"--validation must be at least 0 and below 1, got {share}")
    if share and folder.groups:
        return _whole_groups(folder, share, seed)
    return _first_of_each(
        folder, "split", seed, lambda members: min(round(share * members), members - 1)
    )


def some_sources(folder: Folder, count: int, seed: int = 0) -> NDArray[np.bool_]:
    """Choose about `count` sources, the same share of each class.

    A smaller set is part of every larger one.
    """
    total = len(folder.source_ids)
    if not 2 <= count <= total:
        raise TrainError(
            f'--sources must be 2 … {total:,}, the number that "{folder.root}" has, got {count:,}'
        )
    return _first_of_each(
        folder, "subset", seed, lambda members: max(1, round(count / total * members))
    )


def _first_of_each(
    folder: Folder, kind: str, seed: int, quota: Callable[[int], int]
) -> NDArray[np.bool_]:
    """Choose the first sources of each class in the order of a keyed hash.

    `quota` returns how many to choose from a class of so many members.
    """
    ids, labels = folder.source_ids, _labels(folder)
    ranks = np.array([draw(seed, kind, source, 0, 1)[0] for source in ids], dtype=np.uint64)
    chosen = np.zeros(len(ids), dtype=bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        chosen[members[np.argsort(ranks[members])[: quota(len(members))]]] = True
    return chosen


def _whole_groups(folder: Folder, share: float, seed: int) -> NDArray[np.bool_]:
    """Choose groups to hold out; a source without a group is one of its own.

    A class with a single group is not held out.
    """
    first = _first_rows(folder)
    # no path has a null character: the key of a group is never that of a source
    keys = [f"{folder.groups[first[source]]}\0" for source in folder.source_ids]
    keys = [
        source if key == "\0" else key for key, source in zip(keys, folder.source_ids, strict=True)
    ]
    counts: dict[str, Counter[str]] = {}
    for key, label in zip(keys, _labels(folder), strict=True):
        counts.setdefault(key, Counter())[folder.classes[label]] += 1
    units = [Unit(key, tuple(sorted(each.items()))) for key, each in counts.items()]
    parts = (Part("training", 1 - share), Part("validation", share))
    chosen = dict(zip(counts, assign(units, parts, seed, every=False), strict=True))
    return np.array([chosen[key] == 1 for key in keys])


def _labels(folder: Folder) -> NDArray[np.int64]:
    """Return the label of each source."""
    first = _first_rows(folder)
    labels: NDArray[np.int64] = folder.labels[[first[source] for source in folder.source_ids]]
    return labels


def _first_rows(folder: Folder) -> dict[str, int]:
    """Return the first row of each source."""
    return {source: row for row, source in reversed(list(enumerate(folder.sources)))}
