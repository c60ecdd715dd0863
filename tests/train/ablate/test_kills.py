"""Ablations that are killed or interrupted: the same command resumes, and every trial is equal."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.train.commands import draw_set, start, struck
from tests.train.compare.studies import weights_of


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 130), (signal.SIGINT, 130)],
)
def test_a_killed_ablation_resumes_and_ends_like_one_never_killed(
    number: signal.Signals, status: int, tmp_path: Path
) -> None:
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 6, seed=1)
    line = ["ablate", src, "--test", test, "--epochs", 2, "--seeds", 2, "--design", "single"]
    line += ["--model", "linear", "--batch-size", 12, "--precision", "fp32", "--device", "cpu"]
    line += ["--threads", 1, "--cache", tmp_path / "cache", "--quiet"]
    whole = start(*line, "--out", tmp_path / "whole")
    assert (whole.communicate()[1], whole.returncode) == ("", 0)
    out = tmp_path / "out"
    killed = start(*line, "--out", out, program=struck(number, 2))
    said = killed.communicate()[1]
    assert (killed.returncode, "Traceback" in said) == (status, False)
    before = weights_of(out)
    assert 2 <= len(before) < len(weights_of(tmp_path / "whole"))
    again = start(*line, "--out", out)
    assert (again.communicate()[1], again.returncode) == ("", 0)
    assert weights_of(out) == weights_of(tmp_path / "whole")
    assert sorted(path.name for path in out.iterdir()) == sorted(
        path.name for path in (tmp_path / "whole").iterdir()
    )
