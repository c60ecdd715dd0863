"""The table of classes: its numbers and its tints."""

from __future__ import annotations

from tests.train.compare.page.example import CLASSES, example, read
from train.compare.results import Comparison
from train.report.classes import Heat, Tile, heats_of


def heats(comparison: Comparison) -> list[Heat]:
    return heats_of(comparison.gains_after(comparison.longest))


def test_few_classes_are_shown_all() -> None:
    (heat,) = heats(read(example()))
    assert tuple(name for name, _ in heat.rows) == CLASSES
    assert heat.columns == (
        "fly",
        "disk\u00a0×2",
        "disk\u00a0×4",
        "disk-random\u00a0×4",
        "hybrid\u00a0×4",
    )
    assert "against none" in heat.caption


def test_of_a_hundred_classes_the_ten_most_harmed_and_the_ten_most_helped_are_shown() -> None:
    found = example(classes=tuple(f"class {index}" for index in range(100)))
    harmed, helped = heats(read(found))
    entries = [entry for entry in found["classes"] if entry["epochs"] == 40]
    lowest = {
        name: min(entry["mean"] for entry in entries if entry["class"] == name)
        for name in {e["class"] for e in entries}
    }
    assert [name for name, _ in harmed.rows] == sorted(lowest, key=lambda name: lowest[name])[:10]
    assert max(entries, key=lambda entry: entry["mean"])["class"] == helped.rows[0][0]
    assert not {name for name, _ in harmed.rows} & {name for name, _ in helped.rows}
    assert len(helped.rows) == 10
    assert "of 100 classes" in helped.caption


def test_gains_are_blue_harms_orange_and_what_is_sure_is_marked() -> None:
    found = example(("none", "fly"), (8,), classes=("up", "down", "even"))
    for entry, mean, half in zip(found["classes"], (4.0, -4.0, 0.0), (1.0, 5.0, 1.0), strict=True):
        entry.update(mean=mean, interval=[mean - half, mean + half])
    (heat,) = heats(read(found))
    (_, (up,)), (_, (down,)), (_, (even,)) = heat.rows
    assert up == Tile("+4.0", "+3.0 … +5.0", "#80b8d8", True)
    assert down == Tile("−4.0", "−9.0 … +1.0", "#eaae80", False)
    assert even == Tile("0.0", "−1.0 … +1.0", "#ffffff", False)


def test_against_several_arms_each_column_names_both() -> None:
    found = example(("none", "fly", "disk ×4"), (8,), classes=("a",))
    found["classes"][1]["against"] = "fly"
    (heat,) = heats(read(found))
    assert heat.columns == ("fly − none", "disk\u00a0×4 − fly")
    assert "first arm minus second" in heat.caption


def test_a_class_that_an_arm_lacks_is_a_dash() -> None:
    found = example(("none", "fly", "disk ×4"), (8,), seeds=1, classes=("a", "b"))
    del found["classes"][-1]
    (heat,) = heats(read(found))
    assert [tile.text == "–" for _, tiles in heat.rows for tile in tiles] == [
        False,
        False,
        False,
        True,
    ]
    assert heat.rows[0][1][0].interval == "–"


def test_without_classes_there_is_no_table() -> None:
    found = example(("none",))
    assert heats(read(found)) == []
