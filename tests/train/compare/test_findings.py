"""Findings: from rows made by hand to what is said of arms, pairs and classes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.train.compare.studies import ask, grouped, row_of
from train.compare.arms import parse_arms
from train.compare.export.json import gain_to_dict, pair_to_dict, summary_to_dict
from train.compare.findings.accuracy import summarise_arms
from train.compare.findings.classes import compare_classes
from train.compare.findings.pairs import compare_pairs, pairs_of
from train.report.formatting import points, points_range

BETTER = ([1, 1, 1, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0, 0, 1])
WORSE = ([1, 0, 0, 0, 1, 1, 1, 0], [0, 0, 1, 0, 1, 1, 0, 1])


def test_a_cell_is_what_its_rows_are_on_average() -> None:
    gaps = [{"stored": 0.9, "fresh": 0.8}, {"stored": 1.0, "fresh": 0.86}]
    rows = [row_of("none", 4, n, WORSE[n]) for n in (0, 1)]
    rows += [
        row_of(
            "disk ×4",
            4,
            n,
            BETTER[n],
            epochs=6,
            gap=gaps[n],
            loss=0.4 + 0.1 * n,
            training_seconds=2.0 + n,
        )
        for n in (0, 1)
    ]
    plain, disk = map(summary_to_dict, summarise_arms(grouped(ask("none,disk=4"), rows, 8)))
    assert plain["gap"] is None
    assert plain["k_over_f"] is None
    assert (plain["mean"], plain["sd"], plain["interval"]) == (0.5, 0.0, (0.5, 0.5))
    assert disk == {
        "arm": "disk ×4", "epochs_asked": 4, "epochs_trained": 6, "k_over_f": 1.5, "steps": 12, "n": 2,
        "accuracies": [0.875, 0.75], "mean": 0.8125, "sd": pytest.approx(0.125 / 2**0.5),
        "interval": pytest.approx((0.8125 - 12.7062 * 0.0625, 1.0), abs=1e-4),
        "loss": pytest.approx(0.45), "train_accuracy": 0.75, "per_class": {"cat": 0.875, "dog": 0.75},
        "seconds": 2.5, "images_per_second": 60 / 2.5, "wait": 0.5, "augment": 0.0, "compute": 2.0, "evaluate": 0.25,
        "gap": {
            "stored": pytest.approx(0.95), "fresh": pytest.approx(0.83), "points": pytest.approx(12.0),
            "interval": pytest.approx((12 - 12.7062 * 2, 12 + 12.7062 * 2), abs=1e-3),
        },
    }  # fmt: skip


def named(arms: str, factors: tuple[int, ...] = (2, 4)) -> list[str]:
    return [f"{one.name} | {other.name}" for one, other in pairs_of(parse_arms(arms, factors))]


def test_every_arm_is_held_against_none_and_fly_and_copies_against_copies() -> None:
    assert named("none,fly,disk,disk-random,hybrid") == [
        "fly | none",
        "disk ×2 | none", "disk ×2 | fly", "disk ×4 | none", "disk ×4 | fly",
        "disk-random ×2 | none", "disk-random ×2 | fly", "disk-random ×4 | none", "disk-random ×4 | fly",
        "hybrid ×2 | none", "hybrid ×2 | fly", "hybrid ×4 | none", "hybrid ×4 | fly",
        "disk ×2 | disk-random ×4",
        "disk ×2 | disk-random ×2", "disk ×4 | disk-random ×4",
        "disk ×2 | hybrid ×2", "disk ×4 | hybrid ×4",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arms", "pairs"),
    [
        ("disk", ["disk ×4 | disk ×2"]),
        (
            "disk-random=2,disk-random=4,disk-random=8",
            ["disk-random ×4 | disk-random ×2", "disk-random ×8 | disk-random ×2"],
        ),
        ("hybrid=4,disk=2,disk-random=2", ["disk ×2 | disk-random ×2", "hybrid ×4 | disk ×2"]),
        ("disk=2,disk-random=2,hybrid=4", ["disk ×2 | disk-random ×2", "hybrid ×4 | disk ×2"]),
        ("disk,none", ["disk ×2 | none", "disk ×4 | none"]),
    ],
)
def test_no_arm_is_left_without_a_counterpart(arms: str, pairs: list[str]) -> None:
    assert named(arms) == pairs


def test_pairs_of_one_length_are_one_family_and_the_same_weights_are_identical() -> None:
    flip = [[1, 1, 1, 1, 0, 1, 1, 1], [1, 1, 0, 1, 1, 1, 1, 1]] * 3
    rows = []
    for length in (2, 4):
        for n in range(6):
            bad = [0, 0, 0, n % 2, 1, 1, 1, 1]
            rows += [
                row_of("none", length, n, bad),
                row_of("fly", length, n, flip[n], weights=f"w{n}"),
            ]
            rows += [
                row_of(
                    "disk ×4",
                    length,
                    n,
                    flip[n] if length == 2 else flip[n - 1],
                    weights=f"w{n}" if length == 2 else f"d{n}",
                )
            ]
    found = [
        pair_to_dict(pair) for pair in compare_pairs(grouped(ask(lengths=(2, 4)), rows, 8), 0.25)
    ]
    assert [(pair["epochs"], pair["arm"], pair["against"], pair["verdict"]) for pair in found] == [
        (2, "fly", "none", "undecided"), (2, "disk ×4", "none", "undecided"), (2, "disk ×4", "fly", "identical"),
        (4, "fly", "none", "undecided"), (4, "disk ×4", "none", "undecided"), (4, "disk ×4", "fly", "undecided"),
    ]  # fmt: skip
    assert [pair["verdict_here"] for pair in found] == ["better", "better", "identical", "better", "better", "equivalent"]  # fmt: skip
    first = found[0]
    assert (first["n"], first["images"]) == (6, 8)
    assert first["mean"] == pytest.approx(100 * (7 / 8 - 4.5 / 8))
    assert first["p_here"] == pytest.approx(max(3 * first["p_t"], first["p_signflip"]))
    assert first["p_signflip"] == 2 / 2**6
    assert first["interval_here"][0] > 0 > first["interval"][0]
    assert first["words"].startswith("fly against none: undecided for images like these; ")
    assert "; on these 8 test images better (" in first["words"]
    json.dumps(found)


def class_rows(harmed: int, seeds: int, images: int = 60) -> list[dict[str, Any]]:
    """Return rows of which `fly` has the last `harmed` cats wrong, and one other image in turn."""
    rows = []
    for n in range(seeds):
        none = np.ones(images, int)
        fly = none.copy()
        none[(7 * n) % images] = fly[(11 * n) % images] = 0
        if harmed:
            fly[images // 2 - harmed : images // 2] = 0
        rows += [row_of("none", 4, n, none.tolist()), row_of("fly", 4, n, fly.tolist())]
    return rows


def test_a_harm_is_claimed_where_the_interval_of_all_classes_together_lies_below_0() -> None:
    results = grouped(ask("none,fly"), class_rows(15, 6), 60)
    gains, (smallest,) = compare_classes(results, 0.25)
    cat, dog = gains
    assert (cat.name, cat.seeds, smallest.gain, smallest.harmed) == ("cat", 6, cat, True)
    assert cat.interval is not None
    assert cat.interval.low < cat.mean < cat.interval.high < 0
    assert cat.p_t < cat.p <= 0.05 < dog.p
    assert smallest.sentence == (
        f'fly harms "cat" most, {points(cat.mean)} points against none '
        f"(95 % interval {points_range(cat.interval)}), of 2 classes"
    )
    json.dumps([gain_to_dict(gain) for gain in gains])


def test_more_classes_and_arms_together_make_each_claim_harder() -> None:
    rows = class_rows(15, 6)
    alone, _ = compare_classes(grouped(ask("none,fly"), rows, 60), 0.25)
    others = [{**row, "arm": "disk ×4"} for row in rows if row["arm"] == "none"]
    both, _ = compare_classes(grouped(ask("none,fly,disk=4"), [*rows, *others], 60), 0.25)
    for one, other in zip(alone, both, strict=False):
        assert (one.name, one.mean, one.p_t) == (other.name, other.mean, other.p_t)
        assert one.interval is not None
        assert other.interval is not None
        assert other.interval.low < one.interval.low
        assert one.interval.high < other.interval.high


def test_with_too_few_seeds_no_class_is_called_harmed() -> None:
    _, (smallest,) = compare_classes(grouped(ask("none,fly"), class_rows(15, 5), 60), 0.25)
    assert (smallest.harmed, smallest.gain.interval, smallest.gain.p) == (False, None, 1.0)
    assert smallest.sentence.startswith('Smallest gain of fly: "cat", −48.00')
    assert smallest.sentence.endswith(
        " points against none (from 5 seeds; a claim needs 6), of 2 classes"
    )
    _, (single,) = compare_classes(grouped(ask("none,fly"), class_rows(15, 1), 60), 0.25)
    assert "(from 1 seed; a claim needs 6)" in single.sentence


def test_a_class_that_gains_least_is_not_called_harmed() -> None:
    rows = class_rows(0, 6)
    for row in rows:
        row["arm"] = {"none": "fly", "fly": "none"}[row["arm"]]
    _, (smallest,) = compare_classes(grouped(ask("none,fly"), rows, 60), 0.25)
    assert (smallest.harmed, smallest.gain.interval is None) == (False, False)
    assert smallest.sentence.startswith("Smallest gain of fly: ")
