"""What the command says: plain lines in a log, bars on a terminal, a closing summary."""

from __future__ import annotations

import os
import re
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from expand import expand
from expand.cli import progress
from tests.train.commands import draw_set, settings_for, train
from tests.train.compare.studies import study_for
from train.cli.messages import format_run
from train.cli.progress import Console, decoding_for
from train.feed.strategies import Strategy
from train.models.settings import ModelSettings
from train.runs.records import RunRecord
from train.runs.results import RunCost, RunResults, Scores
from train.trials.context import new_context

pty = pytest.importorskip("pty")


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Put a terminal in the place of stderr; what was shown on it is in the list at the end."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 120))
    parts: list[bytes] = []

    def read() -> None:  # or a terminal that is full would stop whoever writes to it
        try:
            while part := os.read(master, 65536):
                parts.append(part)
        except OSError:
            pass

    reader = threading.Thread(target=read)
    reader.start()
    shown: list[str] = []
    with os.fdopen(slave, "w") as screen, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", screen)
        yield shown
    reader.join()
    os.close(master)
    shown.append(b"".join(parts).decode())


def test_a_log_gets_a_line_for_each_epoch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(draw_set(tmp_path / "src"), validation=0.25, epochs=2)
    record = train(settings, tmp_path / "run", observer=Console(2))
    out, said = capsys.readouterr()
    lines = said.splitlines()
    assert out == ""
    assert lines[:2] == [
        "cnn: 22,467 parameters, fp32, cpu",
        "none: 18 sources per epoch; read from memory",
    ]
    assert [line.partition(":")[0] for line in lines[2:]] == ["epoch 1 of 2", "epoch 2 of 2"]
    assert record.results is not None
    results = record.results.to_dict()
    assert lines[3] == (
        f"epoch 2 of 2: loss {results['train_loss']:.4f}, accuracy {100 * results['train_accuracy']:.2f} %; "
        f"validation: loss {results['validation_loss']:.4f}, "
        f"accuracy {100 * results['validation_accuracy']:.2f} %"
    )


def test_a_log_gets_a_line_now_and_then_in_a_long_epoch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.0)
    monkeypatch.setattr("train.data.contents.CHUNK", 1)
    train(settings_for(draw_set(tmp_path / "src"), epochs=1), tmp_path / "run", observer=Console(1))
    lines = capsys.readouterr().err.splitlines()
    decoding = [line for line in lines if line.startswith(f"decoding {tmp_path / 'src'}: ")]
    assert len(decoding) == 24
    assert " of 24 images, " in decoding[0]
    lines = lines[len(decoding) + 2 :]
    for step, line in enumerate(lines[:3], 1):
        assert re.fullmatch(
            rf"{step} of 3 steps, [\de+.,]+ steps/s, under 1 s left; loss \d\.\d{{3}}, [\d,]+ images/s",
            line,
        )
    assert lines[3].startswith("epoch 1 of 1: loss ")


def test_a_resumed_run_says_from_where(capsys: pytest.CaptureFixture[str]) -> None:
    Console(9).starting("cnn: small\nnone: 5 sources", 4321, 1234)
    assert (
        capsys.readouterr().err
        == "cnn: small\nnone: 5 sources\nresuming from step 1,234 of 4,321\n"
    )


def test_a_terminal_gets_bars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    src = draw_set(tmp_path / "src")
    with terminal(monkeypatch) as shown:
        train(settings_for(src, epochs=2), tmp_path / "run", observer=Console(2))
    (text,) = shown
    assert "6/6" in text
    assert re.search(r"loss \d\.\d{3}, [\d,]+ images/s", text)
    assert [text.count(f"epoch {epoch} of 2: loss ") for epoch in (1, 2)] == [1, 1]


def test_decoding_has_a_bar_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tqdm

    made: list[Any] = []
    make = tqdm.tqdm

    def noted(**settings: Any) -> Any:
        made.append(
            make(**{**settings, "delay": 0})
        )  # a set that takes less than half a second gets no bar
        return made[-1]

    monkeypatch.setattr(tqdm, "tqdm", noted)
    src = draw_set(tmp_path / "src")
    with terminal(monkeypatch) as shown:
        train(settings_for(src, epochs=1), tmp_path / "run", observer=Console(1))
    assert f"decoding {src}:" in shown[0]
    assert made[0].n == 24


def record() -> RunRecord:
    """Return the record of a run in which everything was asked for."""
    per_class = {"ant": 0.95, "bee": 0.5, "cat": 1.0, "dog": 0.75}
    return RunRecord(
        settings={"strategy": {"name": "fly"}, "recipe": {"epochs": 10, "smoothing": 0.1}},
        model=ModelSettings("cnn", 3, 16, 16, 4),
        parameters=1,
        classes=list(per_class),
        steps=4690,
        precision="fp32",
        renderer="exact",
        data={},
        leaks=1200,
        leaks_shown=[],
        versions={},
        hardware={},
        results=RunResults(
            0.5, 0.75, Scores(0.6, 0.7, per_class), Scores(0.8, 0.8, per_class), 0.81
        ),
        cost=RunCost(1.25, 0.5, 2.0, 10.0, 1.0, 12.5, 600_000, 48_000.0),
    )


def test_the_summary_of_a_run() -> None:
    assert format_run(record(), Path("runs/x")).splitlines() == [
        "runs/x: cnn, fly, 4,690 steps",
        "  test: accuracy 80.00 %, loss 0.8000",
        "  test, averaged with the mirrored image: accuracy 81.00 %",
        "  lowest accuracy: bee 50.0 %, dog 75.0 %, ant 95.0 %",
        "  validation: accuracy 70.00 %, loss 0.6000",
        "  training: accuracy 75.00 %, loss 0.5000 (last epoch, on the images as shown)",
        "  training time: 12.5 s (waiting for data 0.5, augmenting 2.0, computing 10.0), 48,000 images/s",
        "  decoding: 1.2 s, evaluating: 1.0 s",
        "  1,200 test images are in the training set as well (--allow-leak)",
    ]


def test_the_summary_of_a_run_without_a_test_or_a_validation_set(tmp_path: Path) -> None:
    src = draw_set(tmp_path / "src", 2)
    expand(src, tmp_path / "copies", factor=2, workers=1)
    shown = format_run(
        train(settings_for(tmp_path / "copies", strategy=Strategy("disk")), tmp_path / "run"),
        Path("x"),
    )
    assert [re.split(" accuracy| s of| [0-9.]+ s,", line)[0] for line in shown.splitlines()[1:]][
        ::2
    ] == [
        "  training:",
        "  decoding:",
    ]
    assert shown.splitlines()[0] == "x: cnn, disk, 2 steps"
    assert "probably too short" in shown.splitlines()[4]  # two steps
    assert len(shown.splitlines()) == 5


def test_the_decoding_of_a_comparison_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.0)
    monkeypatch.setattr("train.data.contents.CHUNK", 1)
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 5, seed=1)
    study = study_for(src, test)
    for quiet, lines in ((True, 0), (False, 39)):
        new_context(study, tmp_path / f"cache-{quiet}", 10**9, decoding_for(quiet))
        shown = capsys.readouterr().err.splitlines()
        assert len(shown) == lines
    assert shown[23].startswith(f"decoding {src}: 24 of 24 images, ")
    assert shown[38].startswith(f"decoding {test}: 15 of 15 images, ")
