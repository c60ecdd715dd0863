"""Records: what is written comes back; what is damaged is said; nothing that is read executes."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

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
    save_checkpoint,
    save_model,
)
from train.runs.records import METRICS, RUN, read_run, versions, write_json, write_metrics
from train.runtime.clock import Clock
from train.runtime.device import hardware

SETTINGS = ModelSettings("fast", 1, 16, 16, 3, dropout=0.5)


def trainer_for(recipe: Hyperparameters, seed: int = 0) -> Trainer:
    """Return a trainer at its first step."""
    torch.manual_seed(seed)
    net = build(SETTINGS).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Trainer(net, recipe, 4, Normaliser((127.0,), (60.0,)), "fp32")


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
        "chance": torch.get_rng_state(),
    }


@pytest.mark.parametrize(
    "recipe",
    [
        Hyperparameters(epochs=2, average=0.2),
        Hyperparameters(epochs=2, average=0),
        Hyperparameters(epochs=2, momentum=0, schedule="constant"),
    ],
)
def test_a_trainer_goes_on_from_its_checkpoint_as_if_it_had_never_stopped(
    recipe: Hyperparameters, tmp_path: Path
) -> None:
    one = trainer_for(recipe)
    for number in range(3):
        one.learn(batch(number))
    save_checkpoint(tmp_path, one, [{"epoch": 0, "loss": 0.1}], Clock(1, 2, 3, 4))
    for number in range(3, 6):
        one.learn(batch(number))
    ended = everything(one)
    other, clock = trainer_for(recipe, seed=99), Clock()
    assert load_checkpoint(tmp_path, other, clock) == [{"epoch": 0, "loss": 0.1}]
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


def test_a_damaged_checkpoint_is_refused_with_what_to_do(tmp_path: Path) -> None:
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


def test_a_model_comes_back_with_its_card(tmp_path: Path) -> None:
    net = build(SETTINGS)
    save_model(
        tmp_path,
        net.state_dict(),
        SETTINGS,
        ("ä", "b", "c"),
        (Normaliser((1.5,), (2.5,)), Shape(16, "grey")),
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
        TrainError, match=f'^"{tmp_path}" has no model.safetensors: not a finished run$'
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
    assert mark.exists()  # the bomb was no dud


def test_a_record_is_readable_json_and_comes_back(tmp_path: Path) -> None:
    assert read_run(tmp_path) is None
    write_json(tmp_path / RUN, {"settings": {"data": "ärger"}, "state": "finished"})
    assert (tmp_path / RUN).read_text(
        "utf-8"
    ) == '{\n  "settings": {\n    "data": "ärger"\n  },\n  "state": "finished"\n}\n'
    assert read_run(tmp_path) == {"settings": {"data": "ärger"}, "state": "finished"}


@pytest.mark.parametrize("damage", [b"", b"{", b"{}", b"[]", b'{"settings": {}}', b"\xff\xfe"])
def test_a_damaged_record_is_refused(damage: bytes, tmp_path: Path) -> None:
    (tmp_path / RUN).write_bytes(damage)
    with pytest.raises(TrainError, match=f'^"{tmp_path / RUN}" is damaged \\('):
        read_run(tmp_path)


def test_metrics_are_a_line_an_epoch(tmp_path: Path) -> None:
    write_metrics(tmp_path, [{"epoch": 1, "loss": 0.1 + 0.2}, {"epoch": 2}])
    lines = (tmp_path / METRICS).read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"epoch": 1, "loss": 0.1 + 0.2}, {"epoch": 2}]


def test_what_numbers_depend_on_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    found = versions()
    assert found["torch"] == torch.__version__.partition("+")[0]
    assert set(found) == {
        "python",
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
