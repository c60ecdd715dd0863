"""TensorBoard: an event for each epoch, beside the usual output."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.train.commands import draw_set, settings_for, train
from train.errors import TrainError
from train.runs.observer import Observer, TensorBoard
from train.runs.records import METRICS


class Notes(Observer):
    """Lists the calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def decoding(self, folder: Any) -> Any:
        """List the call."""
        self.calls.append("decoding")
        return lambda images: self.calls.append(f"decoded {images}")

    def starting(self, description: str, steps: int, done: int) -> None:
        """List the call."""
        self.calls.append(f"starting {done} of {steps}")

    def step(self, step: Any) -> None:
        """List the call."""
        self.calls.append(f"step {step.step}")

    def epoch(self, epoch: Any, validation: Any) -> None:
        """List the call."""
        self.calls.append(f"epoch {epoch.epoch}")


def test_every_epoch_is_an_event_and_every_call_is_forwarded(tmp_path: Path) -> None:
    src, notes = draw_set(tmp_path / "src", 4), Notes()
    settings = settings_for(src, validation=0.5, batch_size=2)
    train(settings, tmp_path / "run", observer=TensorBoard(notes, tmp_path / "run"))
    events = EventAccumulator(str(tmp_path / "run-events")).Reload()
    lines = [json.loads(line) for line in (tmp_path / "run" / METRICS).read_text().splitlines()]
    tags = {
        "train/loss": "loss",
        "train/accuracy": "accuracy",
        "train/lr": "lr",
        "validation/loss": "validation_loss",
        "validation/accuracy": "validation_accuracy",
    }
    assert sorted(events.Tags()["scalars"]) == sorted(tags)
    for tag, key in tags.items():
        assert [event.step for event in events.Scalars(tag)] == [line["step"] for line in lines]
        assert [event.value for event in events.Scalars(tag)] == pytest.approx(
            [line[key] for line in lines]
        )
    steps = [f"step {step}" for step in range(1, 7)]
    assert notes.calls == [
        "decoding",
        "decoded 12",
        "starting 0 of 6",
        *steps[:3],
        "epoch 1",
        *steps[3:],
        "epoch 2",
    ]


def test_without_validation_there_are_no_validation_events(tmp_path: Path) -> None:
    train(
        settings_for(draw_set(tmp_path / "src", 2), epochs=1),
        tmp_path / "run",
        observer=TensorBoard(Observer(), tmp_path / "run"),
    )
    events = EventAccumulator(str(tmp_path / "run-events")).Reload()
    assert sorted(events.Tags()["scalars"]) == ["train/accuracy", "train/loss", "train/lr"]


def test_a_missing_tensorboard_is_reported_with_the_install_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(
        TrainError, match=r"^--tensorboard needs tensorboard: pip install tensorboard \("
    ):
        TensorBoard(Observer(), tmp_path / "run")
