"""TensorBoard: a value for each pass, beside what is said anyway."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.train.commands import draw_set, settings_for, train
from train.errors import TrainError
from train.runs.events import TensorBoard
from train.runs.records import METRICS
from train.runs.watch import Watch


class Notes(Watch):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def packing(self, folder: Any) -> Any:
        """Note it."""
        self.told.append("packing")
        return lambda _images: self.told.append("packed")

    def starting(self, words: str, steps: int, done: int) -> None:
        """Note it."""
        self.told.append(f"starting {done} of {steps}")

    def step(self, step: Any) -> None:
        """Note it."""
        self.told.append(f"step {step.step}")

    def epoch(self, epoch: Any, validation: Any) -> None:
        """Note it."""
        self.told.append(f"epoch {epoch.epoch}")


def test_every_pass_is_an_event_and_everything_is_passed_on(tmp_path: Path) -> None:
    src, notes = draw_set(tmp_path / "src", 4), Notes()
    settings = settings_for(src, validation=0.5, batch_size=2)
    train(settings, tmp_path / "run", watch=TensorBoard(notes, tmp_path / "run"))
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
    assert notes.told == [
        "packing",
        *["packed"] * 12,
        "starting 0 of 6",
        *steps[:3],
        "epoch 1",
        *steps[3:],
        "epoch 2",
    ]


def test_without_a_validation_there_are_no_events_of_it(tmp_path: Path) -> None:
    train(
        settings_for(draw_set(tmp_path / "src", 2), epochs=1),
        tmp_path / "run",
        watch=TensorBoard(Watch(), tmp_path / "run"),
    )
    events = EventAccumulator(str(tmp_path / "run-events")).Reload()
    assert sorted(events.Tags()["scalars"]) == ["train/accuracy", "train/loss", "train/lr"]


def test_without_tensorboard_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(
        TrainError, match=r"^--tensorboard needs tensorboard: pip install tensorboard \("
    ):
        TensorBoard(Watch(), tmp_path / "run")
