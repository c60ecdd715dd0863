"""The command `train worth`: from options to a page, through kills and more seeds; what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import click
import pytest

from tests.train.commands import call, draw_set, refusal
from tests.train.compare.studies import kept
from train.cli.command import command
from train.cli.worth import read_worth
from train.worth.study import WorthStudy

SMALL = (
    *("--factor", 2, "--epochs", "2,4", "--sizes", "1/4,1/2,1", "--model", "linear"),
    *("--batch-size", 6, "--lr", 0.002, "--precision", "fp32", "--threads", 1, "--quiet"),
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a small set and one to measure on."""
    root = tmp_path_factory.mktemp("sets")
    return draw_set(root / "src"), draw_set(root / "test", 6, seed=1)


@pytest.fixture(scope="module")
def finished(
    folders: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str, tuple[Any, ...]]:
    """Return a finished study, what the terminal showed, and its arguments."""
    root = tmp_path_factory.mktemp("finished")
    src, test = folders
    arguments = (
        "worth",
        src,
        "--test",
        test,
        *SMALL,
        "--cache",
        root / "packs",
        "--out",
        root / "out",
    )
    done = call(*arguments, "--seeds", 2)
    assert done.exception is None
    assert done.stderr == ""
    return root / "out", done.stdout, arguments


def parse(*arguments: object) -> WorthStudy:
    """Return the study that a command line asks for."""
    context = command.commands["worth"].make_context(
        "worth", [str(each) for each in arguments], click.Context(command)
    )
    with context:
        options = dict(context.params)
        return read_worth(options.pop("data"), options)


def test_a_study_leaves_a_page_numbers_and_a_line_a_trial(
    finished: tuple[Path, str, tuple[Any, ...]],
) -> None:
    out, words, _ = finished
    assert sorted(path.name for path in out.iterdir()) == [
        "index.html", "report.md", "runs", "runs.csv", "study.json", "worth.json",
    ]  # fmt: skip
    found = json.loads((out / "worth.json").read_text())
    assert words.splitlines()[: len(found["headline"])] == found["headline"]
    assert words.splitlines()[-1] == str(out / "index.html")
    assert found["sizes"] == [6, 12, 24]
    assert sorted((each["arm"], each["sources"]) for each in found["rates"]) == [
        (arm, size) for arm in ("disk ×2", "fly") for size in (6, 12, 24)
    ]
    assert len(found["curves"]) == 9
    rows = list(csv.DictReader((out / "runs.csv").open()))
    assert len(rows) == 3 * 3 * 2 * 2
    assert {(row["size"], row["draw"]) for row in rows} == {
        (size, draw) for size in ("6", "12", "24") for draw in ("0", "1")
    }
    for row in rows:
        assert int(row["images"]) == int(row["size"]) * int(row["epochs_trained"])


def test_every_trial_of_a_length_has_as_many_steps(
    finished: tuple[Path, str, tuple[Any, ...]],
) -> None:
    rows = list(csv.DictReader((finished[0] / "runs.csv").open()))
    steps = {
        length: {row["steps"] for row in rows if row["epochs_asked"] == length} for length in "24"
    }
    assert steps == {"2": {"8"}, "4": {"16"}}


def test_the_page_and_the_report_say_what_the_terminal_says(
    finished: tuple[Path, str, tuple[Any, ...]],
) -> None:
    out, words, _ = finished
    page, report = ((out / name).read_text() for name in ("index.html", "report.md"))
    first = words.splitlines()[0]
    assert first in page
    assert report.startswith("# With ")
    for text in (page, report):
        assert "for these 24 sources and for test images like these 18" in text
        assert "same number of optimizer steps" in text


def test_more_seeds_keep_the_trials_that_are_there(
    finished: tuple[Path, str, tuple[Any, ...]],
) -> None:
    out, words, arguments = finished
    before = kept(out)
    again = call(*arguments, "--seeds", 2)
    assert (again.stdout, kept(out)) == (words, before)
    more = call(*arguments, "--seeds", 3)
    assert more.exception is None
    assert before.items() <= kept(out).items()
    assert len(kept(out)) == len(before) // 2 * 3


