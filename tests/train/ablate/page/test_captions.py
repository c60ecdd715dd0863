"""What an ablation's plots and tables show, in sentences."""

from __future__ import annotations

from typing import Any

import pytest

from tests.train.ablate.page.example import ablation
from train.ablate.page import captions


def plain(sentences: list[tuple[str, str]]) -> dict[str, str]:
    return {name.replace("\u00a0", " "): words.replace("\u00a0", " ") for name, words in sentences}


def test_what_was_taken_apart_is_said_in_a_sentence() -> None:
    said = captions.taken_apart(ablation())
    assert said == (
        'The recipe "classic" was taken apart into 6 techniques: 12 runs, one as it is and the others with about half of them '
        'on; the model cnn was trained on data/<b>&"x/train (2,000 sources, 10 classes) for 20 passes with 6 seeds each.'
    )
    assert "7 runs, one as it is and one with each of them alone" in captions.taken_apart(
        ablation(design="single")
    )
    bare = ablation(("a", "b"), 1) | {"settings": {"recipe": "mine"}}
    assert captions.taken_apart(bare).endswith('; trained on data/<b>&"x/train with 1 seed each.')


def test_where_effects_were_measured_is_said() -> None:
    assert "one half of the 10,000 test images" in captions.measure(ablation())
    assert captions.measure(ablation(design="single") | {"settings": {}}).endswith(
        "in percentage points, on the test images."
    )


def test_fewer_than_six_seeds_are_said_to_decide_nothing() -> None:
    assert captions.few_seeds(ablation(seeds=6)) is None
    assert "With 5 seeds every technique stays undecided" in (
        captions.few_seeds(ablation(seeds=5)) or ""
    )
    assert "With 1 seed every technique has no interval" in (
        captions.few_seeds(ablation(seeds=1)) or ""
    )


def test_each_technique_has_its_most_harmed_and_most_helped_class() -> None:
    found = ablation(("flip vertical", "noise"), classes=("a", "b"))
    up, down = found["techniques"]
    up["classes"] = [
        {"class": "a", "mean": -28.57, "interval": [-43.66, -13.48]},
        {"class": "b", "mean": 5.2, "interval": None},
    ]
    down["classes"] = [{"class": "a", "mean": 1.0, "interval": None}]
    said = plain(captions.classes(found))
    assert said["flip vertical"] == 'most harmed "a" −28.6 (−43.7 … −13.5); most helped "b" +5.2'
    assert said["noise"] == 'no class is harmed; most helped "a" +1.0'
    down["classes"][0]["mean"] = -1.0
    assert plain(captions.classes(found))["noise"] == 'most harmed "a" −1.0; no class is helped'


def test_flagged_classes_are_named_at_the_worst_strength_with_the_strengths_that_flag_none() -> (
    None
):
    said = plain(captions.screened(ablation(classes=("Bag", "Coat", "Dress", "Sneaker"))))
    assert said["scale × 0.9 … 1.1"] == (
        'at worst, × 1.10: "Dress" 92 → 1 %, taken for "Sneaker"; "Sneaker" 91 → 2 %, taken for "Bag". No flags at × 0.95 and × 1.05'
    )
    assert said["flip vertical"].startswith('mirrored: "Dress" 92 → 1 %')
    assert said["flip horizontal and rotate ±15°"] == "no class is flagged"
    assert captions.screened(ablation() | {"screen": []}) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "On images that had no part in choosing: chosen against none: better"),
        (
            {"none": "undecided"},
            "it is not shown to be better than no augmentation: chosen against none",
        ),
        (
            {"without rotate ±15°": "worse"},
            'rotate ±15°; it is "without rotate ±15°" of the check.',
        ),
        (
            {"without rotate ±15°": "worse", "without flip horizontal": "worse"},
            "this very set was not measured.",
        ),
    ],
)
def test_a_suggestion_says_how_sure_it_is(change: dict[str, str], words: str) -> None:
    found = ablation()
    for pair in found["check"]["pairs"]:
        pair["verdict"] = change.get(pair["against"], pair["verdict"])
    assert words in " ".join(captions.suggested(found))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"none": "worse"}, "since the chosen techniques together harm"),
        ({"without rotate ±15°": "worse"}, "each of the chosen techniques was better left out"),
    ],
)
def test_why_nothing_is_suggested_is_said(change: dict[str, str], words: str) -> None:
    found: dict[str, Any] = ablation() | {
        "suggestion": {"techniques": None, "yaml": None, "file": None}
    }
    for pair in found["check"]["pairs"]:
        pair["verdict"] = change.get(pair["against"], pair["verdict"])
    (said,) = captions.suggested(found)
    assert words in said


def test_alone_nothing_is_suggested_that_did_not_surely_help() -> None:
    found = ablation(("flip vertical", "noise"), design="single")
    assert captions.suggested(found)[0].startswith(
        "Nothing is suggested: no technique surely helped."
    )
    assert (
        captions.suggested(ablation(design="single"))[-1]
        == "Each helped alone; what they do together was not measured."
    )


def test_the_time_of_the_techniques_is_said() -> None:
    found = ablation(("a", "noise"))
    assert (
        captions.costs(found).replace("\u00a0", " ")
        == "An image takes from 13.7 µs (a) to 28.5 µs (noise), each technique alone."
    )
    assert captions.costs(found | {"techniques": []}) == ""
