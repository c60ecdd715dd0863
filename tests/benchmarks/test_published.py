"""The check of published results: what its arms draw, and its report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from benchmarks.published.__main__ import main
from benchmarks.published.report import find, markdown
from benchmarks.published.study import ARMS
from tests.train.ablate.ablations import result_for
from tests.train.commands import draw_set

IMAGES, SEEDS = 400, 6
SHARES = dict(zip((arm.name for arm in ARMS), (0.5, 0.6, 0.5), strict=True))


def test_every_arm_flips_and_crops_and_two_do_more() -> None:
    image = torch.arange(3 * 16 * 16, dtype=torch.int64).remainder(251).to(torch.uint8)
    image = image.reshape(3, 16, 16)
    for arm in ARMS:
        torch.manual_seed(1)
        shown = [arm.transform(16)(image) for _ in range(20)]
        assert all(each.shape == image.shape and each.dtype == torch.uint8 for each in shown)
        assert len({each.numpy().tobytes() for each in shown}) > 10
    assert [arm.more is None for arm in ARMS] == [True, False, False]


def test_all_pairs_are_judged_and_the_report_has_what_could_have_been_found() -> None:
    rng = np.random.default_rng(0)
    results = [
        result_for(name, seed, rng.random(IMAGES) < share)
        for name, share in SHARES.items()
        for seed in range(SEEDS)
    ]
    found = find(results, IMAGES, np.eye(SEEDS))
    verdicts = {(each.arm, each.against): each.verdict for each in found.verdicts}
    assert verdicts[("RandAugment", "flip and crop")] == "better"
    assert verdicts[("TrivialAugment", "flip and crop")] == "undecided"
    assert all(least and 0.5 < least < 20 for least in found.detectable)
    text = markdown(found, "a test")
    assert all(each.sentence in text for each in found.verdicts)
    assert text.count("\n| ") == 2 + 2 * 3


@pytest.mark.slow
def test_the_command_resumes(tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src", 16), draw_set(tmp_path / "test", 4, seed=1)
    line = [str(src), "--test", str(test), "--sources", "12", "--epochs", "1", "--seeds", "2"]
    line += ["--model", "linear", "--precision", "fp32", "--out", str(tmp_path / "out")]
    assert CliRunner().invoke(main, line, standalone_mode=False).exception is None
    report = (tmp_path / "out/report.md").read_text()
    (tmp_path / "out/study/runs/rand_k1_n12_s1.json").unlink()
    assert CliRunner().invoke(main, line, standalone_mode=False).exception is None
    assert (tmp_path / "out/report.md").read_text().splitlines()[4:] == report.splitlines()[4:]
