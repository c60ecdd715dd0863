"""The plan of an ablation: its trials, their time, and the smallest effect it could detect."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.train.ablate.ablations import ablation_for, recipe
from tests.train.commands import call, draw_set
from tests.train.compare.studies import context_of, kept
from train.ablate.ablation import AblationStudy
from train.ablate.planning import Seconds, format_plan
from train.ablate.planning import _averaging as averaging
from train.statistics.looks import Look

TECHNIQUES = ("flip: {axes: horizontal}", "rotate", "noise")
MEASURED: Seconds = {"none": 2.0, "all techniques": 5.0}
LONG: Seconds = {"none": 200.0, "all techniques": 500.0}
"""So long that no pilot trial is run."""


@pytest.fixture
def ablation(tmp_path: Path) -> AblationStudy:
    """Return an ablation of three techniques, with 15 test images."""
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 5, seed=1)
    return ablation_for(src, test, recipe=recipe(*TECHNIQUES), lr=0.002, epochs=12)


def test_the_plan_of_a_design_counts_its_runs_and_those_of_the_check(
    ablation: AblationStudy,
) -> None:
    said = format_plan(context_of(ablation), LONG, Look(6, 0.04), 2).splitlines()
    assert said[:5] == [
        "48 design runs: 6 seeds × 8 arms",
        "  none            12 epochs, 2,400.0 s per trial",
        "  all techniques  12 epochs, 6,000.0 s per trial",
        "12 to 36 check runs after it: 6 seeds × 2 to 6 arms, by how many techniques gain",
        # the 8 subsets have 1.5 techniques on average, of which each takes a third of 300 s:
        # 6 · 12 · 8 · (200 + 1.5 · 100) / 2 s = 28 h; the check has none, one technique at a time,
        # all three, and two at a time thrice: 6 · 12 · (200 + 300 + 500 + 3 · 400) / 2 s = 22 h
        "28.0 h to 50.0 h in all, without start-up and evaluation",
    ]
    assert "(a rule of thumb for an accuracy near 90 %, since pilot trials would take" in said[5]
    assert said[6] == (
        "the smallest effect in points that would be found with 80 % power, 3 techniques judged "
        "together:"
    )
    assert said[7].startswith("  seeds  on these 6 test images  for images like these, tested on")
    assert [line.split()[0] for line in said[8:]] == ["6", "10", "20"]


def test_the_plan_of_single_techniques_has_no_check_and_uses_all_test_images(
    ablation: AblationStudy,
) -> None:
    single = replace(ablation, design="single", tune=4)
    said = format_plan(context_of(single), LONG, Look(6, 0.04), 1).splitlines()
    assert said[:2] == [
        "24 design runs: 6 seeds × 4 arms",
        "16 trials of the search before: 4 settings × 4 arms",
    ]
    assert said[4].startswith("about ")
    assert "on these 15 test images" in said[7]


def test_pilot_trials_say_how_much_an_effect_varies(ablation: AblationStudy) -> None:
    short = replace(ablation, epochs=2)
    said = format_plan(context_of(short), MEASURED, Look(6, 0.04), 1).splitlines()
    assert "from 4 trials each of none and all techniques for 2 epochs" in said[5]


@pytest.mark.parametrize(
    ("design", "techniques", "factor"),
    [
        ("single", TECHNIQUES, 1.0),
        ("plackett-burman", TECHNIQUES[:2], 0.5**0.5),
        (
            "plackett-burman",
            (TECHNIQUES[0], "rotate", "translate", "scale", "noise"),
            (1 / 6) ** 0.5,
        ),
    ],
)
def test_an_effect_varies_less_than_a_difference_by_the_runs_that_it_averages(
    design: str, techniques: tuple[str, ...], factor: float
) -> None:
    study = ablation_for(recipe=recipe(*techniques), design=design)
    assert averaging(study) == pytest.approx(factor)
    # runs that vary independently, with the same standard deviation
    rng = np.random.default_rng(0)
    arms = list(dict.fromkeys(study.design_arms))
    runs = dict(zip(arms, rng.standard_normal((len(arms), 4_000)), strict=True))
    on = [0 in arm.on for arm in study.design_arms]
    rows = np.array([runs[arm] for arm in study.design_arms])
    without = rows[[not each for each in on]] if design != "single" else rows[:1]
    effects = rows[on].mean(axis=0) - without.mean(axis=0)
    assert effects.std() / 2**0.5 == pytest.approx(factor, rel=0.05)


def test_the_command_plans_an_ablation_and_trains_no_trial_of_it(
    ablation: AblationStudy, tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text(
        "name: mine\ntechniques:\n" + "".join(f"  - {each}\n" for each in TECHNIQUES)
    )
    line = ("ablate", ablation.data, "--test", ablation.test, "--recipe", tmp_path / "mine.yaml")
    more = ("--model", "linear", "--batch-size", 12, "--threads", 1, "--precision", "fp32")
    where = ("--cache", tmp_path / "packs", "--out", tmp_path / "out", "--quiet", "--plan")
    done = call(*line, *more, "--epochs", 2, *where)
    assert done.exception is None
    assert done.stdout.startswith("48 design runs: 6 seeds × 8 arms\n")
    assert kept(tmp_path / "out") == {}
    # a plan of other settings is no study to resume
    assert call(*line, *more, "--epochs", 3, *where, "--seeds", 7).stdout.startswith("56 design")
