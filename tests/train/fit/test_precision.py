"""Precision: given or measured, and kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from train.errors import TrainError
from train.fit import precision
from train.fit.precision import choose_precision
from train.models.build import build
from train.models.settings import ModelSettings
from train.runtime import device
from train.runtime.device import cpu_name

SETTINGS = ModelSettings("fast", 3, 16, 16, 4, dropout=0.5)


def choose(
    memory: Path, asked: str = "auto", settings: ModelSettings = SETTINGS, batch: int = 4
) -> str:
    """Return the precision for a new model."""
    return choose_precision(asked, build(settings), settings, batch, memory)


@pytest.mark.parametrize("asked", ["fp32", "bf16"])
def test_a_given_precision_is_used_without_a_measurement(asked: str, tmp_path: Path) -> None:
    assert choose(tmp_path / "memory.json", asked) == asked
    assert not (tmp_path / "memory.json").exists()


def test_an_unknown_precision_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="^--precision must be auto, fp32, bf16, got 'fp16'$"):
        choose(tmp_path / "memory.json", "fp16")


def test_a_measurement_is_kept_for_the_model_and_the_batch_size(tmp_path: Path) -> None:
    memory = tmp_path / "deeper" / "memory.json"
    chosen = choose(memory)
    known = json.loads(memory.read_text())
    assert list(known.values()) == [chosen]
    other = {"fp32": "bf16", "bf16": "fp32"}[chosen]
    memory.write_text(json.dumps(dict.fromkeys(known, other)))
    assert choose(memory) == other  # not what a measurement would give
    choose(memory, batch=5)
    choose(memory, settings=ModelSettings("cnn", 3, 16, 16, 4))
    assert len(json.loads(memory.read_text())) == 3


@pytest.mark.parametrize("damage", ["", "{", "[1]", '"fp32"', "\xff"])
def test_a_damaged_file_of_measurements_is_replaced(damage: str, tmp_path: Path) -> None:
    memory = tmp_path / "memory.json"
    memory.write_bytes(damage.encode("latin-1"))
    chosen = choose(memory)
    assert list(json.loads(memory.read_text()).values()) == [chosen]


def test_an_unknown_entry_is_measured_again_and_the_rest_is_kept(tmp_path: Path) -> None:
    memory = tmp_path / "memory.json"
    choose(memory)
    (key,) = json.loads(memory.read_text())
    memory.write_text(json.dumps({key: "fp8", "another": "bf16"}))
    chosen = choose(memory)
    assert json.loads(memory.read_text()) == {"another": "bf16", key: chosen}


def test_a_measurement_changes_neither_the_model_nor_the_random_state(tmp_path: Path) -> None:
    torch.manual_seed(5)
    model = build(SETTINGS)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    choose_precision("auto", model, SETTINGS, 4, tmp_path / "memory.json")
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.training


@pytest.mark.parametrize(("bf16_seconds", "chosen"), [(0.95, "fp32"), (0.85, "bf16")])
def test_bf16_must_be_a_tenth_faster(
    bf16_seconds: float, chosen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, began, running = [0.0], [False], [""]
    enter = precision.autocast

    def clock() -> float:  # the times of steps cannot be set otherwise
        if began[0]:
            now[0] += bf16_seconds if running[0] == "bf16" else 1.0
        began[0] = not began[0]
        return now[0]

    monkeypatch.setattr(precision.time, "perf_counter", clock)
    monkeypatch.setattr(
        precision,
        "autocast",
        lambda device, name: (running.__setitem__(0, name), enter(device, name))[1],
    )
    assert choose(tmp_path / "memory.json") == chosen


def test_the_processor_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cpu_name()
    monkeypatch.setattr(device, "Path", lambda _name: Path("/nowhere"))
    assert cpu_name() == device.platform.machine()
