"""The result of a trial: plain data and back, files of earlier versions included."""

from __future__ import annotations

import json

from tests.train.compare.studies import row_of
from train.trials.results import MemorisationGap, TrialResult

ROW = row_of("disk ×2", 4, 1, [1, 0, 1, 1, 0, 0, 1, 1, 0, 1], epochs=8, gap={"stored": 1.0, "fresh": 0.5})  # fmt: skip


def test_a_result_is_plain_data_with_the_keys_of_earlier_versions() -> None:
    result = TrialResult.from_dict(ROW)
    assert json.loads(json.dumps(result.to_dict())) == ROW
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
