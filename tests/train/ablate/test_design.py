"""Designs: balanced, orthogonal, and exact where effects add up."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.ablate.design import effects, make_design, plackett_burman, single
from train.errors import TrainError


@pytest.mark.parametrize("factors", range(1, 12))
def test_each_technique_is_on_in_half_of_the_runs_and_any_two_in_a_quarter(
    factors: int,
) -> None:
    design = plackett_burman(factors)
    assert design.shape == (12, factors)
    assert design.sum(axis=0).tolist() == [6] * factors
    assert not design[-1].any()
    for one, other in combinations(design.T, 2):
        assert [int(np.sum((one == a) & (other == b))) for a in (0, 1) for b in (0, 1)] == [
            3,
            3,
            3,
            3,
        ]


def test_the_design_never_changes() -> None:
    # Golden: changing these rows invalidates the finished runs of every interrupted ablation.
    rows = ["".join(map(str, row.astype(int))) for row in plackett_burman(11)]
    assert rows == [
        "11011100010", "01101110001", "10110111000", "01011011100", "00101101110", "00010110111",
        "10001011011", "11000101101", "11100010110", "01110001011", "10111000101", "00000000000",
    ]  # fmt: skip


@given(
    st.lists(st.floats(-50, 50), min_size=2, max_size=11),
    st.floats(0, 100),
    st.sampled_from(["plackett-burman", "single"]),
)
def test_effects_that_add_up_are_found_exactly(true: list[float], base: float, name: str) -> None:
    design = make_design(name, len(true))
    assert effects(design, base + design @ np.array(true)) == pytest.approx(true, abs=1e-9)


@pytest.mark.parametrize(("one", "other"), [(0, 1), (2, 7), (9, 10)])
def test_an_interaction_counts_to_its_two_techniques_and_a_third_of_it_to_each_other(
    one: int, other: int
) -> None:
    design = plackett_burman(11)
    estimated = effects(design, 6.0 * (design[:, one] & design[:, other]))
    assert estimated[[one, other]] == pytest.approx([3.0, 3.0])
    assert np.abs(np.delete(estimated, [one, other])) == pytest.approx([1.0] * 9)


def test_single_techniques_are_compared_with_the_run_without_any() -> None:
    design = single(3)
    assert design.astype(int).tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert effects(design, [50.0, 55.0, 49.0, 50.0]).tolist() == [5.0, -1.0, 0.0]


@pytest.mark.parametrize(
    ("name", "factors", "message"),
    [
        ("plackett-burman", 12, "a design of 12 runs takes 1 … 11 techniques, got 12"),
        ("plackett-burman", 0, "a design of 12 runs takes 1 … 11 techniques, got 0"),
        ("full", 3, "--design must be plackett-burman or single, got 'full'"),
    ],
)
def test_an_unknown_design_is_refused(name: str, factors: int, message: str) -> None:
    with pytest.raises(TrainError) as refused:
        make_design(name, factors)
    assert str(refused.value) == message
