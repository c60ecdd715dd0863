"""A search in train worth and train ablate: every trial trains with what its arm chose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.train.commands import call, draw_set, refusal
from tests.train.compare.studies import kept
from train.trials.tuning.settings import TunedSettings

SMALL = (
    *("--model", "linear", "--batch-size", 6, "--lr", 0.002, "--precision", "fp32"),
    *("--threads", 1, "--quiet", "--seeds", 2, "--tune", 3, "--epochs", 12),
)
SETTINGS = tuple(TunedSettings.__dataclass_fields__)
FLIPS = "techniques:\n  - flip: {factor: 2}\n  - rotate: {degrees: 20}\n"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a small set and one to measure on."""
    root = tmp_path_factory.mktemp("sets")
    return draw_set(root / "src", 8), draw_set(root / "test", 4, seed=1)


def best_of(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what each arm chose."""
    arms = found["search"]["arms"]
    return {arm["arm"]: arm["trials"][arm["chosen"]] for arm in arms}


def test_worth_searches_at_the_largest_size_and_smaller_ones_take_as_many_steps(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    line = ("worth", folders[0], "--test", folders[1], *SMALL, "--arms", "none,fly", "--sizes", "1/2,1", "--cache", tmp_path / "packs", "--out", tmp_path / "out")  # fmt: skip
    planned = call(*line, "--plan").stdout.splitlines()
    assert planned[1] == "6 trials of the search before: 3 settings × 2 arms"
    assert call(*line).exception is None
    found = json.loads((tmp_path / "out/worth.json").read_text())
    assert (found["search"]["sources"], found["search"]["held_out"]) == (18, 6)
    runs = kept(tmp_path / "out")
    assert len(runs) == 2 * 2 * 2 + 2 * 3
    for arm, best in best_of(found).items():
        for size, steps in ((24, 4), (12, 2)):
            row = json.loads((tmp_path / f"out/runs/{arm}_n{size}of24_k12_d0_s0.json").read_text())
            assert row["tuned"]["lr"] == best["lr"]
            assert row["steps"] == 4 * best["epochs"] == steps * row["epochs_trained"]
    page, report = ((tmp_path / "out" / name).read_text() for name in ("index.html", "report.md"))
    for text in (page, report):
        assert text.count("(chosen)") == 2
        assert "The search was made at the largest size" in text


def test_worth_tunes_one_number_of_epochs(folders: tuple[Path, Path], tmp_path: Path) -> None:
    line = ("worth", folders[0], "--test", folders[1], "--tune", 3, "--out", tmp_path / "out")
    assert "give one number, got 2,4" in refusal(*line, "--epochs", "2,4")


def test_ablate_searches_for_every_run_of_the_design_and_of_the_check(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "flips.yaml").write_text(f"name: flips\n{FLIPS}")
    line = ("ablate", folders[0], "--test", folders[1], *SMALL, "--tune", 2, "--seeds", 1, "--recipe", tmp_path / "flips.yaml", "--cache", tmp_path / "packs", "--out", tmp_path / "out")  # fmt: skip
    assert call(*line).exception is None
    found = json.loads((tmp_path / "out/ablation.json").read_text())
    best, runs = best_of(found), kept(tmp_path / "out")
    assert {"none", "flip horizontal", "TrivialAugment"} < best.keys()
    for phase, arm, label in (("design", "none", "none"), ("design", "flip horizontal", "0"), ("final", "TrivialAugment", "TrivialAugment")):  # fmt: skip
        row = json.loads((tmp_path / f"out/runs/{phase}_{label}_s0.json").read_text())
        assert row["tuned"] == {key: best[arm][key] for key in SETTINGS}
        assert row["epochs_trained"] == best[arm]["epochs"] >= 2
        assert len([name for name in runs if name.startswith(f"tune-{label}_t")]) == 2
    report = (tmp_path / "out/report.md").read_text()
    assert "every arm was trained with the same 2 settings, of at most 12 epochs" in report
    assert report.count("(chosen)") == len(best)
    assert call(*line).exception is None  # resumed: nothing is trained again
    assert kept(tmp_path / "out") == runs
