"""Planning: how long it would take and how finely it would see, in numbers that can be checked."""

from __future__ import annotations

from pathlib import Path
from statistics import stdev

import pytest

from tests.train.commands import draw_set
from tests.train.compare.studies import ask, context_of, question_for, trial_of
from train.compare.arms import Speed
from train.compare.planning import Forecast, in_words, make_forecast
from train.compare.study import ComparisonStudy
from train.trials.context import TrialContext
from train.trials.engine import run_trial

SPEEDS = {"none": Speed(0.5), "fly": Speed(1.0)}


@pytest.fixture
def context(tmp_path: Path) -> TrialContext[ComparisonStudy]:
    """Return the stage of a comparison whose short runs do not all end alike."""
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 5, seed=1)
    return context_of(question_for(src, test, "none,fly", lengths=(1, 3), lr=0.002))


def test_a_few_short_runs_say_how_much_seeds_differ(context: TrialContext[ComparisonStudy]) -> None:
    forecast = make_forecast(context, SPEEDS, seeds=4, jobs=2)
    assert (forecast.runs, forecast.seconds) == (16, 4 * (4 * 0.5 + 4 * 1.0) / 2)
    arm = context.study.arms[0]
    accuracies = [run_trial(context, trial_of(arm, 1, seed)).accuracy for seed in range(4)]
    assert forecast.sd == pytest.approx(100 * 2**0.5 * stdev(accuracies))
    assert forecast.sd > 0
    assert (
        forecast.how
        == "from 4 runs of none at 1 passes; pairs of other arms may differ more or less"
    )


def test_where_even_those_would_take_too_long_a_rule_of_thumb_must_do(
    context: TrialContext[ComparisonStudy],
) -> None:
    forecast = make_forecast(context, {"none": Speed(31.0), "fly": Speed(40.0)}, seeds=6, jobs=1)
    assert forecast.seconds == 6 * 4 * 71
    assert forecast.sd == pytest.approx(100 * (2 * 0.9 * 0.1 / 15) ** 0.5)
    assert forecast.how.startswith(
        "a rule of thumb (accuracy near 90 %, as far apart as two draws of the test set): "
    )


def test_a_plan_in_words() -> None:
    study = ask("none,disk=4", (4, 20), budget="files")
    speeds = {"none": Speed(2.0), "disk ×4": Speed(1.5)}
    assert in_words(study, Forecast(24, 2472.0, 0.5, "from 4 runs"), speeds, 6).splitlines() == [
        "24 runs: 6 seeds × 2 arms × 2 lengths",
        "  none     4 passes, 8.0 s; 20 passes, 40.0 s a run",
        "  disk ×4  16 passes, 24.0 s; 80 passes, 120.0 s a run",
        "about 41 min in all, testing and start-up apart",
        "a paired difference between arms is expected to vary by 0.50 points (from 4 runs):",
        "    6 seeds: 95 % interval of ± 0.52 points  <- as asked",
        "   10 seeds: 95 % interval of ± 0.36 points",
        "   20 seeds: 95 % interval of ± 0.23 points",
    ]  # 2.571·0.5/√6, 2.262·0.5/√10, 2.093·0.5/√20


@pytest.mark.parametrize(
    ("seconds", "words"), [(89.0, "89 s"), (90.0, "2 min"), (5399.0, "90 min"), (5400.0, "1.5 h")]
)
def test_a_duration_is_said_in_the_unit_that_suits_it(seconds: float, words: str) -> None:
    said = in_words(ask("none,fly"), Forecast(2, seconds, 0.5, "guessed"), SPEEDS, 3).splitlines()
    assert said[3] == f"about {words} in all, testing and start-up apart"
    assert [line.split()[0] for line in said[5:]] == ["3", "6", "10", "20"]


def test_one_seed_has_no_interval() -> None:
    assert Forecast(1, 1.0, 0.5, "").half_width(1) is None
    said = in_words(ask("none,fly"), Forecast(2, 1.0, 0.5, "guessed"), SPEEDS, 1).splitlines()
    assert [line.split()[0] for line in said[5:]] == ["6", "10", "20"]
