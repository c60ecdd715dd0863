"""A run that diverges: it stops, its record says so, and it is neither resumed nor used."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from tests.train.commands import call, draw_set, settings_for, train
from train.cli import main
from train.errors import STOPPED, TrainError
from train.fit.divergence import DivergedError
from train.runs import measure
from train.runs.checkpoints import CHECKPOINT, MODEL, read_tensors
from train.runs.records import METRICS, RUN, read_run, write_run


def strict(path: Path) -> Any:
    """Read JSON as its standard defines it: without NaN and Infinity."""
    return json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(name))


def test_a_diverged_run_is_stopped_and_recorded_and_the_same_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    line = (draw_set(tmp_path / "src"), "--lr", "1e30", "--batch-size", 8, "--epochs", 3)
    line = (*line, "--precision", "fp32", "--out", out, "--quiet")
    monkeypatch.setattr(sys, "argv", ["train", *map(str, line)])
    with pytest.raises(SystemExit) as ended:
        main()
    stdout, stderr = capsys.readouterr()
    assert (ended.value.code, stdout) == (3, "")
    assert stderr.startswith("train: training diverged: the training loss became NaN in epoch 1")
    assert "use a lower --lr (it is 1e+30)" in stderr
    record = strict(out / RUN)
    assert record["state"] == "diverged"
    assert record["divergence"]["epoch"] == 1
    assert "results" not in record
    assert sorted(path.name for path in out.iterdir()) == [RUN]

    again = call(*line).exception
    assert isinstance(again, DivergedError)
    assert again.status == STOPPED
    assert f'"{out}" is a run that diverged: the training loss became NaN in epoch 1' in str(again)
    assert "another --out, or --overwrite to start again" in str(again)
    refused = call("predict", out, tmp_path / "src").exception
    assert str(refused).startswith(f'"{out}" is a run that diverged: the training loss')
    assert call(*line, "--lr", 0.01, "--overwrite").exception is None
    assert strict(out / RUN)["state"] == "finished"


def test_a_run_that_diverges_late_keeps_the_checkpoint_from_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(draw_set(tmp_path / "src"), epochs=4, validation=0.25)
    train(settings, tmp_path / "whole")
    evaluate, calls = measure.evaluate, []

    def poisoned(*arguments: Any) -> Any:
        calls.append(1)
        found = evaluate(*arguments)
        return found._replace(loss=math.nan) if len(calls) == 3 else found

    monkeypatch.setattr(measure, "evaluate", poisoned)
    with pytest.raises(DivergedError, match="the validation loss became NaN in epoch 3, at step 9"):
        train(settings, tmp_path / "run")
    record = read_run(tmp_path / "run")
    assert record
    assert record.divergence
    assert (record.state, record.divergence.epoch, record.finished) == ("diverged", 3, False)
    lines = (tmp_path / "run" / METRICS).read_bytes().splitlines()
    assert lines == (tmp_path / "whole" / METRICS).read_bytes().splitlines()[:2]
    tensors, note = read_tensors(tmp_path / "run" / CHECKPOINT)
    assert note["step"] == "6"
    assert all(bool(value.isfinite().all()) for value in tensors.values())
    assert not (tmp_path / "run" / MODEL).exists()


def test_a_checkpoint_with_weights_that_are_not_finite_is_not_resumed(tmp_path: Path) -> None:
    settings = settings_for(draw_set(tmp_path / "src"), epochs=3)
    record = train(settings, tmp_path / "run")
    weights, _ = read_tensors(tmp_path / "run" / MODEL)
    write_run(tmp_path / "run", replace(record, results=None, cost=None))
    tensors = {f"model/{name}": value for name, value in weights.items()}
    tensors |= {f"average/{name}": value * math.nan for name, value in weights.items()}
    tensors |= {"tally/loss": torch.zeros(()), "tally/right": torch.zeros((), dtype=torch.int64)}
    tensors["rng"] = torch.get_rng_state()
    lines = (tmp_path / "run" / METRICS).read_text().splitlines()
    note = {"step": "3", "images": "0", "metrics": f"[{lines[0]}]", "clock": "{}"}
    save_file(tensors, tmp_path / "run" / CHECKPOINT, note)
    with pytest.raises(DivergedError, match="the weights became NaN or infinite in epoch 1"):
        train(settings, tmp_path / "run")


def test_a_run_that_an_earlier_version_finished_with_nan_counts_as_diverged(tmp_path: Path) -> None:
    settings = settings_for(draw_set(tmp_path / "src"))
    train(settings, tmp_path / "run")
    path = tmp_path / "run" / RUN
    record = json.loads(path.read_text())
    record["results"]["train_loss"] = math.nan
    path.write_text(json.dumps(record))
    with pytest.raises(TrainError, match="is a run that diverged: the training loss became NaN"):
        train(settings, tmp_path / "run")
