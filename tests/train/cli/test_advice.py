"""Advice at the end of a run: copies that were not read, and a training that was too short."""

from __future__ import annotations

from pathlib import Path

import pytest

from expand import expand
from tests.train.commands import draw_set, settings_for, train
from train.cli.messages import advise, format_run
from train.feed.strategies import Strategy
from train.runs.records import read_run


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an expanded folder with four files of each source."""
    root = tmp_path_factory.mktemp("sets")
    expand(draw_set(root / "src", 4), root / "copies", factor=4, workers=1)
    return root / "copies"


@pytest.mark.parametrize(
    ("epochs", "words"),
    [
        (1, "1 epoch reads 1 of the 4 files of each source; 4 or more read all (--epochs)"),
        (2, "2 epochs read 2 of the 4 files of each source; 4 or more read all (--epochs)"),
        (4, None),
    ],
)
def test_fewer_epochs_than_files_are_named(
    copies: Path, tmp_path: Path, epochs: int, words: str | None
) -> None:
    record = train(settings_for(copies, strategy=Strategy("disk"), epochs=epochs), tmp_path / "run")
    said = [sentence for sentence in advise(record) if "files of each source" in sentence]
    assert said == ([words] if words else [])


def test_with_visit_all_every_epoch_reads_all_files(copies: Path, tmp_path: Path) -> None:
    settings = settings_for(copies, strategy=Strategy("disk", visit_all=True), epochs=1)
    record = train(settings, tmp_path / "run")
    assert record.steps == 6  # 48 files in batches of 8
    assert not any("files of each source" in sentence for sentence in advise(record))


def test_a_training_that_was_too_short_says_so_also_when_it_is_shown_again(tmp_path: Path) -> None:
    src = draw_set(tmp_path / "src")
    short = settings_for(src, epochs=1, lr=1e-5, model="linear")
    record = train(short, tmp_path / "short")
    assert "probably too short" in format_run(record, tmp_path / "short")
    assert "try --epochs 4." in format_run(record, tmp_path / "short")
    assert advise(record) == advise(read_run(tmp_path / "short"))  # type: ignore[arg-type]
    enough = train(settings_for(src, epochs=12, lr=0.01), tmp_path / "enough")
    assert advise(enough) == []
