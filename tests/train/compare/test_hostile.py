"""Files of a comparison folder from a stranger: each is read, or refused in a sentence."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.train.commands import draw_set
from tests.train.compare.studies import cost_of, row_of, study_dir_at, study_for
from tests.train.runs.test_hostile import changed, damaged
from train.compare.protocol import COSTS, _read_costs
from train.compare.study import trials
from train.errors import STOPPED, TrainError
from train.trials.context import new_context
from train.trials.planning.speeds import SPEEDS, read_speeds
from train.trials.runner import read_results, result_path, run_trials
from train.trials.study_dir import open_study


def test_a_damaged_file_of_a_study_is_used_or_refused_in_a_sentence(tmp_path: Path) -> None:
    study = study_for(draw_set(tmp_path / "src", 3), tmp_path / "test", arms="none,disk")
    out = study_dir_at(tmp_path / "out")
    open_study(study, out)
    trial = next(iter(trials(study, 1)))
    good = {
        out.out / "study.json": json.dumps(study.to_dict()),
        result_path(out, trial): json.dumps(row_of("none", 2, 0, [1, 0])),
        out.out / COSTS: json.dumps({"disk ×2": vars(cost_of("disk ×2", 8))}),
        out.out / SPEEDS: json.dumps({"none": 0.5, "disk ×2": 0.75}),
    }
    for seed in range(600):
        rng = random.Random(seed)
        path = rng.choice(list(good))
        whole = rng.random() < 0.75
        text = changed(good[path], rng).encode() if whole else damaged(good[path].encode(), rng)
        path.write_bytes(text)
        message = str(path)
        try:
            if path.name == "study.json":
                open_study(study, out)
            elif path.name == COSTS:
                _read_costs(path)
            elif path.name == SPEEDS:
                read_speeds(path, study.arms)
            else:
                read_results(out, [trial])
        except TrainError as error:
            message = str(error)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {path.name}") from error
        assert str(out.out) in message
        assert len(message) < 6000
        path.write_text(good[path])


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_link_in_the_place_of_the_trials_is_not_followed(overwrite: bool, tmp_path: Path) -> None:
    study = study_for(draw_set(tmp_path / "src", 3), tmp_path / "test", arms="none,disk")
    out, outside = study_dir_at(tmp_path / "out", overwrite=overwrite), tmp_path / "outside"
    open_study(study, out)
    (out.out / "runs").rename(outside)
    (out.out / "runs").symlink_to(outside)
    with pytest.raises(TrainError, match='runs" is a link'):
        open_study(study, out)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("kind", ["folder", "link to nothing"])
def test_what_is_no_file_is_not_taken_for_a_missing_trial(kind: str, tmp_path: Path) -> None:
    study = study_for(draw_set(tmp_path / "src", 3), tmp_path / "test", arms="none,disk")
    out = study_dir_at(tmp_path / "out")
    open_study(study, out)
    trial = next(iter(trials(study, 1)))
    path = result_path(out, trial)
    path.mkdir() if kind == "folder" else path.symlink_to(tmp_path / "nothing")
    with pytest.raises(TrainError, match=f'^"{path}" is not a file; remove it'):
        run_trials(study, out, [trial], lambda _done: None)


def test_an_unknown_precision_names_the_trial(tmp_path: Path) -> None:
    study = study_for(draw_set(tmp_path / "src", 3), tmp_path / "test", arms="none,disk")
    out = study_dir_at(tmp_path / "out")
    open_study(study, out)
    trial = next(iter(trials(study, 1)))
    path = result_path(out, trial)
    path.write_text(json.dumps({**row_of("none", 2, 0, [1, 0]), "precision": "fp)2"}))
    with pytest.raises(TrainError, match=f'^"{path}" is damaged .its precision is'):
        read_results(out, [trial])


@pytest.mark.parametrize(
    ("jobs", "changed"),
    [(1, "train"), (1, "test"), (2, "train"), pytest.param(2, "test", marks=pytest.mark.slow)],
)
def test_images_that_change_between_trials_stop_a_study(
    changed: str, jobs: int, tmp_path: Path
) -> None:
    """A process that starts later reads the images again: it must not train on others."""
    src, test = draw_set(tmp_path / "src", 3), draw_set(tmp_path / "test", 3, seed=1)
    study = study_for(src, test, arms="none,disk")
    out = study_dir_at(tmp_path / "out", jobs=jobs)
    context = new_context(study, out.cache.root, out.cache.limit)
    open_study(study, out, context.data)
    root = {"train": src, "test": test}[changed]
    draw_set(root, 3, seed=5)
    new_context(study, out.cache.root, out.cache.limit)  # what a process of its own would read
    with pytest.raises(TrainError, match=f'the {changed} images in "{root}" changed') as stopped:
        run_trials(study, out, list(trials(study, 2)), lambda _done: None)
    assert stopped.value.status == STOPPED
    assert list((out.out / "runs").iterdir()) == []


def test_a_result_that_vanishes_is_not_waited_for(tmp_path: Path) -> None:
    study = study_for(draw_set(tmp_path / "src", 3), tmp_path / "test", arms="none,disk")
    out = study_dir_at(tmp_path / "out")
    open_study(study, out)
    trial = next(iter(trials(study, 1)))
    with pytest.raises(TrainError, match=f'^"{result_path(out, trial)}" was removed') as stopped:
        read_results(out, [trial])
    assert stopped.value.status == STOPPED