def test_a_trial_that_is_lost_is_trained_again_to_the_same_weights(
    finished: tuple[Path, str, tuple[Any, ...]],
) -> None:
    out, _, arguments = finished
    (one,) = (out / "runs").glob("fly_n12of24_k4_d1_s1.json")
    weights = json.loads(one.read_text())["weights"]
    one.unlink()
    assert call(*arguments, "--seeds", 2).exception is None
    assert json.loads(one.read_text())["weights"] == weights


def test_a_record_repeats_its_study(finished: tuple[Path, str, tuple[Any, ...]]) -> None:
    out, _, arguments = finished
    _, src, _, test, *rest = arguments
    study = parse(src, "--test", test, *rest)
    assert parse("--config", out / "study.json") == study
    assert parse("--config", out / "worth.json") == study
    assert "is the record of a study of worth" in refusal("compare", "--config", out / "study.json")


def test_other_sizes_into_the_same_folder_are_refused(
    finished: tuple[Path, str, tuple[Any, ...]],
) -> None:
    _, _, arguments = finished
    assert "sizes was" in refusal(*arguments, "--sizes", "1/2,1")


def test_a_plan_says_how_many_trials_there_are_and_what_can_be_measured(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    src, test = folders
    where = ("--cache", tmp_path / "packs", "--out", tmp_path / "out")
    done = call(
        "worth", src, "--test", test, *SMALL, *where, "--plan", "--sources", 12, "--seeds", 4
    )
    assert done.exception is None
    assert done.stdout.startswith("72 trials: 4 seeds × 3 arms × 3 sizes × 2 numbers of epochs")
    assert "3 sources: ×4 (" in done.stdout
    assert not list((tmp_path / "out/runs").iterdir())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--sizes", "1/8,2/3,none"), "--sizes must be shares of at most 1"),
        (("--sizes", "1.5,1"), "--sizes must be shares of at most 1"),
        (("--sizes", "1/0,1"), "--sizes must be shares of at most 1"),
        (("--sizes", "1e999999999,1"), "--sizes must be shares of at most 1"),
        (("--sources", "0"), "--sources must be 2 … 24"),
        (("--sizes", "1"), "--sizes takes 2 … 20 sizes"),
        (("--sizes", "1/12,1"), "--sizes 1/12 is 2 of 24 sources, fewer than the 3 classes"),
        (("--sizes", "1/2,25"), "--sizes 25 is more than the 24 sources that there are"),
        (("--sizes", "1/2,12"), "--sizes 1/2,12 are all 12 sources"),
        (("--sources", "25"), "--sources must be 2 … 24"),
        (("--draws", "1"), "--draws must be 2 … 1,000, got 1"),
        (("--draws", "100000"), "--draws must be 2 … 1,000, got 100,000"),
        (("--seeds", "5000"), "--seeds 5,000 has as many draws, which are at most 1,000"),
        (("--draws", "4"), "--draws 4 needs as many --seeds, got 2"),
        (("--arms", "fly,disk"), "--arms must name none"),
        (("--arms", "none"), "--arms must name two arms or more"),
        (("--epochs", "0"), "--epochs must be at least 1"),
    ],
)
def test_what_cannot_be_studied_is_refused_in_words(
    folders: tuple[Path, Path], tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    src, test = folders
    where = ("--cache", tmp_path / "packs", "--out", tmp_path / "out", "--seeds", 2)
    assert words in refusal("worth", src, "--test", test, *SMALL, *where, *options)
    assert not (tmp_path / "out").exists()


def test_a_study_without_a_test_set_says_what_to_give(folders: tuple[Path, Path]) -> None:
    assert "--test DIR" in refusal("worth", folders[0], *SMALL)
