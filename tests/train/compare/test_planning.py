"""Planning: how long it would take and how finely it would see, in numbers that can be checked."""

from __future__ import annotations

from pathlib import Path
from statistics import stdev

import pytest

from tests.train.commands import draw_set
from tests.train.compare.studies import ask, context_of, study_for, trial_of
from train.compare.arms import Speed
from train.compare.planning import Forecast, format_plan, make_forecast
from train.compare.study import ComparisonStudy
from train.trials.context import TrialContext
from train.trials.runner import run_trial

SPEEDS = {"none": Speed(0.5), "fly": Speed(1.0)}


@pytest.fixture
def context(tmp_path: Path) -> TrialContext[ComparisonStudy]:
    """Return the stage of a comparison whose short runs do not all end alike."""
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 5, seed=1)
    return context_of(study_for(src, test, "none,fly", lengths=(1, 3), lr=0.002))


def test_a_few_short_runs_say_how_much_seeds_differ(context: TrialContext[ComparisonStudy]) -> None:
    forecast = make_forecast(context, SPEEDS, seeds=4, jobs=2)
    assert (forecast.trials, forecast.seconds) == (16, 4 * (4 * 0.5 + 4 * 1.0) / 2)
    arm = context.study.arms[0]
    accuracies = [run_trial(context, trial_of(arm, 1, seed)).accuracy for seed in range(4)]
    assert forecast.sd == pytest.approx(100 * 2**0.5 * stdev(accuracies))
    assert forecast.sd > 0
    assert forecast.source == "from 4 trials of none for 1 epoch; other pairs may differ"


def test_where_even_those_would_take_too_long_a_rule_of_thumb_must_do(
    context: TrialContext[ComparisonStudy],
) -> None:
    forecast = make_forecast(context, {"none": Speed(31.0), "fly": Speed(40.0)}, seeds=6, jobs=1)
    assert forecast.seconds == 6 * 4 * 71
    assert forecast.sd == pytest.approx(100 * (2 * 0.9 * 0.1 / 15) ** 0.5)
    assert forecast.source.startswith("a rule of thumb for an accuracy near 90 %, ")


def test_a_plan_format_plan() -> None:
    study = ask("none,disk=4", (4, 20), budget="files")
    speeds = {"none": Speed(2.0), "disk ×4": Speed(1.5)}
    assert format_plan(study, Forecast(24, 2472.0, 0.5, "from 4 runs"), speeds, 6).splitlines() == [
        "24 trials: 6 seeds × 2 arms × 2 numbers of epochs",
        "  none     4 epochs, 8.0 s; 20 epochs, 40.0 s per trial",
        "  disk ×4  16 epochs, 24.0 s; 80 epochs, 120.0 s per trial",
        "about 41 min in all, without start-up and evaluation",
        "a paired difference between arms is expected to vary by 0.50 points (from 4 runs):",
        "    6 seeds: smallest difference it could detect: 0.52 points  (requested)",
        "   10 seeds: smallest difference it could detect: 0.36 points",
        "   20 seeds: smallest difference it could detect: 0.23 points",
    ]  # 2.571·0.5/√6, 2.262·0.5/√10, 2.093·0.5/√20


@pytest.mark.parametrize(
    ("seconds", "words"), [(89.0, "89 s"), (90.0, "2 min"), (5399.0, "90 min"), (5400.0, "1.5 h")]
)
def test_a_duration_is_said_in_the_unit_that_suits_it(seconds: float, words: str) -> None:
    said = format_plan(
        ask("none,fly"), Forecast(2, seconds, 0.5, "guessed"), SPEEDS, 3
    ).splitlines()
    assert said[3] == f"about {words} in all, without start-up and evaluation"
    assert [line.split()[0] for line in said[5:]] == ["3", "6", "10", "20"]


def test_one_seed_has_no_interval() -> None:
    assert Forecast(1, 1.0, 0.5, "").half_width(1) is None
    said = format_plan(ask("none,fly"), Forecast(2, 1.0, 0.5, "guessed"), SPEEDS, 1).splitlines()
    assert [line.split()[0] for line in said[5:]] == ["6", "10", "20"]
