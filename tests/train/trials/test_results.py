"""The result of a trial: plain data and back, files of earlier versions included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.train.commands import draw_set
from tests.train.compare.studies import row_of, study_dir_at, study_for
from train.compare.study import trials
from train.data.decoded import DecodedDataset
from train.data.folders.listing import list_folder
from train.data.split import Split
from train.errors import TrainError
from train.trials.results import MemorisationGap, TrialResult
from train.trials.runner import read_results, result_path
from train.trials.study_dir import open_study

ROW = row_of("disk ×2", 4, 1, [1, 0, 1, 1, 0, 0, 1, 1, 0, 1], epochs=8, gap={"stored": 1.0, "fresh": 0.5})  # fmt: skip


def test_a_result_is_plain_data_and_one_of_an_earlier_version_is_read() -> None:
    result = TrialResult.from_dict(ROW)  # "length" and "epochs" are the names of earlier versions
    kept = {key: value for key, value in ROW.items() if key not in ("length", "epochs")}
    plain = json.loads(json.dumps(result.to_dict()))
    assert plain == {**kept, "epochs_asked": 4, "epochs_trained": 8}
    assert TrialResult.from_dict(plain) == result
    assert (result.epochs_asked, result.epochs_trained) == (4, 8)
    assert result.gap == MemorisationGap(1.0, 0.5)
    assert result.gap.points == 50.0
    assert result.right(10).tolist() == [bool(bit) for bit in [1, 0, 1, 1, 0, 0, 1, 1, 0, 1]]
    assert (result.seconds.training, result.wall_seconds, result.epoch_seconds) == (2.0, 3.0, 0.25)


def test_the_row_of_an_earlier_ablation_is_read() -> None:
    row = {key: value for key, value in ROW.items() if key != "length"}
    result = TrialResult.from_dict({**row, "gap": None, "screen": [{"technique": "flip"}]})
    assert (result.epochs_asked, result.epochs_trained, result.gap) == (8, 8, None)
    assert result.screen == ({"technique": "flip"},)
    assert result.to_dict()["screen"] == [{"technique": "flip"}]


@pytest.mark.parametrize(
    "changes",
    [
        {"accuracy": 2.0},
        {"accuracy": -0.5},
        {"accuracy": float("inf")},
        {"train_accuracy": float("nan")},
        {"per_class": {"a": 7.0, "b": 0.5}},
        {"gap": {"stored": 1e9, "fresh": 0.5}},
        {"epochs": 0},
        {"length": 0},
        {"steps": -1},
        {"images": 0},
        {"loss": -1.0},
        {"seconds": -3.0},
        {"compute_seconds": float("inf")},
    ],
)
def test_numbers_that_no_trial_can_have_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="accuracy|no epochs|below 0"):
        TrialResult.from_dict({**ROW, **changes})


def test_the_result_of_another_trial_or_of_other_test_images_is_refused(tmp_path: Path) -> None:
    data = draw_set(tmp_path / "src", 3)
    study = study_for(data, data, arms="none,disk")
    out = study_dir_at(tmp_path / "out")
    open_study(study, out)
    trial = next(iter(trials(study, 1)))
    folder = list_folder(data)
    test = Split("test", folder, DecodedDataset(np.zeros((1, 1, 1, 1), np.uint8), [], []))
    row = row_of("none", 2, 0, [1] * len(folder), per_class=dict.fromkeys(folder.classes, 1.0))
    path = result_path(out, trial)
    path.write_text(json.dumps(row))
    assert read_results(out, [trial], test)[0].replicate == 0
    for changes, reason in (
        ({"replicate": 5}, "it is of seed 5"),
        ({"arm": "disk ×2"}, 'it is of arm "disk ×2"'),
        ({"trial": "fly_k2_s0"}, 'it is of trial "fly_k2_s0"'),
        ({"length": 4}, "it is of 4 epochs"),
        ({"per_class": {"other": 1.0}}, "other test images"),
        ({"right": ""}, "other test images"),
    ):
        path.write_text(json.dumps({**row, **changes}))
        with pytest.raises(TrainError, match=reason):
            read_results(out, [trial], test)
