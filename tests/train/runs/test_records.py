"""Records and checkpoints: what is written is read back, damage is reported, nothing executes."""

from __future__ import annotations

import json
import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save

from tests.train.commands import settings_for
from train.data.normalise import Normaliser
from train.data.shape import Shape
from train.errors import TrainError
from train.feed.feed import Batch
from train.fit.hyperparameters import Hyperparameters
from train.fit.trainer import Trainer
from train.models.build import build
from train.models.settings import ModelSettings
from train.runs.checkpoints import (
    CHECKPOINT,
    MODEL,
    load_checkpoint,
    load_model,
    read_tensors,
    save_checkpoint,
    save_model,
)
from train.runs.records import (
    METRICS,
    RUN,
    SplitRecord,
    read_run,
    versions,
    write_json,
    write_metrics,
    write_run,
)
from train.runs.results import EpochMetrics, Scores
from train.runs.settings import changed_settings
from train.runtime.clock import Clock
from train.runtime.device import hardware

SETTINGS = ModelSettings("fast", 1, 16, 16, 3, dropout=0.5)
METRICS_OF_TWO_EPOCHS = [
    EpochMetrics(1, 3, 0.1, 0.1 + 0.2, 0.5),
    EpochMetrics(2, 3, 0.1, 0.1 + 0.2, 0.5, Scores(0.4, 0.6, {"a": 0.6})),
]
FIRST_RECORD: dict[str, Any] = {
    "settings": {
        "data": "data/train", "test": "data/test",
        "strategy": {"name": "fly", "recipe": None, "view_seed": 0, "sampling": "stratified", "factor": None, "clean_every": None, "visit_all": False},
        "recipe": {"epochs": 2, "batch_size": 8, "lr": 0.05, "momentum": 0.9, "weight_decay": 0.0005, "schedule": "one-cycle", "smoothing": 0.1, "average": 0.03, "bias_lr": 1.0},
        "model": "cnn", "dropout": 0.0, "pretrained": False, "seed": 0, "validation": 0.0, "sources": None,
        "shape": {"side": None, "colour": "keep"}, "renderer": "auto", "precision": "fp32", "mirrored": True, "allow_leak": False,
    },
    "model": {"name": "cnn", "channels": 3, "height": 16, "width": 16, "classes": 2, "dropout": 0.0, "pretrained": False, "parameters": 22467},
    "classes": ["ant", "bee"], "steps": 6, "precision": "fp32", "renderer": "exact",
    "data": {"train": {"images": 24, "sources": 24, "hash": "0f" * 16}, "test": {"images": 8, "sources": 8, "hash": "1e" * 16}},
    "leaks": 0, "leaks_shown": [], "versions": {"python": "3.11.9", "torch": "2.9.0"},
    "hardware": {"system": "Linux", "processor": "cpu", "threads": 1, "device": "cpu"},
}  # fmt: skip
"""A record as the first version wrote it."""
FIRST_RESULTS = {
    "results": {"train_loss": 0.5, "train_accuracy": 0.9, "test_loss": 0.75, "test_accuracy": 0.875, "test_per_class": {"ant": 1.0, "bee": 0.75}, "test_accuracy_mirrored": 0.9},
    "cost": {"pack_seconds": 0.1, "wait_seconds": 0.0, "augment_seconds": 0.2, "compute_seconds": 0.3, "evaluate_seconds": 0.1, "training_seconds": 0.5, "images": 48, "images_per_second": 96.0},
}  # fmt: skip


def trainer_for(hyperparameters: Hyperparameters, seed: int = 0) -> Trainer:
    """Return a trainer at its first step."""
    torch.manual_seed(seed)
    net = build(SETTINGS).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Trainer(net, hyperparameters, 4, Normaliser((127.0,), (60.0,)), "fp32")


def batch(number: int) -> Batch:
    """Return one of many batches."""
    generator = np.random.default_rng(number)
    images = generator.integers(0, 256, (6, 1, 16, 16)).astype(np.uint8)
    return Batch(torch.from_numpy(images), torch.from_numpy(generator.integers(0, 3, 6)))


def everything(trainer: Trainer) -> dict[str, torch.Tensor]:
    """Return all that a trainer's next step depends on."""
    found = dict(trainer.model.state_dict())
    found |= {f"average {name}": value for name, value in trainer.average.values.items()}
    for number, state in enumerate(trainer.optimizer.state.values()):
        found |= {f"{key} {number}": value for key, value in state.items() if value is not None}
    return found | {
        "loss": trainer.tally.loss,
        "right": trainer.tally.right,
        "rng": torch.get_rng_state(),
    }


