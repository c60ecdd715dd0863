"""Findings: from rows made by hand to what they say of arms, pairs and classes."""

from __future__ import annotations

import json

import pytest

from tests.train.compare.studies import ask, grouped, row_of
from train.compare.arms import parse_arms
from train.compare.export.json import gain_to_dict, pair_to_dict, summary_to_dict
from train.compare.findings.accuracy import summarise_arms
from train.compare.findings.classes import compare_classes
from train.compare.findings.pairs import compare_pairs, pairs_of

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
        "arm": "disk ×4", "epochs": 4, "passes": 6, "k_over_f": 1.5, "steps": 12, "n": 2,
        "accuracies": [0.875, 0.75], "mean": 0.8125, "sd": pytest.approx(0.125 / 2**0.5),
        "interval": pytest.approx((0.8125 - 12.7062 * 0.0625, 0.8125 + 12.7062 * 0.0625), abs=1e-4),
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
        (2, "fly", "none", "better"), (2, "disk ×4", "none", "better"), (2, "disk ×4", "fly", "identical"),
        (4, "fly", "none", "better"), (4, "disk ×4", "none", "better"), (4, "disk ×4", "fly", "equivalent"),
    ]  # fmt: skip
    first = found[0]
    assert (first["n"], first["mean"]) == (6, pytest.approx(100 * (7 / 8 - 4.5 / 8)))
    assert first["p_holm"] == pytest.approx(3 * first["p_t"])
    assert first["p_signflip"] == 2 / 2**6
    assert first["words"].startswith("fly is better than none by 31.25 points (95 % interval ")
    assert first["bca_images"] is not None
    json.dumps(found)


def test_gains_and_harms_are_counted_class_by_class_against_the_first_arm() -> None:
    none = [[1, 1, 1, 0, 1, 1, 0, 0], [1, 1, 1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1, 0, 0]]
    fly = [[0, 1, 0, 0, 1, 1, 1, 1], [0, 0, 1, 0, 1, 1, 1, 0], [0, 0, 1, 0, 1, 1, 1, 1]]
    rows = [
        row_of(arm, 4, n, right[n])
        for n in range(3)
        for arm, right in (("none", none), ("fly", fly))
    ]
    classes, worst = compare_classes(grouped(ask("none,fly"), rows, 8))
    reach = 4.302653 * 14.433757 / 3**0.5
    assert [gain_to_dict(gain) for gain in classes] == [
        {"epochs": 4, "arm": "fly", "against": "none", "class": "cat", "mean": pytest.approx(-200 / 3), "interval": pytest.approx((-200 / 3 - reach, -200 / 3 + reach), abs=1e-4), "p_t": pytest.approx(0.015268, abs=1e-6), "p_holm": pytest.approx(0.015268, abs=1e-6)},
        {"epochs": 4, "arm": "fly", "against": "none", "class": "dog", "mean": pytest.approx(50.0), "interval": (pytest.approx(50.0), pytest.approx(50.0)), "p_t": 0.0, "p_holm": 0.0},
    ]  # fmt: skip
    (smallest,) = worst
    assert (smallest.gain, smallest.harmed) == (classes[0], True)
    assert smallest.sentence == (
        'fly harms "cat" most, −66.67 points against none (95 % interval −102.52 … −30.81), of 2 classes'
    )


def test_a_class_that_gains_least_is_not_called_harmed() -> None:
    rows = [
        row_of(arm, 4, 0, right) for arm, right in (("none", [1, 0, 0, 1]), ("fly", [0, 0, 1, 1]))
    ]
    _, worst = compare_classes(grouped(ask("none,fly"), rows, 4))
    (smallest,) = worst
    assert (smallest.harmed, smallest.gain.interval) == (False, None)
    assert (
        smallest.sentence == 'Smallest gain of fly: "cat", −50.00 points against none, of 2 classes'
    )
    rows = [
        row_of(arm, 4, n, right)
        for n in (0, 1)
        for arm, right in (("none", [1, 0, 0, 1]), ("fly", [1, 1, 1, 1]))
    ]
    _, worst = compare_classes(grouped(ask("none,fly"), rows, 4))
    sentence = 'Smallest gain of fly: "cat", +50.00 points against none (95 % interval +50.00 … +50.00), of 2 classes'
    assert (worst[0].harmed, worst[0].sentence) == (False, sentence)
