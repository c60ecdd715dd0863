"""The protocol: every trial once, one half of the images chooses and one measures, times."""

from __future__ import annotations

import json
import pickle
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.train.ablate.ablations import ablation_for, recipe
from tests.train.commands import draw_set
from tests.train.compare.studies import context_of, kept, study_dir_at, weights_of
from train.ablate import protocol
from train.ablate.ablation import AblationStudy
from train.ablate.design import NONE, TRIVIAL, AblationArm, Phase
from train.ablate.protocol import time_techniques
from train.ablate.protocol import trials as trials_for
from train.errors import TrainError
from train.runtime.world import World
from train.trials.results import TrialResult
from train.trials.runner import _run_and_write, missing_trials, read_results, run_trials
from train.trials.study import Trial
from train.trials.study_dir import open_study

ARMS = (NONE, AblationArm("flip", (0,)), AblationArm("both", (0, 1)))
THREE = recipe("flip: {axes: horizontal}", "rotate", "noise")


def trials(phase: Phase, arms: Sequence[AblationArm], seeds: int) -> Iterator[Trial]:
    """Yield trials of two epochs."""
    return trials_for(phase, arms, seeds, 2)


@pytest.fixture
def ablation(tmp_path: Path) -> AblationStudy:
    """Return an ablation of three techniques whose runs take a few hundredths of a second."""
    return ablation_for(
        draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 5, seed=1), recipe=THREE, lr=0.002
    )


def run(
    ablation: AblationStudy, out: Path, planned: list[Trial], counted: list[int] | None = None
) -> list[TrialResult]:
    study_dir = study_dir_at(out)
    open_study(ablation, study_dir)
    done = (counted if counted is not None else []).append
    run_trials(ablation, study_dir, planned, done)
    return read_results(study_dir, planned)


def test_replicates_are_interleaved_over_arms() -> None:
    listed = [trial.name for trial in trials("design", ARMS, 2)]
    assert listed == [
        "design_none_s0", "design_0_s0", "design_0-1_s0",
        "design_0_s1", "design_0-1_s1", "design_none_s1",
    ]  # fmt: skip
    names = [
        trial.name for trial in trials("final", (NONE, TRIVIAL, AblationArm("chosen", (2,))), 1)
    ]
    assert names == ["final_none_s0", "final_TrivialAugment_s0", "final_2_s0"]


def test_a_finished_trial_is_not_run_again(ablation: AblationStudy, tmp_path: Path) -> None:
    out, planned, counted = tmp_path / "out", list(trials("design", ARMS, 2)), list[int]()
    rows = run(ablation, out, planned, counted)
    before = kept(out)
    assert set(before) == {trial.name for trial in planned}
    (out / "runs/design_0_s1.json").unlink()
    assert [trial.name for trial in missing_trials(study_dir_at(out), planned)] == ["design_0_s1"]
    again = run(ablation, out, planned, counted)
    after = kept(out)
    assert counted == [1] * 7
    assert {name for name in after if after[name] != before[name]} == {"design_0_s1"}
    assert [row.weights for row in again] == [row.weights for row in rows]
    assert len({row.weights for row in rows}) == 6


class Second(World):
    """The second of two processes, which waits for no one."""

    def barrier(self) -> None:
        """Do not wait."""


def test_a_process_runs_its_share_and_waits_for_the_rest(
    ablation: AblationStudy, tmp_path: Path
) -> None:
    planned, counted = list(trials("design", ARMS, 2)), list[int]()
    alone = run(ablation, tmp_path / "alone", planned)
    study_dir = study_dir_at(tmp_path / "out")
    open_study(ablation, study_dir)
    first = {trial.name for trial in planned[::2]}
    others = threading.Timer(
        2.0,
        lambda: [
            shutil.copy(tmp_path / f"alone/runs/{name}.json", tmp_path / "out/runs")
            for name in sorted(first)
        ],
    )
    others.start()
    run_trials(ablation, study_dir, planned, counted.append, Second(1, 2))
    rows = read_results(study_dir, planned, world=Second(1, 2))
    assert len(counted) == 3
    assert [row.weights for row in rows] == [row.weights for row in alone]
    mine = {
        name
        for name, data in kept(tmp_path / "out").items()
        if data[1] != kept(tmp_path / "alone")[name][1]
    }
    assert mine == {trial.name for trial in planned} - first  # seconds differ, weights do not


