"""Draws: subsets of the sources for replicates, disjoint where possible, nested, by class and by group."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import examples
from train.data.folders.folder import Folder
from train.data.subsets import Draw, drawn_sources, shared_sources
from train.errors import TrainError
from train.statistics.overlap import mean_overlap


def folder_of(*members: int, groups: list[str] | None = None) -> Folder:
    """Return a folder that has so many sources of each class."""
    labels = [f"class {number}" for number, count in enumerate(members) for _ in range(count)]
    files = [f"{label}/{index}.png" for index, label in enumerate(labels)]
    listed = Folder.of(Path("set"), files, labels, files, [0] * len(files), None)
    return replace(listed, groups=groups or [])


def overlap(draws: list[np.ndarray]) -> float:
    """Return the share of its sources that a draw has in common with another, on average."""
    return mean_overlap(shared_sources(draws))


def counts(folder: Folder, keep: np.ndarray) -> list[int]:
    """Return how many sources of each class are kept."""
    return np.bincount(folder.labels[keep], minlength=len(folder.classes)).tolist()


def test_draws_share_no_source_as_long_as_there_are_enough() -> None:
    folder = folder_of(60, 30, 30)
    draws = [drawn_sources(folder, Draw(number, 20, 20)) for number in range(6)]
    assert np.sum(draws, axis=0).tolist() == [1] * 120
    assert overlap(draws) == 0
    assert [counts(folder, each) for each in draws] == [[10, 5, 5]] * 6
    again = [drawn_sources(folder, Draw(number, 20, 20)) for number in range(6, 12)]
    assert overlap([*draws, *again]) == pytest.approx(36 / 66 / 6)


def test_halves_overlap_by_what_their_size_makes_expect() -> None:
    folder = folder_of(500, 500)
    draws = [drawn_sources(folder, Draw(number, 500, 1000)) for number in range(8)]
    assert overlap(draws) == pytest.approx(0.5, abs=0.04)


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(st.integers(1, 40), min_size=2, max_size=6),
    st.integers(0, 9),
    st.integers(0, 2**64 - 1),
)
def test_a_smaller_draw_is_part_of_a_larger_one_and_has_every_class(
    members: list[int], number: int, seed: int
) -> None:
    folder, total = folder_of(*members), sum(members)
    sizes = sorted({max(1, total // 8), max(1, total // 3), total // 2})
    draws = [drawn_sources(folder, Draw(number, size, sizes[-1]), seed) for size in sizes]
    for size, smaller, larger in zip(sizes, draws, draws[1:], strict=False):
        assert (larger | ~smaller).all()
        assert abs(smaller.sum() - size) <= len(members)
    for keep in draws:
        for label, count in enumerate(counts(folder, keep)):
            share = keep.sum() / total * members[label]
            assert max(1, share - 2) <= count <= max(1, share + 2)


def test_the_whole_is_every_source_whatever_the_number() -> None:
    folder = folder_of(7, 5)
    assert all(drawn_sources(folder, Draw(number, 12, 12)).all() for number in range(4))


def test_groups_are_drawn_as_a_whole() -> None:
    names = [f"patient {index // 4}" if index < 40 else "" for index in range(60)]
    folder = folder_of(30, 30, groups=names)
    for number in range(5):
        keep = drawn_sources(folder, Draw(number, 20, 30))
        kept = Counter(name for name, chosen in zip(names, keep, strict=True) if chosen and name)
        assert set(kept.values()) == {4}
        assert 14 <= keep.sum() <= 26


def test_a_draw_depends_on_seed_and_number_and_not_on_other_sources_of_other_classes() -> None:
    folder = folder_of(40, 40)
    one, other = (drawn_sources(folder, Draw(0, 20, 40), seed) for seed in (0, 1))
    assert (one != other).any()
    assert (one != drawn_sources(folder, Draw(2, 20, 40))).any()
    assert (one == drawn_sources(folder, Draw(0, 20, 40))).all()


@pytest.mark.parametrize("asked", [Draw(0, 5, 13), Draw(0, 13, 13), Draw(0, 0, 4), Draw(0, 5, 4)])
def test_a_draw_of_more_sources_than_there_are_is_refused(asked: Draw) -> None:
    with pytest.raises(TrainError, match="has 12 sources"):
        drawn_sources(folder_of(6, 6), asked)