@pytest.mark.parametrize(
    "hyperparameters",
    [
        Hyperparameters(epochs=2, average=0.2),
        Hyperparameters(epochs=2, average=0),
        Hyperparameters(epochs=2, momentum=0, schedule="constant"),
    ],
)
def test_a_trainer_resumes_from_its_checkpoint_as_if_it_had_never_stopped(
    hyperparameters: Hyperparameters, tmp_path: Path
) -> None:
    one = trainer_for(hyperparameters)
    for number in range(3):
        one.learn(batch(number))
    save_checkpoint(tmp_path, one, METRICS_OF_TWO_EPOCHS, Clock(1, 2, 3, 4))
    for number in range(3, 6):
        one.learn(batch(number))
    ended = everything(one)
    other, clock = trainer_for(hyperparameters, seed=99), Clock()
    assert load_checkpoint(tmp_path, other, clock) == METRICS_OF_TWO_EPOCHS
    assert (other.step, other.tally.images, clock) == (3, 18, Clock(1, 2, 3, 4))
    for number in range(3, 6):
        other.learn(batch(number))
    again = everything(other)
    assert set(again) == set(ended)
    assert [name for name in ended if not torch.equal(ended[name], again[name])] == []
    assert other.tally.images == one.tally.images


def test_without_a_checkpoint_a_trainer_stays_where_it_is(tmp_path: Path) -> None:
    trainer, clock = trainer_for(Hyperparameters()), Clock()
    assert load_checkpoint(tmp_path, trainer, clock) == []
    assert (trainer.step, clock) == (0, Clock())


def test_a_damaged_checkpoint_is_refused_with_advice(tmp_path: Path) -> None:
    trainer, path = trainer_for(Hyperparameters()), tmp_path / CHECKPOINT
    trainer.learn(batch(0))
    save_checkpoint(tmp_path, trainer, [], Clock())
    whole = path.read_bytes()
    other = build(ModelSettings("fast", 1, 16, 16, 4)).state_dict()
    for damage in (b"", whole[:100], whole[:-1], b"hello" * 20, save({"x": torch.ones(1)}), save({"x": torch.ones(1)}, {"step": "1"}),
                   save({f"model/{name}": value.contiguous() for name, value in other.items()}, {"step": "1"})):  # fmt: skip
        path.write_bytes(damage)
        with pytest.raises(TrainError) as error:
            load_checkpoint(tmp_path, trainer_for(Hyperparameters()), Clock())
        assert str(error.value).startswith(f'"{path}" is damaged (')
        assert str(error.value).endswith("); remove it to start from the beginning")
        assert "\n" not in str(error.value)


def test_a_model_is_read_back_with_its_card(tmp_path: Path) -> None:
    net = build(SETTINGS)
    save_model(
        tmp_path,
        net.state_dict(),
        SETTINGS,
        ("ä", "b", "c"),
        Normaliser((1.5,), (2.5,)),
        Shape(16, "grey"),
    )
    state, card = load_model(tmp_path)
    assert ModelSettings(**card["model"]) == SETTINGS
    assert (card["classes"], card["normaliser"]) == (
        ["ä", "b", "c"],
        {"mean": [1.5], "deviation": [2.5]},
    )
    assert Shape(**card["shape"]) == Shape(16, "grey")
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / MODEL
    for damage in (
        b"",
        b"\0" * 50,
        save({"x": torch.ones(1)}),
        save({"x": torch.ones(1)}, {"card": "{"}),
    ):
        path.write_bytes(damage)
        with pytest.raises(TrainError, match=f'^"{path}" is damaged \\('):
            load_model(tmp_path)
    path.unlink()
    with pytest.raises(
        TrainError, match=f'^"{tmp_path}" has no model.safetensors: it is not a finished run$'
    ):
        load_model(tmp_path)


