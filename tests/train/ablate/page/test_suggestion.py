"""The suggestion in sentences: what is left out, how certain it is, and why there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.train.ablate.page.example import ablation
from train.ablate.page.suggestion import describe_suggestion
from train.ablate.results import AblationResult, Suggestion
from train.statistics.sentences import Name


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
    assert text in " ".join(describe_suggestion(judged(ablation(), verdicts)))


def test_of_several_techniques_to_leave_out_only_the_one_that_was_dropped_is_named() -> None:
    verdicts: dict[str, Name] = {
        "without rotate ±15°": "worse",
        "without flip horizontal": "worse",
    }
    result = judged(ablation(), verdicts)
    assert result.check is not None
    dropped = result.check.better_without
    assert dropped is not None
    text = " ".join(describe_suggestion(result))
    other = (verdicts.keys() - {dropped.against.name}).pop()
    assert f'"{dropped.against.name}" in the check.' in text
    assert f'"{other}" in the check.' not in text


def test_the_reason_for_no_suggestion_is_given() -> None:
    result = replace(judged(ablation(), {"none": "worse"}), suggestion=Suggestion())
    (text,) = describe_suggestion(result)
    assert "together, the chosen ones harm. chosen against none" in text
    single = ablation(("flip vertical", "noise"), design="single")
    (text,) = describe_suggestion(single)
    assert text.startswith("No technique is suggested: none was shown to help.")
    (text,) = describe_suggestion(ablation(("flip vertical", "noise")))
    assert text.startswith("No technique is suggested: none had a gain in the design.")


def test_a_suggestion_without_a_check_says_that_it_was_not_measured() -> None:
    assert (
        describe_suggestion(ablation(design="single"))[-1]
        == "Each technique helped alone; their combination was not measured."
    )
