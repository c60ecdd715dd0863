"""Trials that diverge: named everywhere, averaged nowhere, and left out of verdicts in pairs."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.train.commands import call, draw_set
from tests.train.compare.studies import ask, grouped, row_of
from train.compare.arms import Arm
from train.compare.findings.accuracy import summarise_arms
from train.compare.findings.pairs import compare_pairs, without_verdict
from train.trials.results import DivergedTrial, TrialResult, read_result

SMALL = ("--factor", 2, "--epochs", "2,3", "--model", "linear", "--batch-size", 12)
SMALL = (*SMALL, "--precision", "fp32", "--threads", 1, "--quiet")
LOST = {"what": "the training loss became NaN", "epoch": 1, "step": 2}


def strict(path: Path) -> Any:
    """Read JSON as its standard defines it: without NaN and Infinity."""
    return json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(name))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("sets")
    return draw_set(root / "src"), draw_set(root / "test", 5, seed=1)


def lose(out: Path, name: str) -> None:
    """Replace the result of a trial by that of one that diverged."""
    path = out / "runs" / f"{name}.json"
    row = json.loads(path.read_text())
    kept = {
        key: row[key] for key in ("arm", "replicate", "epochs_asked", "epochs_trained", "seconds")
    }
    path.write_text(json.dumps({**kept, "diverged": LOST}))


def test_a_comparison_in_which_everything_diverges_has_no_verdict(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    line = ("compare", folders[0], "--test", folders[1], *SMALL, "--lr", "1e30", "--seeds", 2)
    done = call(*line, "--out", out)
    assert (done.exception, done.return_value) == (None, 1)
    assert done.stdout.startswith("No verdict: all 12 trials diverged.\n")
    assert (
        "fly against none: no verdict: all 2 trials of fly diverged and all 2 trials of none"
        in (done.stdout)
    )
    assert "more seeds" not in done.stdout
    found = strict(out / "comparison.json")
    assert (found["cells"], found["pairs"], found["costs"]) == ([], [], [])
    assert len(found["diverged"]) == 12
    assert found["headline"][0] == "No verdict: all 12 trials diverged."
    for path in (out / "runs").iterdir():
        assert strict(path)["diverged"]["epoch"] == 1
    for name in ("index.html", "report.md"):
        text = (out / name).read_text()
        assert "No verdict: all 12 trials diverged." in text
        assert "became NaN in epoch 1" in text
    rows = list(csv.DictReader((out / "runs.csv").open()))
    assert len(rows) == 12
    assert all("in epoch 1" in row["diverged"] for row in rows)
    assert call(*line, "--out", out).stdout == done.stdout


def test_a_diverged_trial_is_named_and_its_pair_left_out(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    line = ("compare", folders[0], "--test", folders[1], *SMALL, "--lr", 0.002, "--seeds", 3)
    assert call(*line, "--out", out).return_value == 0
    lose(out, "fly_k3_s1")
    for seed in range(3):
        lose(out, f"disk-x2_k3_s{seed}")
    done = call(*line, "--out", out)
    assert (done.exception, done.return_value) == (None, 1)
    assert done.stdout.startswith("4 of 18 trials diverged: they have no accuracy")
    assert (
        "diverged: fly, seed 1: the training loss became NaN in epoch 1, at step 2" in done.stdout
    )
    found = strict(out / "comparison.json")
    cells = {(cell["arm"], cell["epochs_asked"]): cell for cell in found["cells"]}
    assert ("disk ×2", 3) not in cells
    assert (cells["fly", 3]["n"], cells["fly", 3]["diverged"]) == (2, [1])
    assert "diverged" not in cells["none", 3]
    pairs = {(pair["arm"], pair["against"]): pair for pair in found["pairs"] if pair["epochs"] == 3}
    assert list(pairs) == [("fly", "none")]
    assert pairs["fly", "none"]["n"] == 2
    assert "; on 2 of 3 seeds: fly diverged with seed 1; " in pairs["fly", "none"]["words"]
    assert [each["words"] for each in found["no_verdict"]] == [
        "disk ×2 against none: no verdict: all 3 trials of disk ×2 diverged",
        "disk ×2 against fly: no verdict: all 3 trials of disk ×2 diverged and fly diverged with seed 1",
    ]
    report = (out / "report.md").read_text()
    assert "| 2 of 3 |" in report
    assert "disk ×2, 3 epochs: 3 of 3 trials diverged (seed 0: the training loss" in report
    page = (out / "index.html").read_text()
    assert "no verdict: all 3 trials of disk ×2 diverged" in page
    assert ">diverged<" in page


def test_accuracies_and_differences_are_those_of_the_trials_that_are_left() -> None:
    study = ask("none,fly", lengths=(4,))
    good, poor = [1, 1, 1, 1, 1, 1, 1, 0], [1, 0, 1, 0, 1, 0, 1, 0]
    rows = [row_of("none", 4, seed, poor) for seed in (0, 1, 2)]
    rows += [row_of("fly", 4, seed, good) for seed in (0, 2)]
    lost = DivergedTrial.from_dict(
        {"arm": "fly", "replicate": 1, "length": 4, "epochs": 4, "diverged": LOST, "seconds": 1}
    )
    results = grouped(study, rows, 8)
    found = type(results)(study, [TrialResult.from_dict(row) for row in rows], ["cat"] * 8, [lost])
    none, fly = summarise_arms(found)
    assert (none.mean, none.diverged, fly.mean, fly.diverged) == (0.5, (), 0.875, (1,))
    (pair,) = compare_pairs(found, 0.25)
    assert (pair.verdict.n, pair.verdict.mean) == (2, 37.5)
    assert pair.left_out == "on 2 of 3 seeds: fly diverged with seed 1"
    assert without_verdict(found) == ()
    assert [each.replicate for each in found.lost(Arm("fly"), 4)] == [1]


@pytest.mark.parametrize("loss", [math.nan, math.inf, 1e30])
def test_a_trial_that_an_earlier_version_recorded_with_such_a_loss_diverged(loss: float) -> None:
    for key in ("loss", "train_loss"):
        trial = read_result(row_of("fly", 4, 1, [1, 0], **{key: loss}))
        assert isinstance(trial, DivergedTrial)
        assert (trial.arm, trial.divergence.epoch) == ("fly", 4)
    assert isinstance(read_result(row_of("fly", 4, 1, [1, 0])), TrialResult)
