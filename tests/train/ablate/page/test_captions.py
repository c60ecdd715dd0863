"""Captions: what the plots and tables of an ablation show, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.train.ablate.page.example import ablation
from train.ablate.page import captions
from train.ablate.results import AblationResult, ClassEffect, Suggestion
from train.statistics.intervals import Interval
from train.statistics.verdicts import Name


def plain(sentences: list[captions.Labelled]) -> dict[str, str]:
    return {name.replace("\u00a0", " "): text.replace("\u00a0", " ") for name, text in sentences}


def judged(result: AblationResult, verdicts: dict[str, Name]) -> AblationResult:
    """Give pairs of the check other verdicts, by the arm that they are against."""
    assert result.check is not None
    pairs = tuple(
        replace(
            pair,
            verdict=replace(
                pair.verdict, verdict=verdicts.get(pair.against.name, pair.verdict.verdict)
            ),
        )
        for pair in result.check.pairs
    )
    return replace(result, check=replace(result.check, pairs=pairs))


def test_the_overview_says_what_was_tried_and_how_it_was_trained() -> None:
    assert captions.overview(ablation()) == (
        'The recipe "classic" has 6 techniques. They were tried in 12 runs: one with no technique '
        "and the others with about half of them on. Model cnn, 20 epochs, 6 seeds per run, on "
        'data/<b>&"x/train (2,000 sources, 10 classes).'
    )
    single = captions.overview(ablation(design="single"))
    assert "7 runs: one with no technique and one with each of them alone" in single
    assert "1 seed per run" in captions.overview(ablation(("a", "b"), 1))


def test_the_images_that_effects_were_measured_on_are_named() -> None:
    assert "one half of the 10,000 test images" in captions.measure(ablation())
    assert captions.measure(ablation(design="single")).endswith(
        "in percentage points, on the 10,000 test images."
    )


def test_fewer_than_six_seeds_cannot_decide() -> None:
    assert captions.few_seeds(ablation(seeds=6)) is None
    assert "With 5 seeds every technique stays undecided" in (
        captions.few_seeds(ablation(seeds=5)) or ""
    )
    assert "With 1 seed every technique has no interval" in (
        captions.few_seeds(ablation(seeds=1)) or ""
    )


def with_classes(result: AblationResult, *classes: Sequence[ClassEffect]) -> dict[str, str]:
    techniques = tuple(
        replace(each, classes=tuple(own))
        for each, own in zip(result.techniques, classes, strict=True)
    )
    return plain(captions.classes(techniques))


def test_the_largest_gain_and_loss_of_each_technique_are_named() -> None:
    result = ablation(("flip vertical", "noise"), classes=("a", "b"))
    gain = ClassEffect("a", 1.0, None, 1.0)
    both = (
        ClassEffect("a", -28.57, Interval(-43.66, -13.48), 0.01),
        ClassEffect("b", 5.2, None, 1.0),
    )
    texts = with_classes(result, both, [gain])
    assert texts["flip vertical"] == (
        'largest gain: "b" +5.2; largest loss: "a" −28.6 (−43.7 … −13.5)'
    )
    assert texts["noise"] == 'largest gain: "a" +1.0; no class loses'
    texts = with_classes(result, both, [replace(gain, mean=-1.0)])
    assert texts["noise"] == 'no class gains; largest loss: "a" −1.0'


def test_flagged_classes_are_named_at_the_worst_strength() -> None:
    texts = plain(captions.screened(ablation(classes=("Bag", "Coat", "Dress", "Sneaker"))))
    assert texts["scale × 0.9 … 1.1"] == (
        'at worst, × 1.10: "Dress" 92 → 1 %, taken for "Sneaker"; "Sneaker" 91 → 2 %, '
        'taken for "Bag". No flags at × 0.95 and × 1.05'
    )
    assert texts["flip vertical"].startswith('mirrored: "Dress" 92 → 1 %')
    assert texts["flip horizontal and rotate ±15°"] == "no class is flagged"
    assert captions.screened(replace(ablation(), screen=())) == []


LEFT_OUT = 'rotate ±15°. The others are better without it; this recipe is "without rotate ±15°"'


@pytest.mark.parametrize(
    ("verdicts", "text"),
    [
        ({}, "On test images not used for the choice: chosen against none: better"),
        (
            {"none": "undecided"},
            "it is not shown to be better than no augmentation: chosen against none",
        ),
        ({"without rotate ±15°": "worse"}, f"{LEFT_OUT} in the check."),
    ],
)
def test_a_suggestion_says_how_certain_it_is(verdicts: dict[str, Name], text: str) -> None:
    assert text in " ".join(captions.suggested(judged(ablation(), verdicts)))


def test_of_several_techniques_to_leave_out_only_the_one_that_was_dropped_is_named() -> None:
    verdicts: dict[str, Name] = {
        "without rotate ±15°": "worse",
        "without flip horizontal": "worse",
    }
    result = judged(ablation(), verdicts)
    assert result.check is not None
    dropped = result.check.better_without
    assert dropped is not None
    text = " ".join(captions.suggested(result))
    other = (verdicts.keys() - {dropped.against.name}).pop()
    assert f'"{dropped.against.name}" in the check.' in text
    assert f'"{other}" in the check.' not in text


def test_the_reason_for_no_suggestion_is_given() -> None:
    result = replace(judged(ablation(), {"none": "worse"}), suggestion=Suggestion())
    (text,) = captions.suggested(result)
    assert "together, the chosen ones harm. chosen against none" in text
    single = ablation(("flip vertical", "noise"), design="single")
    (text,) = captions.suggested(single)
    assert text.startswith("No technique is suggested: none was shown to help.")
    (text,) = captions.suggested(ablation(("flip vertical", "noise")))
    assert text.startswith("No technique is suggested: none had a gain in the design.")


def test_a_suggestion_without_a_check_says_that_it_was_not_measured() -> None:
    assert (
        captions.suggested(ablation(design="single"))[-1]
        == "Each technique helped alone; their combination was not measured."
    )


def test_the_fastest_and_the_slowest_technique_are_named() -> None:
    text = captions.costs(ablation(("a", "noise")).techniques).replace("\u00a0", " ")
    assert text == "Time per image, each technique alone: from 13.7 µs (a) to 28.5 µs (noise)."
    assert captions.costs([]) == ""
