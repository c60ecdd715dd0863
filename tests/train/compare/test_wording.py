"""Wording: the two lines at the top, what stands beside the numbers, and what was not tested."""

from __future__ import annotations

from typing import Any

import pytest

from tests.train.compare.studies import ask, row_of
from train.compare.runs import Runs
from train.compare.study import Codec, ComparisonStudy
from train.compare.wording import headline, not_tested, notes


def pair_of(
    arm: str,
    against: str,
    verdict: str,
    mean: float,
    bounds: tuple[float, float] | None,
    **changes: Any,
) -> dict[str, Any]:
    return {
        "epochs": 4,
        "arm": arm,
        "against": against,
        "verdict": verdict,
        "mean": mean,
        "interval": bounds,
        "more_seeds": None,
        **changes,
    }


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (pair_of("disk ×4", "fly", "identical", 0.0, (0.0, 0.0)), "disk ×4 and fly are the same, to the last bit"),
        (pair_of("disk ×4", "fly", "better", 0.5, (0.25, 0.75)), "disk ×4 is better than fly by 0.50 points (0.25 … 0.75)"),
        (pair_of("disk ×4", "fly", "worse", -0.5, (-0.75, -0.25)), "disk ×4 is worse than fly by 0.50 points (0.25 … 0.75)"),
        (pair_of("disk ×4", "fly", "equivalent", -0.01, (-0.1, 0.08)), "disk ×4 is as good as fly (−0.01 points, −0.10 … +0.08)"),
        (pair_of("disk ×4", "fly", "undecided", 0.5, (-0.25, 1.25)), "disk ×4 against fly is undecided (+0.50 points, −0.25 … +1.25)"),
        (pair_of("disk ×4", "fly", "undecided", 0.5, None, more_seeds=7), "disk ×4 against fly is undecided (+0.50 points; about 7 more seeds would decide)"),
    ],
)  # fmt: skip
def test_the_first_line_says_what_was_found_after_the_longest_training(
    pair: dict[str, Any], words: str
) -> None:
    shorter = {**pair, "epochs": 2, "verdict": "better", "interval": (0.0, 0.0)}
    aside = pair_of("disk-random ×4", "fly", "better", 9.0, (8.0, 10.0))
    helped = pair_of("fly", "none", "better", 3.0, (2.0, 4.0))
    first, _ = headline(ask(lengths=(2, 4)), [shorter, aside, helped, pair], [])
    assert (
        first == f"After 4 passes: {words}; fly is better than none by 3.00 points (2.00 … 4.00)."
    )


def test_without_copies_or_views_on_the_fly_the_first_line_says_what_there_is() -> None:
    against_none = pair_of("disk ×4", "none", "better", 3.0, (2.0, 4.0))
    assert (
        headline(ask("none,disk=4"), [against_none], [])[0]
        == "After 4 passes: disk ×4 is better than none by 3.00 points (2.00 … 4.00)."
    )
    copies = pair_of("disk ×4", "disk-random ×4", "identical", 0.0, None)
    assert (
        headline(ask("disk=4,disk-random=4"), [copies], [])[0]
        == "After 4 passes: disk ×4 and disk-random ×4 are the same, to the last bit."
    )


def test_the_second_line_says_what_folders_cost() -> None:
    pays = {"epochs": 4, "arm": "disk ×2", "passes": 12.3, "words": "pays"}
    never = [
        {"epochs": 4, "arm": f"disk ×{factor}", "passes": None, "words": "never"}
        for factor in (4, 8)
    ]
    lines = {
        "No arm stores copies beside one that draws views on the fly, so nothing has to pay for itself.": [],
        "Cost: whether disk ×4 pays for itself, a single seed does not say.": [{**never[0], "words": "unknown: …"}],
        "Cost: disk ×2 has paid for itself after 13 passes.": [pays, {**never[0], "epochs": 2}],
        "Cost: disk ×2 has paid for itself after 13 passes; disk ×4 has paid for itself after 1,300 passes.": [pays, {**pays, "arm": "disk ×4", "passes": 1300.0}],
        "Cost: disk ×4 and disk ×8 never pay for themselves: a pass over copies is not surely faster than one with views drawn on the fly.": never,
        "Cost: disk ×2 has paid for itself after 13 passes; disk ×4 never pays for itself: a pass over copies is not surely faster than one with "
        "views drawn on the fly.": [pays, never[0]],
    }  # fmt: skip
    for words, paid in lines.items():
        assert headline(ask(), [], paid)[1] == words


def noted(study: ComparisonStudy, jobs: int = 1) -> list[str]:
    rows = [row_of(arm.name, 4, 0, [1, 1]) for arm in study.arms]
    return notes(Runs(study, rows, 2), jobs)


def test_a_reader_is_told_what_the_numbers_do_not_say() -> None:
    clean = "fly shows the untouched image in one of 4 passes, as a folder of ×4 does"
    cases: list[tuple[list[str], ComparisonStudy, int]] = [
        ([], ask("none,fly"), 1),
        ([], ask("none,disk=4"), 1),
        ([clean], ask(), 1),
        ([clean, "fly's views are rendered in batches, up to one grey level from the copies': no two of these arms are identical"], ask(renderer="batched"), 1),
        ([f"{clean}; smaller folders show it more often (×2, ×3)"], ask("fly,disk=2,disk-random=3,disk=4"), 1),
        (["equal passes over all files: an arm with F views of each source has F times the optimizer steps"], ask("none,disk=4", budget="files"), 1),
        (["equal seconds of training, those of the expansion left out: arms differ in optimizer steps"], ask("none,disk=4", budget="wall"), 1),
        (["equal seconds of training, those of the expansion among them: arms differ in optimizer steps"], ask("none,disk=4", budget="wall-expansion"), 1),
        (["copies passed through the encoder (--codec jpg): they lose what it loses"], ask("none,disk=4", codec=Codec("jpg", 80)), 1),
        (["3 replicates ran side by side: seconds are those of a shared machine"], ask("none,fly"), 3),
        (
            [clean, "equal passes over all files: an arm with F views of each source has F times the optimizer steps",
             "copies passed through the encoder (--codec keep): they lose what it loses", "2 replicates ran side by side: seconds are those of a shared machine"],
            ask(budget="files", codec=Codec("keep")), 2,
        ),
    ]  # fmt: skip
    for words, study, jobs in cases:
        assert noted(study, jobs) == words


def test_what_was_not_tested_is_said() -> None:
    assert not_tested(ask(lengths=(4, 20), sources=2000)) == [
        "models other than linear: larger ones memorise sooner (--model)",
        'recipes other than "classic", and other strengths of its techniques (--recipe)',
        "more or fewer sources than 2,000 (--sources)",
        "training for other than 4, 20 passes (--epochs)",
        "other learning rates, batch sizes and schedules for each arm: all arms share one",
        "equal seconds, or equal passes over all files (--budget wall, files)",
        "test images from elsewhere than the test folder",
    ]
    said = not_tested(ask(budget="wall"))
    assert "more or fewer sources than all (--sources)" in said
    assert "equal optimizer steps (--budget steps)" in said
    assert len(set(said)) == 7
