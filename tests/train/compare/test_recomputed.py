"""Every interval, p value and verdict of a stored comparison is what scipy and statsmodels compute from its trials."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tests.train.commands import call
from tests.train.compare.recomputed import Stored, verdict
from tests.train.compare.studies import ask, draw_arrows, grouped, row_of
from train.compare.export.json import gain_to_dict, pair_to_dict, summary_to_dict
from train.compare.findings.accuracy import summarise_arms
from train.compare.findings.classes import compare_classes
from train.compare.findings.pairs import compare_pairs
from train.statistics.looks import Looks

IMAGES = 60
LEAN = {"none": 0.0, "fly": 0.5, "disk ×2": 0.45, "disk ×4": 0.1}
"""How much more often an arm is right, on the scale of the logits."""


def store(folder: Path, looks: Looks) -> Stored:
    """Store a comparison of trials that are drawn at random, as `train compare` writes it."""
    rng, rows = np.random.default_rng(11), []
    difficulty = rng.normal(1, 1.5, IMAGES)
    for arm, lean in LEAN.items():
        taste = difficulty + 2 * lean * rng.normal(1, 0.7, IMAGES)
        for epochs in (4, 20):
            for seed in range(looks.seeds[-1]):
                logits = taste * (1 if epochs == 20 else 0.5) + rng.normal(0, 0.15)
                right = rng.random(IMAGES) < 1 / (1 + np.exp(-logits))
                rows.append(row_of(arm, epochs, seed, right.astype(int).tolist()))
    (folder / "runs").mkdir(parents=True)
    for number, row in enumerate(rows):
        (folder / f"runs/{number}.json").write_text(json.dumps(row), "utf-8")
    found = grouped(ask("none,fly,disk=2,disk=4", (4, 20)), rows, IMAGES)
    gains, worst = compare_classes(found, 2.5, looks)
    plain = {
        "settings": {"margin in points": 2.5},
        "cells": [summary_to_dict(each) for each in summarise_arms(found)],
        "pairs": [pair_to_dict(each) for each in compare_pairs(found, 2.5, looks)],
        "classes": [gain_to_dict(each) for each in gains],
        "worst": [{**gain_to_dict(each.gain), "harm": each.harmed} for each in worst],
        "looks": looks.to_dict(),
    }
    (folder / "comparison.json").write_text(json.dumps(plain), "utf-8")
    return Stored(folder, ["cat"] * (IMAGES // 2) + ["dog"] * (IMAGES // 2))


def check_looks(stored: Stored) -> None:
    for look, (seeds, alpha) in zip(stored.said["looks"]["looks"], stored.looks(), strict=True):
        assert (look["seeds"], look["alpha"]) == (seeds, pytest.approx(alpha))


def check_arms(stored: Stored) -> None:
    for cell in stored.said["cells"]:
        values = stored.right(cell["arm"], cell["epochs_asked"]).mean(axis=1)
        assert cell["accuracies"] == pytest.approx(values.tolist())
        spread = values.std(ddof=1) / len(values) ** 0.5
        low, high = (
            stats.t.interval(0.95, len(values) - 1, values.mean(), spread)
            if spread
            else (values.mean(),) * 2
        )
        assert cell["interval"] == pytest.approx([low, high])


def check_pairs(stored: Stored) -> set[str]:
    """Check all pairs; return the verdicts that there were."""
    seen = set()
    for epochs in {pair["epochs"] for pair in stored.said["pairs"]}:
        pairs = [pair for pair in stored.said["pairs"] if pair["epochs"] == epochs]
        tables = [
            stored.right(p["arm"], epochs) - stored.right(p["against"], epochs) for p in pairs
        ]
        alike, here = stored.judge(tables, alike=True), stored.judge(tables, alike=False)
        for pair, table, for_both, for_these in zip(pairs, tables, alike, here, strict=True):
            if pair["verdict"] == "identical":
                assert not table.any()
                continue
            assert pair["mean"] == pytest.approx(100 * table.mean())
            assert pair["interval"] == pytest.approx([for_both.low, for_both.high], abs=1e-6)
            assert pair["interval_here"] == pytest.approx([for_these.low, for_these.high], abs=1e-6)
            assert (pair["p"], pair["p_here"]) == (
                pytest.approx(for_both.p),
                pytest.approx(for_these.p),
            )
            assert pair["p_equivalence"] == pytest.approx(for_both.p_equivalence)
            assert pair["verdict"] == verdict(for_both, stored.margin)
            assert pair["verdict_here"] == verdict(for_these, stored.margin)
            values = 100 * table.mean(axis=1)
            if np.ptp(values) > 1e-9:
                assert pair["p_t"] == pytest.approx(stats.ttest_1samp(values, 0).pvalue)
            seen |= {pair["verdict"], pair["verdict_here"]}
    return seen


def check_classes(stored: Stored) -> int:
    """Check the gains of all classes; return how many harms were claimed."""
    for epochs in {gain["epochs"] for gain in stored.said["classes"]}:
        gains = [gain for gain in stored.said["classes"] if gain["epochs"] == epochs]
        tables = [
            (stored.right(g["arm"], epochs) - stored.right(g["against"], epochs))[
                :, stored.classes == g["class"]
            ]
            for g in gains
        ]
        for gain, part in zip(gains, stored.judge(tables, alike=True), strict=True):
            assert gain["interval"] == pytest.approx([part.low, part.high], abs=1e-6)
            assert gain["p"] == pytest.approx(part.p)
    for worst in stored.said["worst"]:
        assert worst["harm"] == (worst["interval"][1] < 0)
    return sum(worst["harm"] for worst in stored.said["worst"])


@pytest.mark.parametrize(
    "looks", [Looks(6, (6,)), pytest.param(Looks(8, (6, 8, 10)), marks=pytest.mark.slow)]
)
def test_scipy_and_statsmodels_agree_with_a_stored_comparison(tmp_path: Path, looks: Looks) -> None:
    stored = store(tmp_path / "comparison", looks)
    check_looks(stored)
    check_arms(stored)
    assert {"undecided"} < check_pairs(stored)
    check_classes(stored)


@pytest.mark.slow
def test_scipy_and_statsmodels_agree_with_a_comparison_that_was_trained(tmp_path: Path) -> None:
    ways, out = ("left", "line", "right"), tmp_path / "out"
    src, test = (
        draw_arrows(tmp_path / "src", 12, ways, contrast=40),
        draw_arrows(tmp_path / "test", 20, ways, seed=1, contrast=40),
    )
    line = (
        "compare",
        src,
        "--test",
        test,
        "--factor",
        2,
        "--epochs",
        "2,6",
        "--model",
        "linear",
        "--out",
        out,
    )
    line = (*line, "--batch-size", 9, "--lr", 0.01, "--precision", "fp32", "--threads", 1)
    call(*line, "--seeds", 6)
    call(*line, "--seeds", 8)
    stored = Stored(out, [way for way in ways for _ in range(20)])
    check_looks(stored)
    assert [look["seeds"] for look in stored.said["looks"]["looks"]] == [6, 8]
    check_arms(stored)
    assert check_pairs(stored)
    check_classes(stored)
