"""Trials of an ablation that diverge: a seed counts only where no run that it needs did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.train.ablate.ablations import ablation_for, outcomes_of, results_for
from tests.train.commands import call, draw_set
from train.ablate.design import NONE
from train.ablate.findings.effects import estimate_effects
from train.ablate.findings.sentences import format_technique

SMALL = ("--epochs", 2, "--model", "linear", "--batch-size", 12, "--precision", "fp32")
SMALL = (*SMALL, "--threads", 1, "--quiet", "--seeds", 2)
LOST = {"what": "the training loss became NaN", "epoch": 1, "step": 2}
SECONDS = [1e-6] * 5


def strict(path: Path) -> Any:
    """Read JSON as its standard defines it: without NaN and Infinity."""
    return json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(name))


@pytest.mark.parametrize("design", ["single", "plackett-burman"])
def test_an_ablation_in_which_everything_diverges_has_no_verdict(
    design: str, tmp_path: Path
) -> None:
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 5, seed=1)
    out = tmp_path / "out"
    line = ("ablate", src, "--test", test, *SMALL, "--design", design, "--lr", "1e30")
    done = call(*line, "--out", out)
    assert (done.exception, done.return_value) == (None, 1)
    count = len(list((out / "runs").iterdir()))
    assert done.stdout.startswith(f"No verdict: all {count} trials diverged.\n")
    assert "became NaN in epoch 1" in done.stdout
    found = strict(out / "ablation.json")
    assert (found["techniques"], len(found["diverged"])) == ([], count)
    assert found["suggestion"]["yaml"] is None
    for name in ("index.html", "report.md"):
        assert f"No verdict: all {count} trials diverged." in (out / name).read_text()


def test_a_seed_with_a_diverged_run_counts_for_no_technique_of_the_design() -> None:
    ablation = ablation_for()
    results = results_for(ablation.design_arms, {0: (8, 8)})
    some = ablation.design_arms[0].name
    left = [each for each in results if (each.arm, each.replicate) != (some, 2)]
    techniques = estimate_effects(ablation, outcomes_of(left), SECONDS, 0.25)
    whole = [each for each in results if each.replicate != 2]
    expected = estimate_effects(ablation, outcomes_of(whole), SECONDS, 0.25)
    assert [each.verdict for each in techniques] == [each.verdict for each in expected]
    assert [each.classes for each in techniques] == [each.classes for each in expected]
    assert all(np.isnan(each.effects[2]) for each in techniques)
    assert ", on 5 of 6 seeds because runs diverged" in format_technique(techniques[0])


def test_a_technique_that_always_diverges_leaves_the_others_of_a_single_design() -> None:
    ablation = ablation_for(design="single")
    results = results_for(ablation.design_arms, {0: (8, 8)})
    lost = ablation.design_arms[3].name
    left = [each for each in results if each.arm != lost]
    names = [each.name for each in estimate_effects(ablation, outcomes_of(left), SECONDS, 0.25)]
    assert names == [switch.name for switch in ablation.switches if switch.name != lost]
    without = [each for each in results if each.arm != NONE.name]
    assert estimate_effects(ablation, outcomes_of(without), SECONDS, 0.25) == ()


def test_a_check_without_a_baseline_names_the_pair_that_has_no_verdict(tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 5, seed=1)
    out = tmp_path / "out"
    line = ("ablate", src, "--test", test, *SMALL, "--lr", 0.002, "--out", out)
    assert call(*line).return_value == 0
    for path in sorted((out / "runs").glob("final_none_*.json")):
        row = json.loads(path.read_text())
        kept = {
            key: row[key]
            for key in ("arm", "replicate", "epochs_asked", "epochs_trained", "seconds")
        }
        path.write_text(json.dumps({**kept, "diverged": LOST}))
    done = call(*line)
    assert (done.exception, done.return_value) == (None, 1)
    assert "TrialAugment" not in done.stdout
    assert "against none: no verdict: no seed has both trials" in done.stdout
    found = strict(out / "ablation.json")
    assert {each["against"] for each in found["check"]["no_verdict"]} == {"none"}
    assert "against none: no verdict" in (out / "report.md").read_text()
    assert "against none: no verdict" in (out / "index.html").read_text()
