"""The command: from options to an ablation, and from an ablation to a recipe to use."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from expand import expand
from expand.recipes.recipe import Recipe
from expand.techniques.geometric.flip import Flip
from tests.train.commands import call, draw_set, refusal
from tests.train.compare.studies import draw_arrows, kept, weights_of
from tests.train.runtime.test_world import free_port
from train.ablate.findings.effects import estimate_effects
from train.runtime.world import World
from train.statistics.looks import Looks

WAYS = ("down", "line", "up")
MOVED = (
    "name: moved\ntechniques:\n  - flip: {factor: 4}\n  - translate: {x: 2, y: 0, unit: pixel}\n"
)
SMALL = (
    "--epochs",
    4,
    "--model",
    "linear",
    "--batch-size",
    12,
    "--lr",
    0.01,
    "--precision",
    "fp32",
    "--threads",
    1,
)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, ...]:
    """Return a command on arrows that point up or down, shifted a little in the test images."""
    root = tmp_path_factory.mktemp("sets")
    src, test = (
        draw_arrows(root / "src", 8, WAYS),
        draw_arrows(root / "test", 8, WAYS, seed=1, shift=2),
    )
    (root / "moved.yaml").write_text(MOVED)
    return (
        "ablate",
        src,
        "--test",
        test,
        "--recipe",
        root / "moved.yaml",
        *SMALL,
        "--cache",
        root / "packs",
        "--quiet",
    )


@pytest.fixture(scope="module")
def finished(
    line: tuple[object, ...], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """Run an ablation of two seeds; return its folder and what the terminal showed."""
    out = tmp_path_factory.mktemp("finished") / "out"
    done = call(*line, "--seeds", 2, "--out", out)
    assert done.exception is None
    assert done.stderr == ""
    return out, done.stdout


def numbers_in(out: Path) -> dict[str, Any]:
    numbers: dict[str, Any] = json.loads((out / "ablation.json").read_text())
    return numbers


def test_an_ablation_leaves_a_page_numbers_and_a_recipe(finished: tuple[Path, str]) -> None:
    out, text = finished
    names = ["ablation.json", "index.html", "recipe.yaml", "report.md", "runs", "study.json"]
    assert sorted(path.name for path in out.iterdir()) == names
    numbers = numbers_in(out)
    assert text.splitlines()[:2] == numbers["headline"]
    assert text.splitlines()[-2:] == [
        f"Suggested recipe, for expand --recipe: {out / 'recipe.yaml'}",
        f"Report: {out / 'index.html'}",
    ]
    assert [row["technique"] for row in numbers["techniques"]] == [
        "flip horizontal",
        "flip vertical",
        "translate ±2 px",
    ]
    runs = {name.rpartition("_")[0] for name in kept(out)}
    assert {name for name in runs if name.startswith("design")} == {
        f"design_{on}" for on in ("none", "0", "1", "2", "0-1", "0-2", "1-2", "0-1-2")
    }
    assert {"final_none", "final_TrivialAugment"} < runs


@pytest.mark.slow  # compare's, without torchrun, is not: both share the trials in the same way
def test_processes_of_torchrun_share_the_trials_and_write_one_report(
    line: tuple[object, ...], finished: tuple[Path, str], tmp_path: Path
) -> None:
    launcher = [
        "-m",
        "torch.distributed.run",
        "--nproc-per-node",
        "2",
        "--master-port",
        str(free_port()),
        "-m",
        "train",
    ]
    arguments = [*map(str, line), "--seeds", "2", "--out", str(tmp_path / "out")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *launcher, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(str(tmp_path / "out/index.html")) == 1
    assert weights_of(tmp_path / "out") == weights_of(finished[0])
    assert (tmp_path / "out/recipe.yaml").read_bytes() == (finished[0] / "recipe.yaml").read_bytes()


def test_a_second_process_prints_nothing_and_writes_no_page(
    line: tuple[object, ...],
    finished: tuple[Path, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(finished[0] / "runs", tmp_path / "out/runs")
    shutil.copyfile(finished[0] / "study.json", tmp_path / "out/study.json")
    monkeypatch.setattr(World, "barrier", lambda _self: None)
    monkeypatch.setattr(World, "broadcast", lambda _self, _text: "fp32")
    monkeypatch.setattr("train.trials.command.join_world", lambda: World(1, 2))
    judged: list[Looks] = []

    def effects(*arguments: Any) -> Any:
        judged.append(arguments[-1])
        return estimate_effects(*arguments)

    monkeypatch.setattr("train.ablate.command.estimate_effects", effects)
    done = call(*line, "--seeds", 2, "--out", tmp_path / "out")
    assert (done.exception, done.stdout) == (None, "")
    # as the first process does: another rule could choose, and so train, other techniques
    assert judged == [Looks(2, (2,))]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["runs", "study.json"]


def test_what_harms_and_what_helps_on_this_data_is_reported(finished: tuple[Path, str]) -> None:
    numbers = numbers_in(finished[0])
    effects = {row["technique"]: row["mean"] for row in numbers["techniques"]}
    assert effects["flip vertical"] < -5
    assert effects["translate ±2 px"] > 0
    (flagged,) = [row for row in numbers["screen"] if row["technique"] == "flip vertical"]
    taken = {(flag["class"], flag["taken_for"]) for flag in flagged["harmed"]}
    assert taken
    assert taken <= {("up", "down"), ("down", "up")}
    assert 'flip vertical, mirrored: "' in finished[1]


def test_the_suggested_recipe_can_be_expanded_with(
    finished: tuple[Path, str], tmp_path: Path
) -> None:
    out = finished[0]
    suggested, numbers = Recipe.load(out / "recipe.yaml"), numbers_in(out)
    names = numbers["suggestion"]["techniques"].split(", ")
    assert "translate ±2 px" in names
    assert "flip vertical" not in names
    assert len(suggested.techniques) == len(names)
    assert suggested.name == "moved ablated"
    assert not any(
        isinstance(technique, Flip) and "vertical" in technique.axes
        for technique in suggested.techniques
    )
    report = expand(
        draw_set(tmp_path / "src", 1), tmp_path / "expanded", 2, out / "recipe.yaml", workers=1
    )
    assert report.status == 0


def test_an_interrupted_ablation_resumes_with_the_same_results(
    line: tuple[object, ...], finished: tuple[Path, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished[0], out)
    for name in ("runs/design_0-2_s1", "runs/design_none_s0", "runs/final_none_s1", "ablation"):
        (out / f"{name}.json").unlink()
    before = kept(out)
    assert call(*line, "--seeds", 2, "--out", out).exception is None
    after = kept(out)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"design_0-2_s1", "design_none_s0", "final_none_s1"}
    mine, theirs = numbers_in(out), numbers_in(finished[0])
    for numbers in (mine, theirs):
        for row in numbers["techniques"]:
            del row["microseconds"]
        del numbers["created"], numbers["seconds"], numbers["command"], numbers["settings"]
    assert mine == theirs


def test_an_ablation_begun_by_an_earlier_version_resumes(
    line: tuple[object, ...], finished: tuple[Path, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished[0], out)
    (out / "study.json").rename(out / "question.json")
    for path in (out / "runs").iterdir():
        row = json.loads(path.read_text())
        row["epochs"] = row.pop("epochs_trained")
        del row["epochs_asked"]
        path.write_text(json.dumps(row))
    (out / "runs/design_none_s1.json").unlink()
    before = kept(out)
    assert call(*line, "--seeds", 2, "--out", out).exception is None
    after, mine, theirs = kept(out), numbers_in(out), numbers_in(finished[0])
    assert {name: after[name] for name in before} == before
    assert weights_of(out) == weights_of(finished[0])
    assert (out / "study.json").is_file()
    assert not (out / "question.json").exists()
    for key in ("headline", "check", "screen", "suggestion"):
        assert mine[key] == theirs[key]


def test_more_seeds_keep_the_finished_trials(
    line: tuple[object, ...], finished: tuple[Path, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished[0], out)
    before = kept(out)
    assert call(*line, "--seeds", 3, "--out", out).exception is None
    after, numbers = kept(out), numbers_in(out)
    assert {name: after[name] for name in before} == before
    assert len([name for name in after if name.startswith("design")]) == 24
    assert {cell["n"] for cell in numbers["check"]["cells"]} == {3}
    for row, earlier in zip(
        numbers["techniques"], numbers_in(finished[0])["techniques"], strict=True
    ):
        assert row["effects"][:2] == earlier["effects"]
        assert len(row["effects"]) == 3


def test_single_techniques_are_tried_without_a_check(
    line: tuple[object, ...], tmp_path: Path
) -> None:
    done = call(*line, "--seeds", 1, "--design", "single", "--out", tmp_path / "out")
    assert set(kept(tmp_path / "out")) == {f"design_{on}_s0" for on in ("none", "0", "1", "2")}
    numbers = numbers_in(tmp_path / "out")
    assert (numbers["check"], numbers["suggestion"]["file"]) == (None, None)
    assert "No technique is suggested" in done.stdout
    assert not (tmp_path / "out/recipe.yaml").exists()


def test_runs_of_another_ablation_are_refused_and_overwritten_when_asked(
    line: tuple[object, ...], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    call(*line, "--seeds", 1, "--design", "single", "--out", out)
    other = (*line, "--seeds", 1, "--design", "single", "--seed", 9, "--out", out)
    assert (
        refusal(*other) == f'"{out}" holds trials with other settings: --seed was 0, is 9. '
        "Choose another --out, or use --overwrite to start again."
    )
    before = kept(out)
    assert call(*other, "--overwrite").exception is None
    assert all(run != before[name] for name, run in kept(out).items())
