"""The command: from options to settings, and to the page, through kills and over several processes."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from torch import distributed

from expand import expand
from expand.recipes.recipe import Recipe
from tests.train.commands import call, draw_set, refusal, start, struck
from tests.train.compare.studies import MIRROR, TURNED, draw_arrows, kept, weights_of
from tests.train.runtime.test_world import free_port
from train.cli.command import command
from train.cli.compare import read_comparison, this_command, without
from train.cli.options import DATA_OPTIONS
from train.compare import expansion
from train.compare.arms import Arm
from train.compare.codec import Codec
from train.data.shape import Shape
from train.errors import TrainError
from train.fit.hyperparameters import Hyperparameters
from train.runtime import world
from train.runtime.world import World
from train.trials.study import Seeds

SMALL = (
    "--factor",
    2,
    "--epochs",
    "2,4",
    "--model",
    "linear",
    "--batch-size",
    12,
    "--lr",
    0.002,
    "--precision",
    "fp32",
    "--threads",
    1,
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a small set and one to measure on."""
    root = tmp_path_factory.mktemp("sets")
    return draw_set(root / "src"), draw_set(root / "test", 5, seed=1)


@pytest.fixture(scope="module")
def finished(
    folders: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """Return a finished comparison and what the terminal showed."""
    root = tmp_path_factory.mktemp("finished")
    src, test = folders
    done = call(
        "compare",
        src,
        "--test",
        test,
        *SMALL,
        "--seeds",
        2,
        "--cache",
        root / "packs",
        "--out",
        root / "out",
        "--quiet",
    )
    assert done.exception is None
    assert done.stderr == ""
    return root / "out", done.stdout


def asked(*arguments: object) -> Any:
    """Return the study that a command line asks for."""
    context = command.commands["compare"].make_context(
        "compare", [str(argument) for argument in arguments]
    )
    options = dict(context.params)
    return read_comparison(options.pop("data"), options)


def test_without_a_search_the_page_says_that_settings_were_fixed_and_which_arms_they_suit(
    finished: tuple[Path, str],
) -> None:
    for name in ("index.html", "report.md"):
        text = (finished[0] / name).read_text()
        assert "fixed beforehand, and tuned for no arm" in text
        assert "They suit augmented training" in text


def test_a_comparison_leaves_a_page_numbers_and_a_line_a_run(finished: tuple[Path, str]) -> None:
    out, words = finished
    assert sorted(path.name for path in out.iterdir()) == [
        "comparison.json", "costs.json", "index.html", "report.md", "runs", "runs.csv", "speeds.json", "study.json",
    ]  # fmt: skip
    found = json.loads((out / "comparison.json").read_text())
    assert set(kept(out)) == {
        f"{arm}_k{k}_s{n}" for arm in ("none", "fly", "disk-x2") for k in (2, 4) for n in (0, 1)
    }
    assert [(trial["arm"], trial["epochs_trained"], trial["n"]) for trial in found["cells"]] == [
        (arm, k, 2) for k in (2, 4) for arm in ("none", "fly", "disk ×2")
    ]
    assert len(list(csv.DictReader((out / "runs.csv").open()))) == 12
    assert words.splitlines()[: len(found["headline"])] == found["headline"]
    assert words.splitlines()[-1] == str(out / "index.html")
    assert found["headline"][0].startswith("After 4 epochs: nothing is decided, which ")
    assert found["check"]["files"] == 48


def test_while_no_view_repeats_copies_and_views_on_the_fly_are_reported_as_identical(
    finished: tuple[Path, str],
) -> None:
    pairs = json.loads((finished[0] / "comparison.json").read_text())["pairs"]
    verdicts = {(pair["epochs"], pair["arm"], pair["against"]): pair["verdict"] for pair in pairs}
    assert verdicts[2, "disk ×2", "fly"] == "identical"
    assert [key for key, verdict in verdicts.items() if verdict == "identical"] == [
        (2, "disk ×2", "fly")
    ]
    assert (
        "     2 epochs: disk ×2 and fly are identical (same weights in all 2 seeds): no view repeats yet; "
        "disk ×2 and fly not converged\n" in finished[1]
    )


def test_a_killed_comparison_resumes_and_ends_like_one_never_killed(
    folders: tuple[Path, Path], finished: tuple[Path, str], tmp_path: Path
) -> None:
    line = (
        "compare",
        folders[0],
        "--test",
        folders[1],
        *SMALL,
        "--seeds",
        2,
        "--out",
        tmp_path / "out",
    )
    process = start(*line, program=struck(signal.SIGKILL, 3))
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    before = kept(tmp_path / "out")
    assert len(before) == 3
    assert not (tmp_path / "out/comparison.json").exists()
    assert call(*line).exception is None
    after = kept(tmp_path / "out")
    assert {name: after[name] for name in before} == before
    assert weights_of(tmp_path / "out") == weights_of(finished[0])


@pytest.fixture
def second(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Make this process the first of two; return what starts a command as the second."""
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2"}
    for name, value in {**address, "RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(world, "CONNECTING", timedelta(minutes=2))
    started = list[subprocess.Popen[str]]()

    def start_second(*line: object) -> subprocess.Popen[str]:
        program = "import os; os.environ['RANK'] = '1'; from train.cli import main; main()"
        started.append(start(*line, program=program))
        return started[0]

    yield start_second
    for process in started:
        process.kill()
    if distributed.is_initialized():
        distributed.destroy_process_group()


def test_two_processes_share_the_runs_and_write_one_result(
    folders: tuple[Path, Path],
    finished: tuple[Path, str],
    second: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    line = ("compare", folders[0], "--test", folders[1], *SMALL, "--seeds", 2, "--out", out)
    other = second(*line)
    done = call(*line)
    assert other.communicate(timeout=600) == ("", "")
    assert (other.returncode, done.exception) == (0, None)
    assert done.stdout.count("After 4 epochs: ") == 1
    assert done.stdout.count(str(out / "index.html")) == 1
    assert weights_of(out) == weights_of(finished[0])


def test_a_plan_is_made_by_the_first_process_alone(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.trials.command.join_world", lambda: World(1, 2))
    done = call(
        "compare", folders[0], "--test", folders[1], *SMALL, "--out", tmp_path / "out", "--plan"
    )
    assert (done.exception, done.stdout.strip()) == (None, "")
    assert not (tmp_path / "out").exists()


def test_a_plan_trains_nothing_of_the_comparison(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    line = (
        "compare",
        folders[0],
        "--test",
        folders[1],
        *SMALL,
        "--out",
        tmp_path / "out",
        "--plan",
    )
    done = call(*line)
    lines = done.stdout.splitlines()
    assert lines[0] == "36 trials: 6 seeds × 3 arms × 2 numbers of epochs"
    assert [part.split()[0] for part in lines[1:4]] == ["none", "fly", "disk"]
    assert all(
        "2 epochs, " in part and "; 4 epochs, " in part and part.endswith(" s per trial")
        for part in lines[1:4]
    )
    assert lines[4].startswith("about ")
    assert "from 4 trials each of none and fly for 2 epochs" in lines[5]
    assert "found with 80 % power, 3 pairs judged together" in lines[6]
    assert [part.split()[0] for part in lines[8:11]] == ["6", "10", "20"]
    assert lines[8].endswith("  (requested)")
    assert kept(tmp_path / "out") == {}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "costs.json",
        "runs",
        "speeds.json",
        "study.json",
    ]
    assert call(*line).stdout.splitlines()[:4] == lines[:4]  # what was measured is kept


def test_copies_that_are_not_the_views_end_a_comparison_before_anything_is_trained(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = expansion.stored
    monkeypatch.setattr(
        expansion, "stored", lambda context, arm, _seeds: honest(context, arm, Seeds.of(1, 0))
    )
    error = call(
        "compare", folders[0], "--test", folders[1], *SMALL, "--out", tmp_path / "out"
    ).exception
    assert isinstance(error, TrainError)
    assert error.status == 3
    assert (
        'files written for disk ×2 differ from the views used in training (first: "ant/000_v1.png")'
        in str(error)
    )
    assert kept(tmp_path / "out") == {}


def test_a_harm_to_a_class_is_named(tmp_path: Path) -> None:
    (tmp_path / "turned.yaml").write_text(TURNED)
    ways = ("left", "right", "line")
    src, test = (
        draw_arrows(tmp_path / "src", 8, ways),
        draw_arrows(tmp_path / "test", 12, ways, seed=1),
    )
    line = (
        *SMALL[4:],
        "--lr",
        0.01,
        "--epochs",
        4,
        "--seeds",
        6,
        "--arms",
        "none,fly",
        "--recipe",
        tmp_path / "turned.yaml",
    )
    done = call("compare", src, "--test", test, *line, "--out", tmp_path / "out")
    (worst,) = json.loads((tmp_path / "out/comparison.json").read_text())["worst"]
    assert worst["harm"]
    assert worst["class"] in ("left", "right")
    assert worst["interval"][1] < 0
    assert worst["words"].startswith(f'fly harms "{worst["class"]}" most, −')
    assert f"  {worst['words']}\n" in done.stdout
    assert f'harms "{worst["class"]}"' in (tmp_path / "out/report.md").read_text()


def test_trials_of_another_study_are_refused_and_overwritten_when_asked(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    line = (
        "compare",
        folders[0],
        "--test",
        folders[1],
        *SMALL,
        "--seeds",
        2,
        "--plan",
        "--out",
        tmp_path / "out",
    )
    call(*line)
    (tmp_path / "out/runs/none_k2_s0.json").write_text("{}")
    other = (*line, "--seed", 5)
    words = f'"{tmp_path / "out"}" holds trials with other settings: --seed was 0, is 5. Choose another --out, or use --overwrite to start again.'
    assert refusal(*other) == words
    assert call(*other, "--overwrite").exception is None
    assert json.loads((tmp_path / "out/study.json").read_text())["seed"] == 5


def test_what_is_no_comparison_is_refused_before_anything_is_written(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    src, test = folders
    expand(src, tmp_path / "expanded", 2, workers=1)
    cases: dict[str, tuple[object, ...]] = {
        "--seeds must be at least 1, got 0": ("--seeds", 0),
        "--jobs must be at least 1, got 0": ("--jobs", 0),
        "--threads must be at least 1, got 0": ("--threads", 0),
        "--margin must be above 0 and finite, got 0.0": ("--margin", 0),
        "--margin must be above 0 and finite, got nan": ("--margin", "nan"),
        "--factor must be at least 2, got 1": ("--factor", "1,4"),
        "--epochs must be at least 1, got 0": ("--epochs", "0,4"),
        '--arms: "cloud" is not an arm; there are none, fly, disk, disk-random, disk-all, disk-balanced, hybrid': (
            "--arms",
            "none,cloud",
        ),
        '--recipe: "nowhere" is neither a recipe (classic, blog, detect) nor a file': (
            "--recipe",
            "nowhere",
        ),
        "--codec must be keep, png, jpg, webp, with a quality of 1 … 100 as jpg:80, got 'tiff'": (
            "--codec",
            "tiff",
        ),
        "'joules' is not one of 'steps', 'files', 'wall', 'wall-expansion'.": (
            "--budget",
            "joules",
        ),
        "--lr must be above 0, got -1.0": ("--lr", -1),
        "hybrid arms need images of one size, without --image-size": (
            "--arms",
            "none,hybrid",
            "--image-size",
            8,
        ),
        f'"{tmp_path}/expanded" was written by expand; give the folder that it was made from': (
            tmp_path / "expanded",
        ),
        f'"{tmp_path}/nothing" does not exist': (tmp_path / "nothing",),
    }
    for words, wrong in cases.items():
        data = () if isinstance(wrong[0], Path) else (src,)
        assert refusal("compare", *data, *wrong, "--test", test, "--out", tmp_path / "out") == words
    assert not (tmp_path / "out").exists()


def test_a_leak_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src", 3), draw_set(tmp_path / "test", 3, seed=1)
    (test / "bee/leaked.png").write_bytes((src / "bee/001.png").read_bytes())
    words = refusal("compare", src, "--test", test, *SMALL, "--out", tmp_path / "out")
    assert words.startswith(
        '1 image is in both splits: test "bee/leaked.png" is, or was made from, the file of training "bee/001.png". '
    )
    assert not (tmp_path / "out").exists()


def test_the_defaults_are_a_small_study() -> None:
    study = asked("--test", "data/test")
    assert (study.data, study.test) == (Path("data/train"), Path("data/test"))
    assert study.arms == (Arm("none"), Arm("fly"), Arm("disk", 4))
    assert (study.lengths, study.training.epochs) == ((4, 20), 20)
    assert (study.views, study.model, study.budget, study.codec) == (
        Recipe.load("classic"),
        "cnn",
        "steps",
        Codec("png"),
    )
    assert study.training == Hyperparameters(epochs=20)
    assert (study.shape, study.sources, study.seed, study.allow_leak) == (
        Shape(None, "keep"),
        None,
        0,
        False,
    )
    assert study.threads == len(os.sched_getaffinity(0))
    assert study.renderer == "exact"  # as the copies are made that it is held against


def test_every_option_reaches_the_study(tmp_path: Path) -> None:
    (tmp_path / "mirror.yaml").write_text("{name: mirror, techniques: [flip: {axes: horizontal}]}")
    study = asked(
        "photos", "--test", "held", "--factor", "2,8", "--arms", "fly,disk,disk-random=4", "--epochs", "9,3", "--budget", "files",
        "--recipe", "blog", "--fly", "flip, scale", "--codec", "jpg:80", "--seed", 7, "--device", "cpu", "--precision", "bf16",
        "--renderer", "batched", "--threads", 3, "--sources", 50, "--image-size", 32, "--colour", "grey", "--allow-leak",
        "--model", "vgg11", "--dropout", 0.5, "--preset", "blog", "--batch-size", 10, "--lr", 0.2, "--momentum", 0.5,
        "--weight-decay", 0.1, "--schedule", "cosine", "--smoothing", 0.3, "--average", 0.2, "--bias-lr", 4,
    )  # fmt: skip
    assert study.to_dict() == {
        "data": "photos", "test": "held", "arms": ["fly", "disk ×2", "disk ×8", "disk-random ×4"], "lengths": [3, 9],
        "budget": "files", "views": Recipe.load("blog").to_dict(), "fly_techniques": ["flip", "scale"],
        "codec": {"format": "jpg", "quality": 80}, "seed": 7, "device": "cpu", "precision": "bf16", "renderer": "batched",
        "threads": 3, "sources": 50, "shape": {"side": 32, "colour": "grey"}, "layout": "auto", "group_by": None, "balance": "max", "most": None, "tune": 0, "draws": None, "weights": None, "freeze": False, "pixel_rules": 2, "allow_leak": True, "model": "vgg11", "dropout": 0.5,
        "training": {
            "epochs": 9, "batch_size": 10, "lr": 0.2, "momentum": 0.5, "weight_decay": 0.1, "schedule": "cosine", "smoothing": 0.3,
            "average": 0.2, "bias_lr": 4.0,
        },
    }  # fmt: skip
    mirrored = asked(
        "--test", "held", "--recipe", tmp_path / "mirror.yaml", "--factor", 2, "--jobs", 100
    )
    assert (mirrored.views, mirrored.lengths, mirrored.threads) == (MIRROR, (2, 10), 1)


def test_lengths_follow_the_copies_that_there_are() -> None:
    assert asked("--test", "held", "--arms", "none,disk=2").lengths == (2, 10)
    assert asked("--test", "held", "--arms", "none,fly", "--factor", "3,6").lengths == (6, 30)


def test_options_that_mean_nothing_here_are_left_out() -> None:
    options = [click.option("--one-two", type=int), click.option("--three", "other")]
    assert without(options, "other") == options[:1]
    assert without(options, "one_two") == options[1:]
    names = {
        option(lambda: None).__click_params__[0].name
        for option in without(DATA_OPTIONS, "test", "validation")
    }
    assert "sources" in names
    assert not {"test", "validation"} & names
    assert (
        "No such option '--validation'"
        in call("compare", "--validation", 0.1, "--test", "held").exception.message
    )  # type: ignore[union-attr]


def test_the_command_can_be_typed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/train", "compare", "my photos", "--test", "it's"])
    assert this_command() == """train compare 'my photos' --test 'it'"'"'s'"""


def test_a_plan_gives_way_to_the_plan_of_another_study(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    line = ("compare", folders[0], "--test", folders[1], *SMALL, "--plan", "--out", out)
    assert call(*line).exit_code == 0
    done = call(*line, "--seed", 5)
    assert (done.exception, done.exit_code) == (None, 0)
    assert json.loads((out / "study.json").read_text())["seed"] == 5
    (out / "notes.txt").write_text("mine")
    assert "holds trials with other settings" in refusal(*line, "--seed", 6)
    assert (out / "notes.txt").read_text() == "mine"
