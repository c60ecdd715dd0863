"""Disks that fail: every write of a run failing in turn is a sentence, and the run resumes alike."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from expand.errors import ExpandError
from expand.storage import files, writing
from tests.train.commands import draw_set, settings_for, train
from train.errors import STOPPED, TrainError
from train.runs.checkpoints import CHECKPOINT, MODEL
from train.runs.records import METRICS, RUN

FAILURES = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT)


class Failing:
    """A system call that fails at its n-th use on the folder of a run."""

    def __init__(self, call: Any, at: int, code: int) -> None:
        self.call, self.left, self.code, self.failed = call, at, code, False

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Call, or fail."""
        self.left -= 1
        if self.left == 0:
            self.failed = True
            raise OSError(self.code, os.strerror(self.code))
        return self.call(*arguments, **options)


def products(out: Path) -> tuple[bytes, bytes]:
    return (out / MODEL).read_bytes(), (out / METRICS).read_bytes()


@pytest.mark.parametrize("name", ["open", "write", "replace"])
def test_each_call_of_a_run_that_fails_is_a_sentence_and_the_run_resumes_to_equal_weights(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(draw_set(tmp_path / "src", 4), epochs=2, validation=0.25)
    train(settings, tmp_path / "whole")  # the images are decoded here: later runs only write
    at, failed = 0, True
    while failed:
        at += 1
        out = tmp_path / f"run-{at}"
        with monkeypatch.context() as patch:
            failing = Failing(getattr(os, name), at, FAILURES[at % len(FAILURES)])
            for module in (files, writing):
                patch.setattr(module, "os", _Os(name, failing))
            error: Exception | None = None
            try:
                train(settings, out)
            except (ExpandError, TrainError) as raised:
                error = raised
        if error is not None:
            assert getattr(error, "status", None) == STOPPED
            assert os.strerror(failing.code) in str(error)
        failed = failing.failed
        assert not list(out.glob(".*"))
        if (out / RUN).exists():
            assert train(settings, out).finished
            assert products(out) == products(tmp_path / "whole")
            assert not (out / CHECKPOINT).exists()
    assert at > 4


class _Os:
    """The module os, with one call that may fail."""

    def __init__(self, name: str, failing: Failing) -> None:
        self.name, self.failing = name, failing

    def __getattr__(self, name: str) -> Any:
        return self.failing if name == self.name else getattr(os, name)


def test_a_full_disk_keeps_the_checkpoint_from_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, out = settings_for(draw_set(tmp_path / "src"), epochs=3), tmp_path / "run"
    train(settings, tmp_path / "whole")
    replace, seen = os.replace, []

    def full(source: Any, target: Any, **options: Any) -> None:
        if str(target).endswith(CHECKPOINT):
            seen.append((out / CHECKPOINT).exists() and (out / CHECKPOINT).read_bytes())
            if len(seen) == 2:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(ExpandError, match="No space left on device") as stopped:
            train(settings, out)
    assert stopped.value.status == STOPPED
    assert (out / CHECKPOINT).read_bytes() == seen[1]
    assert train(settings, out).finished
    assert products(out) == products(tmp_path / "whole")
