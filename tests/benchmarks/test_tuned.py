"""The tuned comparisons: the datasets are unpacked once, and the report is made of real results."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from benchmarks.tuned.comparisons import DOCUMENTED
from benchmarks.tuned.data import class_folders
from benchmarks.tuned.report import report
from tests.train.commands import call, draw_set


def test_an_archive_is_unpacked_once(tmp_path: Path) -> None:
    for part in ("train", "test"):
        draw_set(tmp_path / "set" / part, 2)
    with tarfile.open(tmp_path / "set.tar.xz", "w:xz") as archive:
        archive.add(tmp_path / "set", ".")
    assert class_folders(tmp_path / "set", tmp_path / "out", "CIFAR10") == tmp_path / "set"
    found = class_folders(tmp_path / "set.tar.xz", tmp_path / "out", "CIFAR10")
    assert len(list((found / "train").rglob("*.png"))) == 6
    (found / "train/ant/000.png").unlink()
    assert class_folders(tmp_path / "set.tar.xz", tmp_path / "out", "CIFAR10") == found
    assert not (found / "train/ant/000.png").exists()


@pytest.mark.slow
def test_the_report_has_every_arm_its_settings_and_all_verdicts(tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src", 10), draw_set(tmp_path / "test", 5, seed=1)
    asked = DOCUMENTED[0].options(12, 8)
    done = call("compare", src, "--test", test, *asked, "--tune", 2, "--seeds", 2, "--quiet", "--out", tmp_path / "out")  # fmt: skip
    assert done.exception is None
    found = json.loads((tmp_path / "out/comparison.json").read_text())
    text = report({"cifar-2000": found})
    assert text.startswith(f"## cifar-2000\n\n{found['headline'][0]}\n")
    assert all(pair["words"] in text for pair in found["pairs"])
    assert text.count("\n| ") == 1 + len(found["cells"]) == 7
    assert "held-out sources" in text
