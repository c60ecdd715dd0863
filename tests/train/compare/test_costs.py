"""Costs, and the break-even of a folder, compared with sums done by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.train.compare.studies import ask, cost_of, grouped, row_of
from train.compare.export.json import break_even_to_dict, cost_to_dict
from train.compare.findings.costs import break_even, describe_costs


def seconds(arm: str, epochs: Sequence[float], **changes: Any) -> list[dict[str, Any]]:
    """Return rows of 4 epochs over 10 sources that took so many seconds each, a replicate for each number."""
    return [
        row_of(arm, 4, n, [1] * 8, training_seconds=4 * one, **changes)
        for n, one in enumerate(epochs)
    ]


def test_costs_are_those_of_the_expansion_and_of_an_epoch() -> None:
    rows = seconds("none", [1.0, 2.0, 4.0]) + seconds("disk ×4", [0.5, 0.5, 3.0])
    found = [
        cost_to_dict(cost)
        for cost in describe_costs(grouped(ask("none,disk=4"), rows, 8), [cost_of("disk ×4", 40)])
    ]
    assert found == [
        {
            "arm": "none", "files": 0, "bytes": 0, "allocated": 0, "expansion_seconds": 0.0, "expansion_cpu_seconds": 0.0,
            "how": "nothing is stored", "pack_seconds": None, "pass_seconds": 2.0, "images_per_second": 5.0,
        },
        {
            "arm": "disk ×4", "files": 40, "bytes": 40_000, "allocated": 163_840, "expansion_seconds": 3.0,
            "expansion_cpu_seconds": 2.5, "how": "everything was expanded, 1 worker", "pack_seconds": 1.0, "pass_seconds": 0.5,
            "images_per_second": 20.0,
        },
    ]  # fmt: skip


def test_copies_that_are_faster_break_even_after_so_many_epochs() -> None:
    rows = (
        seconds("none", [0.8] * 3)
        + seconds("disk ×4", [1.0] * 3)
        + seconds("fly", [2.0, 2.1, 1.9], augment_seconds=3.2)
    )
    (found,) = break_even(grouped(ask(), rows, 8), [cost_of("disk ×4", 40, expansion_seconds=2.5)])
    # in seconds for each of 10 sources: 0.35 spent once; an epoch takes 0.2 on the fly, 0.1 from the folder, 0.08 bare
    a, w, r, h = 3.2 / 40, 0.35 / 4 - 0.08, 0.1 - 0.08, (0.2 - 0.08) / 0.08
    assert break_even_to_dict(found) == {
        "payback": "pays", "arm": "disk ×4", "epochs": 4, "a": pytest.approx(a), "w": pytest.approx(w), "r": pytest.approx(r), "h": pytest.approx(h),
        "passes": pytest.approx(3.5), "runs": pytest.approx(3.5 / 4),
        "words": "breaks even after 4 epochs (0.9 trials of 4): an epoch takes 1 s against 2 s on the fly",
    }  # fmt: skip
    assert found.epochs_needed is not None
    assert 4 * (a + w) == pytest.approx(
        found.epochs_needed * (h * a - r)
    )  # F·(a+w) = R·K·(h·a − r)


@pytest.mark.parametrize(
    ("fly", "disk", "words"),
    [
        (
            [1.0, 1.1, 0.9],
            [2.0, 2.2, 2.0],
            "takes no less time than one on the fly (2.07 s against 1 s)",
        ),
        (
            [1.0, 1.0, 1.0],
            [0.9, 0.9, 2.0],
            "takes no less time than one on the fly (1.27 s against 1 s)",
        ),
        (
            [2.0, 3.0, 1.5],
            [1.5, 1.5, 2.0],
            "is not significantly faster than one on the fly (1.67 s against 2.17 s)",
        ),
    ],
)
def test_a_folder_that_is_not_surely_faster_never_breaks_even(
    fly: list[float], disk: list[float], words: str
) -> None:
    rows = seconds("fly", fly) + seconds("disk ×4", disk)
    (found,) = break_even(grouped(ask("fly,disk=4"), rows, 8), [cost_of("disk ×4", 40)])
    assert (found.epochs_needed, found.trials_needed, found.r, found.h) == (None, None, None, None)
    assert found.payback == "never"
    assert found.sentence == f"never breaks even: an epoch over the copies {words}"


def test_a_single_seed_does_not_say_whether_a_folder_breaks_even() -> None:
    rows = seconds("fly", [2.0]) + seconds("disk ×4", [1.0])
    (found,) = break_even(grouped(ask("fly,disk=4"), rows, 8), [cost_of("disk ×4", 40)])
    assert (found.epochs_needed, found.payback) == (None, "unknown")
    assert (
        found.sentence
        == "unknown: one seed is not enough to tell which epoch is faster (1 s against 2 s)"
    )


def test_every_folder_at_every_length_has_its_own_break_even() -> None:
    rows = [
        row_of(arm, length, 0, [1, 1])
        for arm in ("fly", "disk ×2", "hybrid ×2")
        for length in (2, 4)
    ]
    runs = grouped(ask("fly,disk=2,hybrid=2", (2, 4)), rows, 2)
    found = break_even(runs, [cost_of("disk ×2", 20), cost_of("hybrid ×2", 20)])
    assert [(one.arm.name, one.epochs) for one in found] == [
        ("disk ×2", 2),
        ("hybrid ×2", 2),
        ("disk ×2", 4),
        ("hybrid ×2", 4),
    ]
    rows = [row_of(arm, 4, 0, [1, 1]) for arm in ("none", "disk ×2")]
    assert break_even(grouped(ask("none,disk=2"), rows, 2), [cost_of("disk ×2", 20)]) == ()
