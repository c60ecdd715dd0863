"""Plots: accuracy against copies, steps and seconds."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from tests.train.compare.page.example import example, read
from train.compare.page import plots
from train.compare.page.styles import COLOURS, FIXED, MARKERS, plot_styles


def texts(svg: str | None) -> list[str]:
    assert svg is not None
    return [element.text or "" for element in ElementTree.fromstring(svg).iter("text")]


def test_the_axis_of_copies_says_how_often_each_is_met() -> None:
    found = texts(plots.against_factor(read(example()), 40))
    for factor, ratio in (("×1", "K/F = 40"), ("×2", "K/F = 20"), ("×4", "K/F = 10")):
        assert found[found.index(factor) + 1] == ratio
    assert {"none", "fly", "disk ×2", "disk-random ×4", "K = 40 epochs"} <= set(found)


def test_many_factors_have_ticks_of_three_lines() -> None:
    found = example(("fly", *(f"disk ×{factor}" for factor in (2, 4, 8))), (8,))
    assert "K/F" not in texts(plots.against_factor(read(found), 8))
    for name, arm in zip(("disk ×16", "hybrid ×32"), found["arms"][1:], strict=False):
        strategy, _, factor = name.partition(" ×")
        found["arms"].append({**arm, "name": name, "strategy": strategy, "factor": int(factor)})
        found["cells"].append({**found["cells"][-1], "arm": name})
    assert texts(plots.against_factor(read(found), 8)).count("K/F") == 5


def test_where_the_budget_gives_other_epochs_the_ratio_is_that_of_what_was_done() -> None:
    found = example(("none", "disk ×4", "hybrid ×4"), (8,))
    for cell, epochs in zip(found["cells"], (8, 32, 24), strict=True):
        cell["epochs_trained"] = epochs
    shown = texts(plots.against_factor(read(found), 8))
    assert {"K/F = 8", "K/F = 6; 8"} <= set(shown)


def test_without_copies_there_is_nothing_against_f() -> None:
    assert plots.against_factor(read(example(("none", "fly"))), 40) is None


def test_the_ends_of_the_steps_are_labelled_and_no_labels_touch() -> None:
    found = texts(plots.against_steps(read(example(lengths=(8, 9, 10, 40)))))
    assert [text for text in found if text.startswith("K = ")] == ["K = 8", "K = 40"]
    assert {"256", "1,280"} <= set(found)


def test_one_length_and_one_arm_are_enough() -> None:
    assert "K/F = 2" in texts(plots.against_factor(read(example(("none", "disk ×4"), (8,), 1)), 8))
    found = example(("none",), (8,), 1)
    assert "256" in texts(plots.against_steps(read(found)))
    assert "seconds of one trial" in texts(plots.against_seconds(read(found), whole=False))


def test_seconds_with_and_without_the_expansion_have_the_same_axis() -> None:
    found = example(("fly", "disk ×4"), (8,))
    ticks = [
        [text for text in texts(plots.against_seconds(read(found), whole)) if text.endswith(" s")]
        for whole in (False, True)
    ]
    assert ticks[0] == ticks[1]
    assert plots.against_seconds(read(found), whole=False) != plots.against_seconds(
        read(found), whole=True
    )


def test_nothing_measured_is_nothing_drawn() -> None:
    found = example()
    found["cells"] = []
    assert plots.against_factor(read(found), 8) is None
    assert plots.against_steps(read(found)) is None
    assert plots.against_seconds(read(found), whole=True) is None


def test_an_arm_looks_the_same_in_every_plot_and_like_no_other() -> None:
    found = example(("none", "fly", "disk ×2", "disk ×4", "disk ×8", "disk-random ×4", "hybrid ×4"))
    style = plot_styles(read(found))
    assert (
        len({look.colour for look in style.values()})
        == len({look.marker for look in style.values()} - {"o"}) + 2
        == 7
    )
    for svg in (
        plots.against_factor(read(found), 40),
        plots.against_steps(read(found)),
        plots.against_seconds(read(found), whole=True),
    ):
        assert all(re.search(look.colour, svg or "") for look in style.values())


def test_arms_beyond_the_colours_differ_by_marker() -> None:
    many = example(("none", "disk ×2"), (8,))
    factors = range(3, 9)
    many["arms"] += [{**many["arms"][1], "name": f"disk ×{f}", "factor": f} for f in factors]
    style = plot_styles(read(many))
    assert len(set(style.values())) == len(style) == 8
    assert len(COLOURS) < 8 < len(MARKERS)
    assert FIXED["none"].colour not in COLOURS
