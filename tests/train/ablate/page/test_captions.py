"""Captions: what the plots and tables of an ablation show, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.train.ablate.page.example import ablation
from train.ablate.page import captions
from train.ablate.results import AblationResult, ClassEffect
from train.statistics.intervals import Interval


def plain(sentences: list[captions.Labelled]) -> dict[str, str]:
    return {name.replace("\u00a0", " "): text.replace("\u00a0", " ") for name, text in sentences}


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
    assert "With 5 seeds every technique has no interval and stays undecided" in (
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


def test_the_fastest_and_the_slowest_technique_are_named() -> None:
    text = captions.times(ablation(("a", "noise")).techniques).replace("\u00a0", " ")
    assert text == "Time per image, each technique alone: from 13.7 µs (a) to 28.5 µs (noise)."
    assert captions.times([]) == ""
