"""Wording: the two lines at the top, what stands beside the numbers, and what was not tested."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.train.compare.studies import ask
from tests.train.verdicts import verdict_of
from train.compare.arms import Arm
from train.compare.codec import Codec
from train.compare.findings.sentences import headline, not_tested, notes
from train.compare.results import BreakEven, MissingVerdict, PairVerdict, Payback, Unfinished
from train.compare.study import ComparisonStudy
from train.statistics.intervals import Interval
from train.statistics.sentences import Name


def arm_of(name: str) -> Arm:
    strategy, _, factor = name.partition(" ×")
    return Arm(strategy, int(factor) if factor else None)


def pair_of(
    arm: str,
    against: str,
    verdict: Name,
    mean: float,
    bounds: tuple[float, float] | None,
    more_seeds: int | None = None,
) -> PairVerdict:
    found = verdict_of(arm, against, verdict, mean, bounds, more_seeds=more_seeds)
    return PairVerdict(4, arm_of(arm), arm_of(against), found)


def cost_of(arm: str, payback: Payback, needed: float | None = None) -> BreakEven:
    return BreakEven(arm_of(arm), 4, 0.1, 0.1, None, None, payback, needed, needed, "")


def test_the_first_line_says_what_was_found_after_the_longest_training() -> None:
    pair = pair_of("disk ×4", "fly", "worse", -0.5, (-0.75, -0.25))
    shorter = replace(pair, epochs=2)
    aside = pair_of("disk-random ×4", "fly", "better", 9.0, (8.0, 10.0))
    helped = pair_of("fly", "none", "better", 3.0, (2.0, 4.0))
    first, _ = headline(ask(lengths=(2, 4)), [shorter, aside, helped, pair], [])
    assert first == (
        "After 4 epochs: fly is better than disk ×4 by 0.50 points (0.25 … 0.75) and none by 3.00 "
        "points (2.00 … 4.00)."
    )


def test_without_copies_or_views_on_the_fly_the_first_line_says_what_there_is() -> None:
    against_none = pair_of("disk ×4", "none", "better", 3.0, (2.0, 4.0))
    assert (
        headline(ask("none,disk=4"), [against_none], [])[0]
        == "After 4 epochs: disk ×4 is better than none by 3.00 points (2.00 … 4.00)."
    )
    copies = pair_of("disk ×4", "disk-random ×4", "identical", 0.0, None)
    assert (
        headline(ask("disk=4,disk-random=4"), [copies], [])[0]
        == "After 4 epochs: disk ×4 and disk-random ×4 are identical."
    )


def test_pairs_whose_trials_diverged_are_named_in_the_first_line() -> None:
    lost = MissingVerdict(4, Arm("fly"), Arm("none"), "")
    found = pair_of("disk ×4", "fly", "undecided", 0.5, (-0.25, 1.25))
    assert headline(ask(), [], [], [lost])[0] == "After 4 epochs: no verdict: fly against none."
    assert headline(ask(), [found], [], [lost])[0] == (
        "After 4 epochs: nothing is decided; disk ×4 and fly differ by at most 1.25 points; no "
        "verdict: fly against none."
    )


def test_the_next_line_says_for_which_images_that_holds() -> None:
    def scope(**changes: Any) -> tuple[str, ...]:
        found = verdict_of("fly", "none", "undecided", 0.5, (-0.1, 1.1), images=400, **changes)
        pair = PairVerdict(4, Arm("fly"), Arm("none"), found)
        return headline(ask("none,fly"), [pair], [])[1:-1]

    assert scope() == ("This holds for images like these, and on these 400 test images.",)
    (line,) = scope(verdict_here="better", interval_here=Interval(0.2, 0.8))
    assert line == (
        "This holds for images like these; on these 400 test images alone, fly is better than none "
        "by 0.50 points (0.20 … 0.80)."
    )


def test_arms_that_have_not_converged_are_named() -> None:
    found = pair_of("fly", "none", "better", 3.0, (2.0, 4.0))
    open_ = [Unfinished(Arm(name), 4, 0.5, 8, "") for name in ("none", "fly")]
    aside = [Unfinished(Arm("hybrid", 4), 4, 0.5, 8, ""), replace(open_[0], epochs=2)]
    lines = headline(ask("none,fly"), [found], [], [], [*open_, *aside])
    assert lines[1] == (
        "Not converged: none and fly; verdicts on them may change with more epochs."
    )
    assert "Not converged" not in " ".join(headline(ask("none,fly"), [found], [], [], aside))


def test_the_second_line_says_what_folders_cost() -> None:
    pays, far = cost_of("disk ×2", "pays", 12.3), cost_of("disk ×4", "pays", 1300.0)
    never = [cost_of(f"disk ×{factor}", "never") for factor in (4, 8)]
    why = "an epoch over copies is not significantly faster than one on the fly"
    lines = {
        "No arm has both copies and a fly arm to compare with, so there is no break-even.": [],
        "Cost: one seed is not enough to tell whether disk ×4 breaks even.": [cost_of("disk ×4", "unknown")],
        "Cost: disk ×2 breaks even after 13 epochs.": [pays, replace(never[0], epochs=2)],
        "Cost: disk ×2 breaks even after 13 epochs; disk ×4 breaks even after 1,300 epochs.": [pays, far],
        f"Cost: disk ×4 and disk ×8 never break even: {why}.": never,
        f"Cost: disk ×2 breaks even after 13 epochs; disk ×4 never breaks even: {why}.": [pays, never[0]],
    }  # fmt: skip
    for words, costs in lines.items():
        assert headline(ask(), [], costs)[1] == words


def noted(study: ComparisonStudy, jobs: int = 1) -> list[str]:
    return list(notes(study, jobs))


def test_a_reader_is_told_what_the_numbers_do_not_say() -> None:
    clean = "fly shows the untouched image in one of 4 epochs, as disk ×4 does"
    cases: list[tuple[list[str], ComparisonStudy, int]] = [
        ([], ask("none,fly"), 1),
        ([], ask("none,disk=4"), 1),
        ([clean], ask(), 1),
        ([clean, "the views of fly are rendered in batches and differ from the copies by up to one grey level, so no two of these arms are identical"], ask(renderer="batched"), 1),
        ([f"{clean}; arms with fewer copies show it more often (×2, ×3)"], ask("fly,disk=2,disk-random=3,disk=4"), 1),
        (["equal epochs over all files: arms with F files per source have F times the steps"], ask("none,disk=4", budget="files"), 1),
        (["equal seconds of training, without those of the expansion: arms differ in steps"], ask("none,disk=4", budget="wall"), 1),
        (["equal seconds, with those of the expansion: arms differ in steps"], ask("none,disk=4", budget="wall-expansion"), 1),
        (["copies are encoded with --codec jpg, so they lose what it loses"], ask("none,disk=4", codec=Codec("jpg", 80)), 1),
        (["3 trials ran in parallel, so seconds are those of a shared machine"], ask("none,fly"), 3),
        (
            [clean, "equal epochs over all files: arms with F files per source have F times the steps",
             "copies are encoded with --codec keep, so they lose what it loses", "2 trials ran in parallel, so seconds are those of a shared machine"],
            ask(budget="files", codec=Codec("keep")), 2,
        ),
    ]  # fmt: skip
    for words, study, jobs in cases:
        assert noted(study, jobs) == words


def test_what_was_not_tested_is_said() -> None:
    assert list(not_tested(ask(lengths=(4, 20), sources=2000))) == [
        "models other than linear: larger ones memorise sooner (--model)",
        'recipes and strengths other than those of "classic" (--recipe)',
        "more or fewer sources than 2,000 (--sources)",
        "training for other than 4, 20 epochs (--epochs)",
        "other learning rates, batch sizes and schedules for each arm: all arms share one (--tune)",
        "equal seconds, or equal epochs over all files (--budget wall, files)",
        "test images from other sources than the test folder",
    ]
    said = not_tested(ask(budget="wall"))
    assert "more or fewer sources than all (--sources)" in said
    assert "equal optimizer steps (--budget steps)" in said
    assert len(set(said)) == 7
