"""Subsets of the sources, held out, drawn or trained on, chosen by a keyed hash of their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expand.splitting.assign import Unit, assign
from expand.splitting.parts import Part
from expand.views.keys import draw
from train.data.folders.folder import Folder
from train.errors import TrainError
from train.statistics.overlap import Drawn

MOST_DRAWS = 1000
"""Each draw is compared with each other one, in memory and in time."""


@dataclass(frozen=True)
class Draw:
    """One of several subsets of the sources.

    Draws of one size are parts of one order of the sources, so they share no source as long as
    there are enough; then the next order begins. With the same number and `largest`, a smaller draw
    is part of a larger one.
    """

    number: int
    sources: int
    """How many sources it has, in about: classes keep their shares, and groups stay together."""
    largest: int
    """How many the largest draw of this number has."""


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


def drawn_sources(folder: Folder, draw_of: Draw, seed: int = 0) -> NDArray[np.bool_]:
    """Choose the sources of a draw: the same share of each class, and at least one source.

    Each class is laid out over the same length in the order of a keyed hash; a draw takes what lies
    in one stretch of it. Groups are taken as a whole, each with its most frequent class.
    """
    total = len(folder.source_ids)
    if not 1 <= draw_of.sources <= draw_of.largest <= total:
        raise TrainError(
            f'"{folder.root}" has {total:,} sources: a draw cannot have {draw_of.sources:,} of '
            f"{draw_of.largest:,}"
        )
    number, place = divmod(draw_of.number, total // draw_of.largest)
    start = place * draw_of.largest
    chosen: set[str] = set()
    for units in _laid_out(folder, seed, number).values():
        inside = [key for key, at in units if start <= at * total < start + draw_of.sources]
        nearest = min(units, key=lambda unit: (unit[1] * total - start) % total)
        chosen.update(inside or [nearest[0]])
    return np.array([key in chosen for key in _unit_keys(folder)])


def _laid_out(folder: Folder, seed: int, number: int) -> dict[int, list[tuple[str, float]]]:
    """Return the place of each unit of each class, in [0, 1), in the order of a keyed hash.

    Classes are shifted against each other by less than a unit, so that rounding does not add up.
    """
    sizes: dict[str, Counter[int]] = {}
    for key, label in zip(_unit_keys(folder), _labels(folder).tolist(), strict=True):
        sizes.setdefault(key, Counter())[label] += 1
    by_class: dict[int, list[tuple[int, str]]] = {}
    for key, counted in sizes.items():
        label = min(counted, key=lambda each: (-counted[each], each))
        by_class.setdefault(label, []).append((draw(seed, "draw", key, number, 1)[0], key))
    places = {}
    for label, units in by_class.items():
        ordered = [key for _, key in sorted(units)]
        counts = np.array([sizes[key].total() for key in ordered])
        shift = (label + 0.5) / len(folder.classes)
        middles = (counts.cumsum() - counts * (1 - shift)) / counts.sum()
        places[label] = list(zip(ordered, middles.tolist(), strict=True))
    return places


def shared_sources(subsets: Sequence[NDArray[np.bool_]]) -> NDArray[np.float64]:
    """Return the share of its sources that each subset has in common with each: n×n.

    Of two subsets of different size, the share of the larger one.
    """
    kept = np.stack(subsets).astype(np.float32)
    sizes = kept.sum(axis=1)
    shares: NDArray[np.float64] = (kept @ kept.T / np.maximum.outer(sizes, sizes)).astype(float)
    return shares


def describe_draws(folder: Folder, draws: Sequence[Draw], seed: int) -> Drawn:
    """Return how many sources the draws of all replicates have and share; each is drawn once."""
    different = list(dict.fromkeys(draws))
    kept = [drawn_sources(folder, each, seed) for each in different]
    rows = [different.index(each) for each in draws]
    shared = shared_sources(kept)[np.ix_(rows, rows)]
    sources = float(np.mean([kept[row].sum() for row in rows]))
    return Drawn(sources, len(folder.source_ids), shared)


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
    keys = _unit_keys(folder)
    counts: dict[str, Counter[str]] = {}
    for key, label in zip(keys, _labels(folder), strict=True):
        counts.setdefault(key, Counter())[folder.classes[label]] += 1
    units = [Unit(key, tuple(sorted(each.items()))) for key, each in counts.items()]
    parts = (Part("training", 1 - share), Part("validation", share))
    chosen = dict(zip(counts, assign(units, parts, seed, every=False), strict=True))
    return np.array([chosen[key] == 1 for key in keys])


def _unit_keys(folder: Folder) -> list[str]:
    """Return what each source is kept together with: the key of its group, or its own."""
    if not folder.groups:
        return folder.source_ids
    first = _first_rows(folder)
    # no path has a null character: the key of a group is never that of a source
    keys = [f"{folder.groups[first[source]]}\0" for source in folder.source_ids]
    return [
        source if key == "\0" else key for key, source in zip(keys, folder.source_ids, strict=True)
    ]


def _labels(folder: Folder) -> NDArray[np.int64]:
    """Return the label of each source."""
    first = _first_rows(folder)
    labels: NDArray[np.int64] = folder.labels[[first[source] for source in folder.source_ids]]
    return labels


def _first_rows(folder: Folder) -> dict[str, int]:
    """Return the first row of each source."""
    return {source: row for row, source in reversed(list(enumerate(folder.sources)))}