class Bomb:
    """What an attacker would put in place of a checkpoint."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> object:
        return os.mkdir, (str(self.mark),)


def test_nothing_in_a_checkpoint_or_a_model_is_executed(tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    torch.save(Bomb(mark), tmp_path / CHECKPOINT)
    (tmp_path / MODEL).write_bytes(pickle.dumps(Bomb(mark)))
    with pytest.raises(TrainError, match="is damaged"):
        load_checkpoint(tmp_path, trainer_for(Hyperparameters()), Clock())
    with pytest.raises(TrainError, match="is damaged"):
        load_model(tmp_path)
    assert not mark.exists()
    pickle.loads((tmp_path / MODEL).read_bytes())
    assert mark.exists()  # so the file would have executed it


def test_json_is_indented_and_keeps_umlauts(tmp_path: Path) -> None:
    write_json(tmp_path / RUN, {"settings": {"data": "ärger"}, "state": "finished"})
    assert (tmp_path / RUN).read_text(
        "utf-8"
    ) == '{\n  "settings": {\n    "data": "ärger"\n  },\n  "state": "finished"\n}\n'


@pytest.mark.parametrize("state", ["finished", "unfinished"])
def test_a_record_of_the_first_version_is_read_and_written_alike(
    state: str, tmp_path: Path
) -> None:
    assert read_run(tmp_path) is None
    first = {"state": state, **FIRST_RECORD, **(FIRST_RESULTS if state == "finished" else {})}
    text = json.dumps(first, indent=2, ensure_ascii=False) + "\n"
    (tmp_path / RUN).write_text(text, "utf-8")
    record = read_run(tmp_path)
    assert record is not None
    assert (record.finished, record.strategy, record.model.name) == (
        state == "finished",
        "fly",
        "cnn",
    )
    assert record.data["train"] == SplitRecord(24, 24, "0f" * 16)
    write_run(tmp_path, record)
    assert (tmp_path / RUN).read_text("utf-8") == text
    if state == "finished":
        assert record.results is not None
        assert record.results.test == Scores(0.75, 0.875, {"ant": 1.0, "bee": 0.75})
        assert record.results.validation is None


def test_the_random_state_of_a_checkpoint_of_the_first_version_is_restored(tmp_path: Path) -> None:
    trainer = trainer_for(Hyperparameters())
    trainer.learn(batch(0))
    state = torch.get_rng_state()
    save_checkpoint(tmp_path, trainer, METRICS_OF_TWO_EPOCHS, Clock())
    tensors, note = read_tensors(tmp_path / CHECKPOINT)
    tensors["chance"] = tensors.pop("rng")
    (tmp_path / CHECKPOINT).write_bytes(save(tensors, note))
    torch.manual_seed(1)
    load_checkpoint(tmp_path, trainer_for(Hyperparameters(), seed=2), Clock())
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("damage", [b"", b"{", b"{}", b"[]", b'{"settings": {}}', b"\xff\xfe"])
def test_a_damaged_record_is_refused(damage: bytes, tmp_path: Path) -> None:
    (tmp_path / RUN).write_bytes(damage)
    with pytest.raises(TrainError, match=f'^"{tmp_path / RUN}" is damaged \\('):
        read_run(tmp_path)


def test_metrics_are_a_line_an_epoch(tmp_path: Path) -> None:
    write_metrics(tmp_path, METRICS_OF_TWO_EPOCHS)
    lines = [json.loads(line) for line in (tmp_path / METRICS).read_text().splitlines()]
    first = {"epoch": 1, "step": 3, "lr": 0.1, "loss": 0.1 + 0.2, "accuracy": 0.5}
    scores = {
        "validation_loss": 0.4,
        "validation_accuracy": 0.6,
        "validation_per_class": {"a": 0.6},
    }
    assert lines == [first, {**first, "epoch": 2, **scores}]
    assert [EpochMetrics.from_dict(line) for line in lines] == METRICS_OF_TWO_EPOCHS


def test_the_versions_of_libraries_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    found = versions()
    assert found["torch"] == torch.__version__.partition("+")[0]
    assert set(found) == {
        "python",
        "expand-train",
        "torch",
        "torchvision",
        "numpy",
        "opencv-python-headless",
        "pillow",
        "albumentations",
    }
    monkeypatch.setattr("train.runs.records.LIBRARIES", ("torch", "no-such-library"))
    assert set(versions()) == {"python", "torch"}
    machine = hardware(torch.device("cpu"))
    assert set(machine) == {"system", "processor", "threads", "device"}
    assert (machine["threads"], machine["device"]) == (1, "cpu")


def test_a_name_that_is_not_utf8_is_written_as_an_escape(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"class": "caf\udce9"})
    assert (tmp_path / "a.json").read_bytes() == b'{\n  "class": "caf\\udce9"\n}\n'
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"class": "caf\udce9"}


def test_a_setting_that_a_record_does_not_have_had_its_default(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, seed=3)
    recorded = json.loads(json.dumps(settings.to_dict()))
    del recorded["mirrored"], recorded["dropout"]
    assert changed_settings(recorded, settings) == []
    assert changed_settings(recorded, replace(settings, dropout=0.5, seed=4)) == [
        "--dropout was 0.0, is 0.5",
        "--seed was 3, is 4",
    ]


def test_settings_that_differ_are_named_without_those_that_do_not(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, strategy="fly", epochs=4)
    recorded = json.loads(json.dumps(settings.to_dict()))
    assert changed_settings(recorded, settings_for(tmp_path, strategy="fly", epochs=2)) == [
        "--epochs was 4, is 2"
    ]
    assert changed_settings(recorded, settings_for(tmp_path, epochs=4)) == [
        "--strategy was fly, is none"
    ]
