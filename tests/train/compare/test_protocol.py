"""The protocol: each trial runs once and is kept; an interrupted comparison resumes to equal results."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.train.commands import draw_set
from tests.train.compare.studies import (
    context_of,
    cost_of,
    kept,
    study_dir_at,
    study_for,
    weights_of,
)
from train.compare.arms import Arm, Speed
from train.compare.command import compare
from train.compare.protocol import measure_costs, measure_speeds
from train.compare.study import ComparisonStudy, in_order, trials
from train.data.shape import Shape
from train.errors import TrainError
from train.feed.dataset import ViewDataset
from train.runtime.world import World
from train.trials.options import StudyOptions
from train.trials.planning.speeds import probe
from train.trials.runner import missing_trials, read_results, run_trials
from train.trials.study_dir import open_study, read_json

HOW = StudyOptions(0.25, "train compare", seeds=2)
TIMED = (
    "created", "seconds", "images_per_second", "wait", "augment", "compute", "evaluate", "a", "w", "r", "h", "passes", "runs",
    "words", "headline", "payback",
)  # fmt: skip
"""What differs from run to run: times, and what follows from them."""


@pytest.fixture
def study(tmp_path: Path) -> ComparisonStudy:
    """Return a study whose trials take a few hundredths of a second."""
    return study_for(
        draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 5, seed=1), lengths=(1, 4), lr=0.002
    )


def run(
    study: ComparisonStudy,
    out: Path,
    seeds: int,
    *,
    jobs: int = 1,
    speed: dict[str, Speed] | None = None,
) -> list[dict[str, Any]]:
    """Run what is missing; return the rows of all."""
    study_dir = study_dir_at(out, jobs=jobs)
    open_study(study, study_dir)
    planned = list(trials(study, seeds, speed or {}))
    run_trials(study, study_dir, planned, lambda _runs: None)
    return [result.to_dict() for result in read_results(study_dir, in_order(study, planned))]


def without_times(found: Any) -> Any:
    """Return plain data less all that another run of the same would have otherwise."""
    if isinstance(found, dict):
        return {
            key: without_times(value)
            for key, value in found.items()
            if key not in TIMED and not key.endswith("_seconds")
        }
    return [without_times(value) for value in found] if isinstance(found, list) else found


def test_a_new_study_folder_records_its_settings(study: ComparisonStudy, tmp_path: Path) -> None:
    study_dir = study_dir_at(tmp_path / "deep" / "out")
    open_study(study, study_dir)
    assert sorted(path.name for path in study_dir.out.iterdir()) == ["runs", "study.json"]
    assert read_json(study_dir.out / "study.json") == json.loads(json.dumps(study.to_dict()))
    open_study(study, study_dir)


def test_a_folder_of_something_else_is_left_alone(study: ComparisonStudy, tmp_path: Path) -> None:
    out = tmp_path / "letters"
    out.mkdir()
    (out / "letter.txt").write_text("dear")
    for overwrite in (False, True):
        with pytest.raises(TrainError) as refused:
            open_study(study, study_dir_at(out, overwrite=overwrite))
        assert (
            str(refused.value)
            == f'"{out}" was not created by train compare, ablate or worth; choose another --out'
        )
    assert [path.name for path in out.iterdir()] == ["letter.txt"]


def test_a_folder_with_nothing_but_what_file_managers_add_counts_as_empty(
    study: ComparisonStudy, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/.DS_Store").write_text("x")
    open_study(study, study_dir_at(tmp_path / "out"))
    assert (tmp_path / "out/study.json").is_file()


def test_a_study_folder_killed_during_its_setup_is_set_up_again(
    study: ComparisonStudy, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / ".study.json.part").write_text('{"da')
    open_study(study, study_dir_at(out))
    assert (out / "study.json").is_file()


def test_a_folder_of_an_earlier_version_is_resumed(study: ComparisonStudy, tmp_path: Path) -> None:
    rows = run(study, tmp_path / "out", 1)
    before = kept(tmp_path / "out")
    (tmp_path / "out/study.json").rename(tmp_path / "out/question.json")
    with pytest.raises(TrainError, match="holds trials with other settings: --seed was 0, is 3"):
        open_study(replace(study, seed=3), study_dir_at(tmp_path / "out"))
    assert run(study, tmp_path / "out", 1) == rows
    assert kept(tmp_path / "out") == before
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["runs", "study.json"]


def test_other_settings_are_refused_with_what_differs_unless_all_is_to_start_afresh(
    study: ComparisonStudy, tmp_path: Path
) -> None:
    study_dir = study_dir_at(tmp_path / "out")
    open_study(study, study_dir)
    (study_dir.out / "runs/none_k1_s0.json").write_text("{}")
    other = replace(study, lengths=(1, 6), seed=3)
    with pytest.raises(TrainError) as refused:
        open_study(other, study_dir)
    assert str(refused.value) == (
        f'"{study_dir.out}" holds trials with other settings: --seed was 0, is 3; --epochs was 1,4, is 1,6. Choose another --out, or use --overwrite to start again.'
    )
    assert len(kept(study_dir.out)) == 1
    open_study(other, replace(study_dir, overwrite=True))
    assert kept(study_dir.out) == {}
    assert read_json(study_dir.out / "study.json")["seed"] == 3


@pytest.mark.parametrize("damaged", ["", '{"accuracy": 0.', "\x00\x00"])
def test_a_damaged_file_says_so_and_is_made_anew_once_it_is_gone(
    damaged: str, study: ComparisonStudy, tmp_path: Path
) -> None:
    whole, path = run(study, tmp_path / "out", 1), tmp_path / "out/runs/fly_k4_s0.json"
    path.write_text(damaged)
    with pytest.raises(
        TrainError,
        match=rf'^"{path}" is damaged \(.+\); remove it and run the same command again$',
    ):
        run(study, tmp_path / "out", 1)
    path.unlink()
    assert without_times(run(study, tmp_path / "out", 1)) == without_times(whole)


def test_costs_are_measured_once_and_kept(study: ComparisonStudy, tmp_path: Path) -> None:
    study_dir, context = study_dir_at(tmp_path / "out"), context_of(study)
    open_study(study, study_dir)
    (found,) = measure_costs(context, study_dir)
    assert (found.arm, found.files) == ("disk ×2", 48)
    path = study_dir.out / "costs.json"
    path.write_text(json.dumps({"disk ×2": {**vars(found), "expansion_seconds": 1234.5}}))
    assert measure_costs(context, study_dir) == [replace(found, expansion_seconds=1234.5)]
    assert sorted(entry.name for entry in study_dir.out.iterdir()) == [
        "costs.json",
        "runs",
        "study.json",
    ]


def test_everything_is_expanded_where_a_sample_was_before(
    study: ComparisonStudy, tmp_path: Path
) -> None:
    context, study_dir = context_of(study), study_dir_at(tmp_path / "out")
    open_study(study, study_dir)
    (sampled,) = measure_costs(context, study_dir)
    whole = replace(study_dir, materialize=True)
    (found,) = measure_costs(context, whole)
    assert (sampled.everything, found.everything) == (False, True)
    assert len(list((study_dir.out / found.arm.replace(" ×", "-x")).rglob("*.png"))) == found.files
    assert measure_costs(context, study_dir) == measure_costs(context, whole) == [found]


def test_where_nothing_is_stored_nothing_is_expanded(
    study: ComparisonStudy, tmp_path: Path
) -> None:
    none_stored = replace(study, arms=(Arm("none"), Arm("fly")))
    study_dir = study_dir_at(tmp_path / "out")
    open_study(none_stored, study_dir)
    assert measure_costs(context_of(none_stored), study_dir) == []
    assert not (study_dir.out / "costs.json").exists()


def test_speeds_are_probed_once_and_kept(study: ComparisonStudy, tmp_path: Path) -> None:
    study_dir, context = study_dir_at(tmp_path / "out"), context_of(study)
    open_study(study, study_dir)
    found = measure_speeds(context, study_dir, [cost_of("disk ×2", 1, expansion_seconds=7.0)])
    assert list(found) == ["none", "fly", "disk ×2"]
    assert all(speed.epoch_seconds > 0 for speed in found.values())
    assert [speed.expansion_seconds for speed in found.values()] == [0.0, 0.0, 7.0]
    (study_dir.out / "speeds.json").write_text('{"none": 1.0, "fly": 2.0, "disk ×2": 3.0}')
    assert [speed.epoch_seconds for speed in measure_speeds(context, study_dir, []).values()] == [
        1.0,
        2.0,
        3.0,
    ]


def test_a_probe_takes_as_long_as_its_steps(
    study: ComparisonStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(float(n) for n in range(1000))
    context = context_of(study)  # two steps a pass
    monkeypatch.setattr(
        "train.trials.planning.speeds.time", type("Clock", (), {"perf_counter": lambda: next(now)})
    )
    assert probe(context, Arm("none")) == 2.0


def test_a_probe_times_steps_that_draw_views(
    study: ComparisonStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs: list[int] = []
    read = ViewDataset.read

    def recorded(images: Any, epoch: int, items: Any) -> Any:
        epochs.append(epoch)
        return read(images, epoch, items)

    monkeypatch.setattr(ViewDataset, "read", recorded)
    assert probe(context_of(study), Arm("fly")) > 0
    assert min(epochs) == 1  # epoch 0 shows the images themselves


def test_what_is_there_is_not_run_again(study: ComparisonStudy, tmp_path: Path) -> None:
    study_dir = study_dir_at(tmp_path / "out")
    open_study(study, study_dir)
    planned = list(trials(study, 1))
    counted: list[int] = []
    run_trials(study, study_dir, planned, counted.append)
    before = kept(study_dir.out)
    assert set(before) == {
        f"{arm}_k{length}_s0" for arm in ("none", "fly", "disk-x2") for length in (1, 4)
    }
    for name in ("fly_k1_s0", "none_k4_s0"):
        (study_dir.out / f"runs/{name}.json").unlink()
    assert {trial.name for trial in missing_trials(study_dir, planned)} == {
        "fly_k1_s0",
        "none_k4_s0",
    }
    run_trials(study, study_dir, planned, counted.append)
    after = kept(study_dir.out)
    assert counted == [1] * 8
    assert {name for name in after if after[name] != before[name]} == {"fly_k1_s0", "none_k4_s0"}
    run_trials(study, study_dir, planned, counted.append)
    assert (kept(study_dir.out), len(counted)) == (after, 8)


def test_an_interrupted_comparison_resumes_with_the_same_results(
    study: ComparisonStudy, tmp_path: Path
) -> None:
    out, asked = tmp_path / "out", replace(study, lengths=(4,))
    compare(asked, study_dir_at(out), HOW, plan=False, quiet=True)
    whole, everything = read_json(out / "comparison.json"), kept(out)
    for name in ("runs/fly_k4_s0", "runs/disk-x2_k4_s1", "comparison"):
        (out / f"{name}.json").unlink()
    before = kept(out)
    compare(asked, study_dir_at(out), HOW, plan=False, quiet=True)
    found, after = read_json(out / "comparison.json"), kept(out)
    assert {name for name in after if after[name] != everything[name]} == {
        "fly_k4_s0",
        "disk-x2_k4_s1",
    }
    assert {name: after[name] for name in before} == before
    assert without_times(found) == without_times(whole)
    assert {"cells", "pairs", "classes", "worst", "seeds", "settings"} < set(without_times(found))
    assert [len(trial["accuracies"]) for trial in without_times(found)["cells"]] == [2, 2, 2]


def test_more_seeds_repeat_none_that_were_there_and_fewer_are_those_that_were_asked_for(
    study: ComparisonStudy, tmp_path: Path
) -> None:
    two = run(study, tmp_path / "out", 2)
    before = kept(tmp_path / "out")
    three = run(study, tmp_path / "out", 3)
    after = kept(tmp_path / "out")
    assert (len(before), len(after)) == (12, 18)
    assert {name: after[name] for name in before} == before
    assert [row for row in three if row["replicate"] < 2] == two
    assert run(study, tmp_path / "out", 1) == [row for row in two if row["replicate"] < 1]
    assert kept(tmp_path / "out") == after


def test_rows_come_by_length_then_arm_then_replicate(
    study: ComparisonStudy, tmp_path: Path
) -> None:
    rows = run(study, tmp_path / "out", 2)
    assert [(row["epochs_asked"], row["arm"], row["replicate"]) for row in rows] == [
        (length, arm, replicate)
        for length in (1, 4)
        for arm in ("none", "fly", "disk ×2")
        for replicate in (0, 1)
    ]
    assert all(row["seconds"] >= row["training_seconds"] > 0 for row in rows)


def test_jobs_side_by_side_give_what_one_alone_gives(tmp_path: Path) -> None:
    """The copies of so many sources, read as files for a size, are work for several processes."""
    src, test = draw_set(tmp_path / "src", 90), draw_set(tmp_path / "test", 5, seed=1)
    study = study_for(src, test, "none,disk=2", lengths=(1,), lr=0.0003, shape=Shape(12))
    one, two = run(study, tmp_path / "one", 2), run(study, tmp_path / "two", 2, jobs=2)
    assert without_times(one) == without_times(two)
    assert weights_of(tmp_path / "one") == weights_of(tmp_path / "two")
    assert len({row["accuracy"] for row in one}) > 1


@pytest.mark.parametrize(
    ("budget", "epochs"), [("steps", 2), ("files", 4), ("wall", 5), ("wall-expansion", 3)]
)
def test_a_budget_decides_how_long_each_arm_trains(
    budget: str, epochs: int, study: ComparisonStudy, tmp_path: Path
) -> None:
    asked = replace(study, budget=budget, lengths=(2,), arms=(Arm("none"), Arm("disk", 2)))
    rows = run(asked, tmp_path / "out", 1, speed={"none": Speed(1.0), "disk ×2": Speed(0.4, 0.8)})
    assert [
        (row["arm"], row["epochs_asked"], row["epochs_trained"], row["steps"]) for row in rows
    ] == [
        ("none", 2, 2, 4),
        ("disk ×2", 2, epochs, 2 * epochs),
    ]


def test_the_first_process_waits_for_what_others_run(
    study: ComparisonStudy, tmp_path: Path
) -> None:
    run(study, tmp_path / "out", 1)
    study_dir, path = study_dir_at(tmp_path / "out"), tmp_path / "out/runs/fly_k4_s0.json"
    data = path.read_bytes()
    path.unlink()
    others = threading.Timer(0.3, lambda: path.write_bytes(data))
    started = time.monotonic()
    others.start()
    read_results(study_dir, list(trials(study, 1)), world=World(0, 2))
    assert time.monotonic() - started > 0.3
    assert path.read_bytes() == data
    read_results(study_dir, list(trials(study, 1)))
