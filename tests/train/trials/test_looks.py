"""Looks: the plan is declared once and every look is kept; studies of earlier versions had one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from train.data.cache import Cache
from train.errors import TrainError
from train.statistics.looks import Looks
from train.statistics.sentences import format_looks
from train.trials.options import StudyOptions
from train.trials.settled import looks_of, record_look
from train.trials.study_dir import StudyDir


@pytest.fixture
def study_dir(tmp_path: Path) -> StudyDir:
    """Return the folder of a study that has not been judged."""
    (tmp_path / "study.json").write_text('{"data": "d", "training": {}}')
    return StudyDir(tmp_path, Cache())


def asked(seeds: int, planned: int | None = None) -> StudyOptions:
    return StudyOptions(0.25, "train compare", seeds, planned)


def look(study_dir: StudyDir, seeds: int, planned: int | None = None) -> Looks:
    """Take a look, as the commands do."""
    looks = looks_of(study_dir, asked(seeds, planned))
    record_look(study_dir, looks)
    return looks


def test_the_first_look_declares_the_plan_and_each_further_one_is_kept(study_dir: StudyDir) -> None:
    assert look(study_dir, 6) == Looks(6, (6,))
    assert look(study_dir, 6) == Looks(6, (6,))
    assert look(study_dir, 9) == Looks(6, (6, 9))
    assert look(study_dir, 6) == Looks(6, (6,))
    assert look(study_dir, 12) == Looks(6, (6, 9, 12))
    kept = json.loads((study_dir.out / "study.json").read_text())
    assert kept == {"data": "d", "training": {}, "looks": {"planned": 6, "seeds": [6, 9, 12]}}


def test_a_look_is_kept_only_when_it_was_taken(study_dir: StudyDir) -> None:
    assert looks_of(study_dir, asked(6)) == Looks(6, (6,))
    assert looks_of(study_dir, asked(8)) == Looks(8, (8,))


def test_more_seeds_can_be_planned_than_the_first_look_has(study_dir: StudyDir) -> None:
    assert look(study_dir, 6, 20) == Looks(20, (6,))
    assert look(study_dir, 10) == look(study_dir, 10, 20) == Looks(20, (6, 10))
    with pytest.raises(TrainError, match="--planned-seeds 30: 20 seeds were planned when "):
        look(study_dir, 12, 30)


def test_fewer_seeds_than_were_judged_are_refused(study_dir: StudyDir) -> None:
    look(study_dir, 12)
    with pytest.raises(TrainError, match="--seeds 8 is fewer than the 12 that were judged already"):
        look(study_dir, 8)


def test_fewer_than_six_seeds_decide_nothing_and_are_no_look(study_dir: StudyDir) -> None:
    look(study_dir, 3)
    assert look(study_dir, 6) == Looks(6, (6,))
    assert look(study_dir, 2) == Looks(2, (2,))
    assert look(study_dir, 7) == Looks(6, (6, 7))


def test_fewer_than_six_draws_decide_nothing_and_are_no_look(study_dir: StudyDir) -> None:
    path = study_dir.out / "study.json"
    path.write_text('{"data": "d", "training": {}, "draws": 5}')
    first = look(study_dir, 6)
    assert format_looks(first).startswith("With 5 draws nothing is decided, so none of the 5 %")
    (study_dir.out / "comparison.json").write_text('{"settings": {"seeds": 6}}')
    assert look(study_dir, 10) == Looks(10, (10,), 5)
    assert "looks" not in json.loads(path.read_text())
    path.write_text('{"data": "d", "training": {}, "draws": 6}')
    (study_dir.out / "comparison.json").unlink()
    assert look(study_dir, 6) == Looks(6, (6,), 6)
    assert look(study_dir, 9) == Looks(6, (6, 9), 6)


def test_a_study_that_an_earlier_version_judged_has_had_a_look(study_dir: StudyDir) -> None:
    path = study_dir.out / "comparison.json"
    path.write_text('{"settings": {"seeds": 6}}')
    assert look(study_dir, 10) == Looks(6, (6, 10))


@pytest.mark.parametrize(
    "looks",
    ["3", '{"planned": 6}', '{"planned": 6, "seeds": [9, 6]}', '{"planned": 0, "seeds": [6]}'],
)
def test_damaged_looks_are_refused(study_dir: StudyDir, looks: str) -> None:
    path = study_dir.out / "study.json"
    path.write_text(f'{{"data": "d", "training": {{}}, "looks": {looks}}}')
    with pytest.raises(TrainError, match="is damaged .*choose another --out"):
        looks_of(study_dir, asked(6))
