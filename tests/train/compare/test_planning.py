"""The plan of a comparison: how long it takes, and the smallest difference it could detect."""

from __future__ import annotations

from pathlib import Path
from statistics import stdev

import numpy as np
import pytest

from tests.train.commands import draw_set
from tests.train.compare.studies import ask, context_of, study_for, trial_of
from train.compare.arms import Speed
from train.compare.planning import Forecast, format_plan, make_forecast
from train.compare.study import ComparisonStudy
from train.statistics.crossed import crossed
from train.statistics.power import Spread
from train.trials.runner import run_trial
from train.trials.study import TrialContext

SPEEDS = {"none": Speed(0.5), "fly": Speed(1.0)}


@pytest.fixture
def context(tmp_path: Path) -> TrialContext[ComparisonStudy]:
    """Return the stage of a comparison whose short runs do not all end alike."""
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 5, seed=1)
    return context_of(study_for(src, test, "none,fly", lengths=(2, 3), lr=0.002))


def test_a_few_short_runs_say_how_much_seeds_differ(context: TrialContext[ComparisonStudy]) -> None:
    forecast = make_forecast(context, SPEEDS, seeds=4, jobs=2)
    assert (forecast.trials, forecast.seconds) == (16, 4 * (5 * 0.5 + 5 * 1.0) / 2)
    none, fly = (
        np.stack(
            [run_trial(context, trial_of(arm, 2, seed)).right(15) for seed in range(4)]
        ).astype(int)
        for arm in context.study.arms
    )
    found = crossed(none - fly)
    assert forecast.spread.sd == pytest.approx(100 * stdev((none - fly).mean(axis=1)))
    assert forecast.spread.images_sd == pytest.approx(found.images_se * 15**0.5)
    assert forecast.spread.sd > 0
    assert (forecast.spread.images, forecast.spread.alpha, forecast.pairs) == (15, 0.05, 1)
    assert (
        forecast.source == "from 4 trials each of none and fly for 2 epochs; other pairs may differ"
    )


def test_where_even_those_would_take_too_long_a_rule_of_thumb_must_do(
    context: TrialContext[ComparisonStudy],
) -> None:
    forecast = make_forecast(context, {"none": Speed(31.0), "fly": Speed(40.0)}, seeds=6, jobs=1)
    assert forecast.seconds == 6 * 5 * 71
    assert forecast.spread.sd == pytest.approx(100 * (2 * 0.9 * 0.1 / 15) ** 0.5)
    assert forecast.spread.images_sd == pytest.approx(100 * 0.035**0.5)
    assert forecast.source.startswith("a rule of thumb for an accuracy near 90 %, ")


def forecast_of(trials: int, seconds: float, source: str = "guessed") -> Forecast:
    return Forecast(trials, seconds, Spread(0.5, 18.7, 400, 0.04 / 3), 3, source)


def test_a_plan_format_plan() -> None:
    study = ask("none,disk=4", (4, 20), budget="files")
    speeds = {"none": Speed(2.0), "disk ×4": Speed(1.5)}
    forecast = forecast_of(24, 2472.0, "from 4 runs")
    assert format_plan(study, forecast, speeds, 6).splitlines() == [
        "24 trials: 6 seeds × 2 arms × 2 numbers of epochs",
        "  none     4 epochs, 8.0 s; 20 epochs, 40.0 s per trial",
        "  disk ×4  16 epochs, 24.0 s; 80 epochs, 120.0 s per trial",
        "about 41 min in all, without start-up and evaluation",
        "a paired difference between arms is expected to vary by 0.50 points (from 4 runs)",
        "the smallest difference in points that would be found with 80 % power, 3 pairs judged together:",
        "  seeds  on these 400 test images  for images like these, tested on     400    1,600    6,400",
        "      6                      0.99                                      3.18     1.71     1.09  (requested)",
        "     10                      0.64                                      3.15     1.64     0.95",
        "     20                      0.40                                      3.12     1.59     0.86",
    ]  # fmt: skip
    # 400 images, 20 seeds, by the normal distribution: (z of 1 − 0.04/6 + z of 0.8) · √(0.5²/20 + 18.7²/400)
    assert pytest.approx(3.12, abs=0.01) == (2.475 + 0.842) * (0.25 / 20 + 18.7**2 / 400) ** 0.5


@pytest.mark.parametrize(
    ("seconds", "words"), [(89.0, "89 s"), (90.0, "2 min"), (5399.0, "90 min"), (5400.0, "1.5 h")]
)
def test_a_duration_is_said_in_the_unit_that_suits_it(seconds: float, words: str) -> None:
    said = format_plan(ask("none,fly"), forecast_of(2, seconds), SPEEDS, 3).splitlines()
    assert said[3] == f"about {words} in all, without start-up and evaluation"
    assert [line.split()[0] for line in said[7:]] == ["3", "6", "10", "20"]


def test_too_few_seeds_find_nothing() -> None:
    said = format_plan(ask("none,fly"), forecast_of(2, 1.0), SPEEDS, 1).splitlines()
    assert said[7].strip() == "1  too few for a verdict  (requested)"
    assert [line.split()[0] for line in said[8:]] == ["6", "10", "20"]
