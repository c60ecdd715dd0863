"""A search: held-out sources choose, the test set has no part in it, and a killed one resumes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.train.commands import call, draw_set, refusal
from tests.train.compare.studies import ask, context_of, kept, study_for
from train.compare.arms import Arm
from train.errors import TrainError
from train.trials.runner import run_trial
from train.trials.study import Trial
from train.trials.tuning.search import ArmSearch, Tried, search_trials
from train.trials.tuning.settings import TunedSettings

SMALL = (
    *("--factor", 2, "--epochs", 8, "--model", "linear", "--batch-size", 12, "--lr", 0.002),
    *("--precision", "fp32", "--threads", 1, "--seeds", 2, "--tune", 3, "--quiet"),
)
ASKED = TunedSettings(4, 0.002, 5e-4, 0.1, 0.0)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a small set and one to measure on."""
    root = tmp_path_factory.mktemp("sets")
    return draw_set(root / "src", 10), draw_set(root / "test", 5, seed=1)


@pytest.fixture(scope="module")
def finished(folders: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished comparison with a search."""
    root = tmp_path_factory.mktemp("finished")
    done = call("compare", folders[0], "--test", folders[1], *SMALL, "--cache", root / "packs", "--out", root / "out")  # fmt: skip
    assert done.exception is None
    return root / "out"


def tried(*accuracies: float | None) -> ArmSearch:
    return ArmSearch("fly", tuple(Tried(ASKED, each, 1.0) for each in accuracies))


def without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_seconds(v) for k, v in value.items() if k not in ("seconds",)}
    return [without_seconds(each) for each in value] if isinstance(value, list) else value


def test_the_highest_accuracy_is_chosen_and_of_equal_ones_the_first() -> None:
    assert tried(0.5, 0.75, None, 0.75).chosen == 1
    assert tried(0.75, 0.75).chosen == 0
    assert tried(None, None).best.accuracy is None


def test_a_fifth_of_each_class_is_held_out_and_the_test_images_are_not_there(
    folders: tuple[Path, Path],
) -> None:
    context = context_of(study_for(*folders, tune=2))
    part = context.held_out
    assert part.test is not None
    assert context.data.test is not None
    ours, theirs = set(part.train.folder.sources), set(part.test.folder.sources)
    assert ours.isdisjoint(theirs)
    assert ours | theirs == set(context.data.train.folder.sources)
    assert np.bincount(part.test.folder.labels).tolist() == [2, 2, 2]
    assert part.test.folder.root == context.data.train.folder.root
    assert set(context.data.test.fingerprints()).isdisjoint(part.test.fingerprints())


def test_a_trial_of_a_search_is_measured_on_held_out_sources_with_its_own_settings(
    folders: tuple[Path, Path],
) -> None:
    context = context_of(study_for(*folders, "none,fly,disk", tune=2))
    other = replace(ASKED, lr=0.004, smoothing=0.0)
    one, two = (
        run_trial(context, each) for each in search_trials([Arm("disk", 2)], [ASKED, other])
    )
    assert (one.images, one.epochs_trained, one.gap) == (4 * 24, 4, None)
    assert len(one.right(6)) == 6
    assert one.weights != two.weights


def test_settings_that_are_those_of_the_study_change_nothing(folders: tuple[Path, Path]) -> None:
    context = context_of(study_for(*folders, "none,fly", lr=0.002))
    plain = Trial(Arm("fly"), 0, 4, 4, "plain")
    same = TunedSettings.of(context.study.training, 0.0, 4)
    assert (
        run_trial(context, plain).weights == run_trial(context, replace(plain, tuned=same)).weights
    )


def test_a_set_without_a_source_to_spare_is_refused(tmp_path: Path) -> None:
    context = context_of(
        study_for(draw_set(tmp_path / "src", 2), draw_set(tmp_path / "test", 2, seed=1))
    )
    with pytest.raises(TrainError, match="too few: three in a class are the fewest"):
        _ = context.held_out


def test_every_arm_tries_the_same_settings_and_is_compared_with_its_best(finished: Path) -> None:
    found = json.loads((finished / "comparison.json").read_text())
    search, cells = found["search"], {cell["arm"]: cell for cell in found["cells"]}
    assert (search["sources"], search["held_out"], len(search["arms"])) == (24, 6, 3)
    tried = [[{k: t[k] for k in vars(ASKED)} for t in arm["trials"]] for arm in search["arms"]]
    assert tried[0] == tried[1] == tried[2]
    assert len(tried[0]) == 3
    for arm in search["arms"]:
        best = arm["trials"][arm["chosen"]]
        assert best["accuracy"] == max(t["accuracy"] for t in arm["trials"] if t["accuracy"])
        assert cells[arm["arm"]]["epochs_trained"] == best["epochs"] <= 8
        row = json.loads(next((finished / "runs").glob(f"{arm['arm'].replace(' ×', '-x')}_k8_s0.json")).read_text())  # fmt: skip
        assert row["tuned"] == {key: best[key] for key in vars(ASKED)}
    assert found["headline"][0].startswith("After up to 8 epochs, tuned for each arm: ")
    assert found["settings"]["tuning"] == "3 trials for each arm"


def test_page_and_report_show_the_choice_the_search_and_its_cost(finished: Path) -> None:
    page, report = (finished / "index.html").read_text(), (finished / "report.md").read_text()
    for text in (page, report):
        assert "Settings" in text
        assert "The test set had no part in it." in text
        assert text.count("(chosen)") == 3
        assert "The search cost" in text
    assert "up to 8 epochs, tuned for each arm" in report


def test_a_killed_search_resumes_with_the_same_results(
    finished: Path, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    before = json.loads((finished / "comparison.json").read_text())
    names = set(kept(finished))
    lost = [name for name in sorted(names) if "_t1_" in name or name.startswith("fly_k8")]
    untouched = {name: kept(finished)[name] for name in names - set(lost)}
    for name in lost:
        (finished / f"runs/{name}.json").unlink()
    again = call("compare", folders[0], "--test", folders[1], *SMALL, "--cache", tmp_path / "packs", "--out", finished)  # fmt: skip
    assert again.exception is None
    after = json.loads((finished / "comparison.json").read_text())
    assert set(kept(finished)) == names
    assert {name: kept(finished)[name] for name in untouched} == untouched
    assert without_seconds(after["search"]) == without_seconds(before["search"])
    assert [cell["accuracies"] for cell in after["cells"]] == [
        cell["accuracies"] for cell in before["cells"]
    ]


def test_a_result_of_other_settings_is_refused(
    finished: Path, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    path = finished / "runs/fly_k8_s0.json"
    whole = path.read_bytes()
    path.write_text(json.dumps(json.loads(whole) | {"tuned": None}))
    arguments = ("compare", folders[0], "--test", folders[1], *SMALL, "--cache", tmp_path / "packs", "--out", finished)  # fmt: skip
    assert "is damaged (it is of other settings)" in refusal(*arguments)
    path.write_bytes(whole)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tune": 1}, "--tune must be 2 … 1,000 trials for each arm, got 1"),
        ({"tune": 4, "lengths": (2, 4)}, "up to --epochs; give one number, got 2,4"),
        ({"tune": 4, "budget": "wall"}, "it cannot be combined with --budget wall"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainError, match=message):
        ask(**changes)
