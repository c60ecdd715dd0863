"""Plots: effects, the screen and the check."""

from __future__ import annotations

import re
from dataclasses import replace

from tests.train.ablate.page.example import EVIL, ablation
from tests.train.compare.page.test_plots import texts
from train.ablate.page import plots

EFFECTS = ("helps", "harms", "changes little", "undecided")


def texts_of(svg: str | None) -> list[str]:
    return [text.replace("\u00a0", " ") for text in texts(svg)]


def test_each_technique_is_a_row_with_its_verdict_as_a_word_and_a_shape() -> None:
    svg = plots.effects(ablation())
    shown = texts_of(svg)
    rows = [
        text
        for text in shown
        if text in ("flip horizontal", "rotate ±15°", "translate ±10 %", "flip vertical")
    ]
    assert rows == ["flip horizontal", "rotate ±15°", "translate ±10 %", "flip vertical"]
    assert [text for text in shown if text in EFFECTS] == [
        "helps",
        "helps",
        "changes little",
        "undecided",
        "harms",
        "harms",
    ]
    assert len({style.marker for style in plots.VERDICTS.values()}) == 4
    for verdict in ("better", "worse", "equivalent"):
        assert plots.VERDICTS[verdict].colour in (svg or "")


def test_a_single_seed_is_enough() -> None:
    result = ablation(seeds=1)
    assert "flip horizontal" in texts_of(plots.effects(result))
    assert plots.effects(replace(result, techniques=())) is None


def test_long_names_end_after_two_lines() -> None:
    shown = texts_of(plots.effects(ablation(("y" * 60, EVIL))))
    assert [text for text in shown if "y" in text] == ["y" * 18, "y" * 17 + "…"]
    assert {'<b>&"x |', "$\\frac{a}$"} <= set(shown)


def test_techniques_of_one_strength_share_a_plot_and_the_others_have_one_each() -> None:
    drawn = list(plots.screened(ablation()))
    assert [caption.split(":")[0].replace("\u00a0", " ") for _, caption in drawn[1:]] == [
        "rotate ±15°",
        "translate ±10 %",
        "scale × 0.9 … 1.1",
    ]
    alone = texts_of(drawn[0][0])
    assert {
        "One strength each",
        "flip horizontal",
        "flip vertical",
        "79 %",
        "50 %, 3 flagged",
    } <= set(alone)
    assert "+15°" in texts_of(drawn[1][0])
    assert drawn[1][1].endswith("no class flagged.")
    assert drawn[3][1].endswith("classes flagged at 2 of 4 strengths.")
    assert list(plots.screened(replace(ablation(), screen=()))) == []


def test_strengths_with_and_without_flags_differ_by_shape() -> None:
    (_, (svg, _), *_) = [*plots.screened(ablation(("noise", "translate ±10 %")))]
    assert {colour for colour in (plots.KNOWN.colour, plots.FLAGGED.colour) if colour in svg} == {
        plots.KNOWN.colour,
        plots.FLAGGED.colour,
    }
    assert plots.KNOWN.marker != plots.FLAGGED.marker


def test_a_long_name_does_not_leave_its_plot() -> None:
    result = ablation(("scale " + "x" * 90, "noise"))
    title = next(
        text for text in texts(list(plots.screened(result))[1][0]) if text.startswith("scale")
    )
    assert len(title) == plots.TITLE
    assert title.endswith("…")


def test_the_check_shows_accuracies_and_differences() -> None:
    result = ablation()
    accuracies = texts_of(plots.accuracies(result))
    differences = texts_of(plots.differences(result))
    assert {"none", "TrivialAugment", "chosen", "without rotate"} <= set(accuracies)
    assert sum(bool(re.fullmatch(r"\d\d\.\d\d %", text)) for text in accuracies) == 6
    assert {"chosen − none", "better", "undecided"} <= set(differences)


def test_without_a_check_there_is_no_plot() -> None:
    result = ablation(design="single")
    assert plots.accuracies(result) is None
    assert plots.differences(result) is None
