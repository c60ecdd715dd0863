"""The forest plot: differences around zero."""

from __future__ import annotations

from tests.train.compare.page.example import example, read
from tests.train.compare.page.test_plots import texts
from train.compare.page import forest


def test_every_pair_of_the_length_has_a_row() -> None:
    found = example()
    names = [
        f"{pair['arm']} − {pair['against']}".replace(" ×", "\u00a0×")
        for pair in found["pairs"]
        if pair["epochs"] == 40
    ]
    shown = texts(forest.of_pairs(read(found), 40))
    assert [text for text in shown if " − " in text] == names
    assert {"K = 40 epochs", "differ", "margin"} <= set(shown)


def test_all_verdicts_have_a_key() -> None:
    found = example(("none", "fly", "disk ×2", "disk ×4"), (8,))
    for pair, verdict in zip(
        found["pairs"],
        ("better", "worse", "equivalent", "identical", "undecided", "undecided"),
        strict=True,
    ):
        pair["verdict"] = verdict
    assert texts(forest.of_pairs(read(found), 8))[-5:] == [
        "differ",
        "equivalent",
        "undecided",
        "identical",
        "margin",
    ]


def test_without_intervals_the_rest_is_shown() -> None:
    found = example(("none", "fly"), (8,), 1)
    shown = texts(forest.of_pairs(read(found), 8))
    assert "fly − none" in shown
    assert "margin" in shown


def test_all_lengths_have_the_same_axis() -> None:
    found = example(("none", "fly", "disk ×4"))
    ticks = [
        [text for text in texts(forest.of_pairs(read(found), k)) if text[0] in "+−0"]
        for k in (8, 40)
    ]
    assert ticks[0] == ticks[1] != []


def test_gaps_have_a_row_for_each_arm_with_copies_and_length() -> None:
    shown = texts(forest.of_gaps(read(example(("none", "fly", "disk ×2")))))
    assert [text.replace("\u00a0", " ") for text in shown if text.startswith("disk")] == [
        "disk ×2, K = 8",
        "disk ×2, K = 40",
    ]


def test_nothing_to_compare_is_nothing_drawn() -> None:
    alone = example(("none",))
    assert forest.of_pairs(read(alone), 8) is None
    assert forest.of_gaps(read(alone)) is None
