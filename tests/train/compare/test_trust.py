"""The harness can be trusted: no difference is found where there is none, and what was planted is found. `make slow`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from expand.images.decoder import decode
from expand.images.encoder import encode
from expand.images.formats import Encoding
from tests.train.commands import call, refusal
from tests.train.compare.studies import (
    MIRROR,
    context_of,
    draw_arrows,
    kept,
    study_dir_at,
    study_for,
    trial_of,
)
from tests.train.trials.test_freshness import Frozen
from train.compare.arms import Arm
from train.compare.command import compare
from train.errors import TrainError
from train.statistics.verdicts import Pair, judge
from train.trials.options import StudyOptions
from train.trials.runner import run_trial

pytestmark = pytest.mark.slow
WAYS = ("left", "line", "right")
POOL, COMPARISONS, SEEDS = 400, 200, 6


def test_two_arms_that_differ_in_their_seeds_alone_are_seldom_told_apart(tmp_path: Path) -> None:
    src, test = (
        draw_arrows(tmp_path / "src", 12, WAYS, contrast=40),
        draw_arrows(tmp_path / "test", 60, WAYS, seed=1, contrast=40),
    )
    context = context_of(study_for(src, test, "none,fly", lengths=(5,), batch_size=9, lr=0.01))
    points = np.array(
        [100 * run_trial(context, trial_of(Arm("fly"), 5, seed)).accuracy for seed in range(POOL)]
    )
    assert points.std() > 1
    assert len(np.unique(points)) > 20
    rng, false = np.random.default_rng(5), 0
    for _ in range(COMPARISONS):
        one, other = rng.choice(points, (2, SEEDS), replace=False)
        (verdict,) = judge([Pair("fly", "fly again", one - other)], margin=0.25)
        false += verdict.verdict in ("better", "worse")
    # where 5 % of comparisons claim a difference, 200 of them have at most 16 (8 %) with a probability of 97.5 %
    most = int(stats.binom.ppf(0.975, COMPARISONS, 0.05))
    assert most == 16
    assert false <= most, f"{false} of {COMPARISONS}"


def test_a_planted_leak_a_frozen_generator_and_a_harm_to_a_class_are_caught_and_named(
    tmp_path: Path,
) -> None:
    src, test = (
        draw_arrows(tmp_path / "src", 24, WAYS, contrast=40),
        draw_arrows(tmp_path / "test", 40, WAYS, seed=1, contrast=40),
    )
    (tmp_path / "mirror.yaml").write_text("{name: mirror, techniques: [flip: {axes: horizontal}]}")
    line = (
        "compare",
        src,
        "--test",
        test,
        "--recipe",
        tmp_path / "mirror.yaml",
        "--factor",
        2,
        "--epochs",
        12,
        "--seeds",
        8,
    )
    line = (
        *line,
        "--model",
        "linear",
        "--batch-size",
        18,
        "--lr",
        0.01,
        "--precision",
        "fp32",
        "--threads",
        1,
    )

    leaked = test / "right" / "leaked.bmp"
    leaked.write_bytes(encode(decode((src / "left/004.png").read_bytes()).pixels, Encoding("BMP")))
    words = refusal(*line, "--out", tmp_path / "leaky")
    assert words.startswith(
        '1 image is in both splits: test "right/leaked.bmp" has the pixels of training "left/004.png". '
    )
    assert not (tmp_path / "leaky").exists()
    leaked.unlink()

    options = StudyOptions(0.25, "train compare", seeds=8)
    for renderer in ("exact", "batched"):
        frozen = study_for(src, test, kind=Frozen, renderer=renderer)
        with pytest.raises(
            TrainError,
            match="^fly repeats the same views in every epoch; this is a bug. 64 of 64 sources look the same",
        ):
            compare(frozen, study_dir_at(tmp_path / renderer), options, plan=False, quiet=True)
        assert kept(tmp_path / renderer) == {}

    done = call(*line, "--out", tmp_path / "out")
    found = json.loads((tmp_path / "out/comparison.json").read_text())
    assert {one["arm"] for one in found["worst"]} == {"fly", "disk ×2"}
    for worst in found["worst"]:
        assert worst["harm"], worst
        assert worst["class"] in ("left", "right")
        assert worst["interval"][1] < 0
        assert f"  {worst['words']}\n" in done.stdout
        assert (
            f'{worst["arm"]} harms "{worst["class"]}"' in (tmp_path / "out/report.md").read_text()
        )
    assert MIRROR.to_dict() == json.loads((tmp_path / "out/study.json").read_text())["views"]
    verdicts = {(pair["arm"], pair["against"]): pair["verdict"] for pair in found["pairs"]}
    assert verdicts["fly", "none"] == verdicts["disk ×2", "none"] == "worse"
