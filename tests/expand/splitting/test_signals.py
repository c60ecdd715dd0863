"""Signals: a split that is interrupted or killed ends like one that never was."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from expand.splitting.plan import SplitSettings, plan_split
from expand.splitting.split import split
from tests.conftest import Folder, tree


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 130), (signal.SIGKILL, -9)])
def test_an_interrupted_split_resumes(
    class_folder: Folder, tmp_path: Path, number: int, status: int
) -> None:
    src = class_folder({f"{c}/{n:04}.png": f"{c}{n}".encode() for c in "ab" for n in range(3000)})
    whole, out = tmp_path / "whole", tmp_path / "out"
    line = [sys.executable, "-m", "expand", "split", src, out]
    with subprocess.Popen(line, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        while process.poll() is None and not (out / "train/a").exists():
            time.sleep(0.001)
        process.send_signal(number)
        shown = process.communicate()[1].decode()
    assert process.returncode == status
    assert status < 0 or "interrupted. Run the same command again to resume." in shown
    assert split(plan_split(src, out, SplitSettings())).made > 0
    split(plan_split(src, whole, SplitSettings()))
    assert tree(out) == tree(whole)
