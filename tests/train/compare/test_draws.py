"""compare --draws: seeds learn from subsets of the sources, and the page says of which it speaks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.train.commands import call, draw_set, refusal
from tests.train.compare.studies import ask, context_of, study_for
from train.compare.findings.draws import draws_of, note_draws, which_sources
from train.compare.study import trials
from train.data.subsets import Draw
from train.errors import TrainError
from train.statistics.overlap import Drawn
from train.trials.context import of_draw

SMALL = (
    *("--factor", 2, "--epochs", 2, "--model", "linear", "--batch-size", 6, "--lr", 0.002),
    *("--precision", "fp32", "--threads", 1, "--quiet"),
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a small set and one to measure on."""
    root = tmp_path_factory.mktemp("sets")
    return draw_set(root / "src"), draw_set(root / "test", 5, seed=1)


def test_all_arms_of_a_seed_share_its_draw_and_trials_are_named_for_it() -> None:
    listed = list(trials(ask(sources=10, draws=2), 4))
    assert {(each.replicate, each.draw) for each in listed} == {
        (replicate, Draw(replicate % 2, 10, 10)) for replicate in range(4)
    }
    assert [each.name for each in listed[:3]] == [
        f"{arm}_k4_n10_d0_s0" for arm in ("none", "fly", "disk-x4")
    ]


def test_more_draws_leave_the_trials_of_the_first_as_they_are() -> None:
    few, many = (
        {each.name for each in trials(ask(sources=10, draws=draws), draws)} for draws in (6, 8)
    )
    assert few < many


def test_draws_need_sources_and_more_than_one() -> None:
    with pytest.raises(TrainError, match="--draws needs --sources"):
        ask(draws=6)
    with pytest.raises(TrainError, match="--draws must be 2 … 1,000, got 1"):
        ask(draws=1, sources=10)


def test_a_draw_is_normalised_by_its_own_images_and_shares_the_decoded_ones(
    folders: tuple[Path, Path],
) -> None:
    study = study_for(*folders, sources=12, draws=2)
    context = context_of(study)
    one, other = (of_draw(context, study.drawn_for(seed)) for seed in (0, 1))
    assert len(one.data.train.folder) == len(other.data.train.folder) == 12
    assert set(one.data.train.folder.files).isdisjoint(other.data.train.folder.files)
    assert one.data.train.decoded is context.data.train.decoded
    assert one.data.normalise != other.data.normalise
    pixels = one.data.train.pixels().astype(float)
    assert one.data.normalise.mean == pytest.approx(tuple(pixels.mean(axis=(0, 1, 2))), abs=0.5)
    drawn = draws_of(context, 4)
    assert drawn
    assert (drawn.subsets, drawn.sources, drawn.total) == (2, 12, 24)


def test_a_comparison_of_draws_says_so_everywhere(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    src, test = folders
    where = ("--cache", tmp_path / "packs", "--out", tmp_path / "out")
    asked = ("compare", src, "--test", test, *SMALL, *where, "--sources", 12, "--draws", 2)
    done = call(*asked, "--seeds", 2)
    assert done.exception is None
    line = (
        "Sources: this holds for sources like these: the seeds learned from 2 draws of 12 of 24 "
        "sources, which share none."
    )
    for text in (
        done.stdout,
        *((tmp_path / "out" / f).read_text() for f in ("index.html", "report.md")),
    ):
        assert line in text
    found = json.loads((tmp_path / "out/comparison.json").read_text())
    assert found["headline"][-1] == line
    assert found["draws"] == {"draws": 2, "sources": 12.0, "total": 24, "overlap": 0.0}
    assert [seeds["draw"] for seeds in found["seeds"]] == [0, 1]
    for path in (tmp_path / "out/runs").iterdir():
        trial = json.loads(path.read_text())
        assert trial["images"] == 12 * 2
    again = call("compare", "--config", tmp_path / "out/comparison.json", "--quiet", *where)
    assert again.exception is None
    assert again.stdout == done.stdout


def test_a_plan_says_of_which_sources_the_comparison_would_speak(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    src, test = folders
    where = ("--cache", tmp_path / "packs", "--out", tmp_path / "out", "--plan", "--seeds", 2)
    done = call("compare", src, "--test", test, *SMALL, *where)
    assert "this holds for these 24 sources" in done.stdout.splitlines()[-1]
    drawn = ("--sources", 16, "--draws", 2)
    done = call(
        "compare",
        src,
        "--test",
        test,
        *SMALL,
        *where[:2],
        "--out",
        tmp_path / "b",
        *where[4:],
        *drawn,
    )
    assert "2 draws of 16 of 24 sources, two of which share" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ("--sources", 24, "--draws", 2),
            "--draws needs --sources from 3, one of each class, to 23",
        ),
        (
            ("--sources", 2, "--draws", 2),
            "--draws needs --sources from 3, one of each class, to 23",
        ),
        (("--sources", 12, "--draws", 3), "--draws 3 needs as many --seeds, got 2"),
    ],
)
def test_draws_that_cannot_be_are_refused(
    folders: tuple[Path, Path], tmp_path: Path, options: tuple[object, ...], words: str
) -> None:
    src, test = folders
    where = ("--cache", tmp_path / "packs", "--out", tmp_path / "out", "--seeds", 2)
    assert words in refusal("compare", src, "--test", test, *SMALL, *where, *options)


def test_the_page_says_what_draws_share() -> None:
    half = Drawn(100.0, 200, np.where(np.eye(6, dtype=bool), 1.0, 0.5))
    assert which_sources(100, half).endswith(
        "the seeds learned from 6 draws of 100 of 200 sources, two of which share 50 % of their "
        "sources on average."
    )
    assert "Nadeau and Bengio" in note_draws(half)[0]
    assert note_draws(None) == ()
    assert which_sources(100, None).startswith("Sources: this holds for these 100 sources")
