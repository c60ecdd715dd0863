"""Odd names in training: classes and files of any name are learned, recorded and predicted."""

from __future__ import annotations

import json
from pathlib import Path

from expand import expand
from tests.expand.layouts.test_odd_names import NAMES
from tests.train.commands import call, draw_set

LABELS = tuple(name for name in NAMES if name != "cafe\u0301")


def test_classes_of_any_name_are_learned_and_predicted(tmp_path: Path) -> None:
    data = draw_set(tmp_path / "data", 1, classes=LABELS)
    test = draw_set(tmp_path / "test", 1, classes=LABELS, seed=1)
    expand(data, tmp_path / "out", 2, workers=1)
    options = ("--epochs", 1, "--device", "cpu", "-q", "--out", tmp_path / "run")
    trained = call(tmp_path / "out", "--test", test, *options)
    assert trained.exception is None, trained.exception
    assert not {each for each in trained.output if ord(each) < 32} - {"\n"}
    record = json.loads((tmp_path / "run/run.json").read_text("utf-8"))
    assert set(record["classes"]) == set(LABELS)
    predicted = call("predict", tmp_path / "run", test, "--device", "cpu")
    lines = predicted.output.splitlines()
    assert len(lines) == len(LABELS)
    assert all(len(line.split("\t")) == 3 for line in lines)