def test_rows_are_in_the_planned_order_and_name_their_arm(
    ablation: AblationStudy, tmp_path: Path
) -> None:
    planned = list(trials("final", (*ARMS, TRIVIAL), 1))
    rows = run(ablation, tmp_path / "out", planned)
    assert [row.arm for row in rows] == ["none", "flip", "both", "TrivialAugment"]
    assert len({row.weights for row in rows}) == 4
    assert all(row.wall_seconds >= row.seconds.training > 0 for row in rows)


def test_a_trial_kept_under_another_arm_name_is_used_for_the_new_one(
    ablation: AblationStudy, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    before = run(ablation, out, list(trials("final", ablation.final_arms((0, 1, 2)), 1)))
    files = kept(out)
    arms = ablation.final_arms((0, 1))
    after = run(ablation, out, list(trials("final", arms, 1)))
    assert [row.arm for row in after] == [
        "none",
        "TrivialAugment",
        "chosen",
        "without flip horizontal",
        "without rotate ±15°",
    ]
    assert {row.arm: row.weights for row in before}["without noise"] == after[2].weights
    assert {name for name in kept(out) if name not in files} == {"final_0_s0", "final_1_s0"}


def test_only_the_plain_runs_of_the_design_are_screened(
    ablation: AblationStudy, tmp_path: Path
) -> None:
    rows = run(
        ablation, tmp_path / "out", [*trials("design", ARMS, 1), *trials("final", ARMS[:1], 1)]
    )
    screened = [row.screen for row in rows if row.screen]
    assert [(row.screen is not None) for row in rows] == [True, False, False, False]
    assert [row["technique"] for row in screened[0]] == ["flip horizontal"] + [
        "rotate ±15°"
    ] * 6 + ["noise"] * 3


def test_a_worker_process_receives_everything_that_a_trial_needs(
    ablation: AblationStudy, tmp_path: Path
) -> None:
    planned = list(trials("design", ARMS[:2], 1))
    rows = run(ablation, tmp_path / "here", planned)
    study_dir = study_dir_at(tmp_path / "there")
    open_study(ablation, study_dir)
    work, sent = pickle.loads(pickle.dumps((partial(_run_and_write, ablation, study_dir), planned)))
    for trial in sent:
        work(trial)
    assert weights_of(study_dir.out) == {
        trial.name: row.weights for trial, row in zip(planned, rows, strict=True)
    }


def test_a_damaged_file_is_named(ablation: AblationStudy, tmp_path: Path) -> None:
    planned = list(trials("design", ARMS[:2], 1))
    run(ablation, tmp_path / "out", planned)
    path = tmp_path / "out/runs/design_0_s0.json"
    path.write_text(json.dumps({"arm": "flip"})[:-3])
    with pytest.raises(
        TrainError,
        match=rf'^"{path}" is damaged \(.+\); remove it and run the same command again$',
    ):
        run(ablation, tmp_path / "out", planned)


@pytest.mark.parametrize(("count", "chosen"), [(6, 3), (5, 2), (2, 1)])
def test_one_half_of_every_class_chooses_and_the_other_measures(
    count: int, chosen: int, tmp_path: Path
) -> None:
    context = context_of(
        ablation_for(draw_set(tmp_path / "src"), draw_set(tmp_path / "test", count, seed=1))
    )
    half, labels = context.study.choosing_half(context.data), context.data.test.folder.labels  # type: ignore[union-attr]
    assert half.dtype == bool
    assert [int(half[labels == number].sum()) for number in range(3)] == [chosen] * 3
    np.testing.assert_array_equal(half, context.study.choosing_half(context.data))


def test_single_techniques_are_measured_on_all_images(tmp_path: Path) -> None:
    context = context_of(
        ablation_for(
            draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 5, seed=1), design="single"
        )
    )
    assert context.study.choosing_half(context.data).tolist() == [True] * 15


def test_a_technique_takes_the_median_of_a_few_rounds_for_an_image(
    ablation: AblationStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = context_of(replace(ablation, seed=1))
    assert all(0 < seconds < 1 for seconds in time_techniques(context))
    # rounds of 1, 9, 3, 2 and 4 seconds for each of the three techniques, on all 24 images and on 10 of them
    ticks = [
        tick for _ in range(6) for seconds in (1.0, 9.0, 3.0, 2.0, 4.0) for tick in (0.0, seconds)
    ]
    monkeypatch.setattr(protocol, "time", type("Clock", (), {"perf_counter": lambda: ticks.pop(0)}))
    assert time_techniques(context) == pytest.approx([3.0 / 24] * 3)
    monkeypatch.setattr(protocol, "TIMED_IMAGES", 10)
    assert time_techniques(context) == pytest.approx([3.0 / 10] * 3)
    assert ticks == []
