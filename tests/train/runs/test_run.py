"""Runs: equal strategies, interrupted and finished runs, and the record."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch

from expand import ExpandError, expand
from expand.storage.lock import Lock
from tests.train.commands import call, draw_set, settings_for, start, train
from train.data.cache import Cache
from train.errors import TrainError
from train.feed.strategies import Strategy
from train.runs.checkpoints import CHECKPOINT, MODEL
from train.runs.measure import evaluate_split
from train.runs.observer import Observer
from train.runs.records import METRICS, RUN, read_run
from train.runs.run import run
from train.runs.settings import RunLocation, Settings

COST = ("wait", "augment", "compute", "evaluate", "training", "pack")


def products(out: Path) -> tuple[bytes, bytes]:
    """Return the model and the metrics, which must not depend on interruptions."""
    return (out / MODEL).read_bytes(), (out / METRICS).read_bytes()


def names(out: Path) -> list[str]:
    """Return the names of the files in a run's folder."""
    return sorted(path.name for path in out.iterdir())


@pytest.mark.parametrize("model", ["cnn", "fast"])
def test_four_copies_on_disk_and_four_views_on_the_fly_give_the_same_bits(
    model: str, tmp_path: Path
) -> None:
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 3, seed=1)
    expand(src, tmp_path / "copies", factor=4, workers=1)
    shown = {}
    for epochs in (4, 5):
        for strategy, data in (("disk", tmp_path / "copies"), ("fly", src)):
            out = tmp_path / f"{strategy}-{epochs}"
            options = (
                "--test",
                test,
                "--strategy",
                strategy,
                "--model",
                model,
                "--epochs",
                epochs,
                "--batch-size",
                8,
                "--out",
                out,
            )
            assert call(data, *options, "--precision", "fp32", "--quiet").exception is None
            shown[strategy, epochs] = products(out)
    assert shown["disk", 4] == shown["fly", 4]
    assert shown["disk", 5][0] != shown["fly", 5][0]
    disk, fly = (
        [json.loads(line) for line in shown[strategy, 5][1].splitlines()]
        for strategy in ("disk", "fly")
    )
    assert disk[:4] == fly[:4]
    assert disk[4] != fly[4]


RESTING = """
import os, signal; from train.runs import run
run.CHECKPOINT_SECONDS, save = 0, run.save_checkpoint
def save_and_rest(out, trainer, *given):
    save(out, trainer, *given)
    if trainer.step == {step}:
        os.kill(os.getpid(), signal.SIGSTOP)
run.save_checkpoint = save_and_rest
from train.cli import main; main()
"""
"""The command, which writes a checkpoint after each step, and stands still after one of them."""


def at_rest(out: Path, step: int, *asked: object) -> subprocess.Popen[str]:
    """Start a run; return it when it stands still after a step."""
    process = start(*asked, "--out", out, program=RESTING.format(step=step))
    assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1]), process.communicate()
    assert step_of(out) == step
    return process


def step_of(out: Path) -> int:
    """Return the step of a run's checkpoint."""
    # read at once: the run may replace the file at any moment
    data = (out / CHECKPOINT).read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return int(header["__metadata__"]["step"])


def test_a_killed_and_interrupted_run_ends_like_one_never_stopped(tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 3, seed=1)
    asked: list[object] = [
        src,
        "--test",
        test,
        "--strategy",
        "fly",
        "--epochs",
        16,
        "--batch-size",
        2,
        "--lr",
        0.01,
    ]
    asked += [
        "--dropout",
        0.3,
        "--average",
        0.1,
        "--validation",
        0.2,
        "--precision",
        "fp32",
        "--threads",
        1,
    ]
    out, whole = tmp_path / "stopped", tmp_path / "whole"
    first, second = 23, 47  # in the middle of epochs of 9: 18 sources in batches of two

    killed = at_rest(out, first, *asked)
    killed.kill()
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert CHECKPOINT in names(out)
    assert json.loads((out / RUN).read_text())["state"] == "unfinished"

    interrupted = at_rest(out, second, *asked)
    interrupted.send_signal(signal.SIGINT)
    interrupted.send_signal(signal.SIGCONT)
    _, shown = interrupted.communicate()
    assert interrupted.returncode == 130
    resumed = re.search(r"^resuming from step (\d+) of 144$", shown, re.MULTILINE)
    assert resumed
    assert int(resumed[1]) == first
    assert shown.splitlines()[-1] == "train: interrupted. Run the same command again to resume."
    assert step_of(out) >= second

    last = call(*asked, "--out", out)
    assert last.exception is None
    assert "resuming from step" in last.stderr
    assert f"{out}: cnn, fly, 144 steps" in last.stdout

    assert call(*asked, "--out", whole, "--quiet").exception is None
    assert products(out) == products(whole)
    records = [json.loads((folder / RUN).read_text()) for folder in (out, whole)]
    assert records[0]["results"] == records[1]["results"]
    assert names(out) == names(whole) == [METRICS, MODEL, RUN]


class Stop(Exception):  # noqa: N818  # it is not an error
    """Ends a run from within."""


class StopAfter(Observer):
    """Ends a run after some steps, and counts them."""

    def __init__(self, steps: int = 10**9) -> None:
        self.left, self.steps, self.done = steps, 0, -1

    def starting(self, description: str, steps: int, done: int) -> None:
        """Remember where it starts."""
        self.done = done

    def step(self, step: Any) -> None:
        """Count, and stop."""
        self.steps += 1
        self.left -= 1
        if not self.left:
            raise Stop


@pytest.mark.parametrize("at", [1, 3, 4, 6])
def test_a_run_stopped_anywhere_resumes_after_the_last_finished_epoch(
    at: int, tmp_path: Path
) -> None:
    settings = settings_for(draw_set(tmp_path / "src"))
    train(settings, tmp_path / "whole")
    with pytest.raises(Stop):
        train(settings, tmp_path / "run", observer=StopAfter(at))
    observer = StopAfter()
    record = train(settings, tmp_path / "run", observer=observer)
    done = 3 * ((at - 1) // 3)
    assert (observer.done, observer.steps) == (done, 6 - done)
    assert record.finished
    assert products(tmp_path / "run") == products(tmp_path / "whole")


def test_a_finished_run_is_read_and_not_trained_again(tmp_path: Path) -> None:
    settings = settings_for(draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 3, seed=1))
    record = train(settings, tmp_path / "run")
    written = {
        name: (tmp_path / "run" / name).stat().st_mtime_ns for name in names(tmp_path / "run")
    }
    observer = StopAfter()
    assert train(settings, tmp_path / "run", observer=observer) == record
    assert observer.steps == 0
    assert {
        name: (tmp_path / "run" / name).stat().st_mtime_ns for name in names(tmp_path / "run")
    } == written


def test_other_settings_in_a_runs_folder_are_refused_with_the_differences(tmp_path: Path) -> None:
    src, out = draw_set(tmp_path / "src"), tmp_path / "run"
    train(settings_for(src), out)
    before = products(out)
    with pytest.raises(TrainError) as error:
        train(settings_for(src, model="linear", seed=7), out)
    assert str(error.value) == (
        f'"{out}" is a run with other settings: --model was cnn, is linear; --seed was 0, is 7. '
        "Choose another --out, or use --overwrite to start again"
    )
    with pytest.raises(
        TrainError, match="other settings: --epochs was 2, is 3. Choose another --out"
    ):
        train(settings_for(src, epochs=3), out)
    other = draw_set(tmp_path / "other")
    with pytest.raises(
        TrainError, match="other settings: DATA was .*src, is .*other; --epochs was"
    ):
        train(settings_for(other, epochs=3), out)
    assert products(out) == before
    record = train(settings_for(src, model="linear", seed=7), out, overwrite=True)
    assert record.model.name == "linear"
    assert products(out) != before
    assert names(out) == [METRICS, MODEL, RUN]


def test_overwrite_removes_the_checkpoint_of_a_stopped_run(tmp_path: Path) -> None:
    settings = settings_for(draw_set(tmp_path / "src"))
    with pytest.raises(Stop):
        train(settings, tmp_path / "run", observer=StopAfter(5))
    observer = StopAfter()
    train(settings, tmp_path / "run", observer=observer, overwrite=True)
    assert (observer.done, observer.steps) == (0, 6)


def test_a_folder_with_nothing_but_what_file_managers_add_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/.DS_Store").write_text("x")
    train(settings_for(draw_set(tmp_path / "src")), tmp_path / "run")
    assert ".DS_Store" in names(tmp_path / "run")


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_that_is_not_a_run_is_refused_and_left_alone(
    overwrite: bool, tmp_path: Path
) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter.txt").write_text("years of work")
    with pytest.raises(TrainError) as error:
        train(settings_for(draw_set(tmp_path / "src")), out, overwrite=overwrite)
    assert (
        str(error.value)
        == f'"{out}" is not empty and has no run.json, so it is not a run; choose another --out'
    )
    assert (out / "chapter.txt").read_text() == "years of work"
    assert names(out) == ["chapter.txt"]


def test_a_run_killed_before_its_record_was_written_is_started_again(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/.run.json.part").write_text('{"state": "unf')
    assert train(settings_for(draw_set(tmp_path / "src", 2)), tmp_path / "run").finished
    assert names(tmp_path / "run") == [METRICS, MODEL, RUN]


def test_a_damaged_record_or_checkpoint_is_refused_and_kept(tmp_path: Path) -> None:
    settings, out = settings_for(draw_set(tmp_path / "src")), tmp_path / "run"
    with pytest.raises(Stop):
        train(settings, out, observer=StopAfter(5))
    whole = (out / CHECKPOINT).read_bytes()
    (out / CHECKPOINT).write_bytes(whole[:-100])
    with pytest.raises(
        TrainError,
        match=f'^"{out / CHECKPOINT}" is damaged \\(.*\\); remove it to start from the beginning$',
    ) as error:
        train(settings, out)
    assert error.value.status == 2
    (out / CHECKPOINT).write_bytes(whole)
    record = (out / RUN).read_bytes()
    (out / RUN).write_bytes(record[:50])
    with pytest.raises(TrainError, match=f'^"{out / RUN}" is damaged') as error:
        train(settings, out)
    assert error.value.status == 2
    (out / RUN).write_bytes(record)
    observer = StopAfter()
    train(settings, out, observer=observer)
    assert observer.done == 3


def test_two_runs_cannot_write_to_one_folder(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with (
        Lock(tmp_path / "run"),
        pytest.raises(ExpandError, match=f'^another run is writing to "{tmp_path}/run"$'),
    ):
        train(settings_for(draw_set(tmp_path / "src")), tmp_path / "run")


def test_a_missing_device_is_refused(tmp_path: Path) -> None:
    location = RunLocation(tmp_path / "run", Cache(), "tpu")
    with pytest.raises(TrainError, match="^--device tpu is not available on this machine$"):
        run(settings_for(draw_set(tmp_path / "src")), location)
    assert not (tmp_path / "run").exists()


def test_validation_is_evaluated_every_epoch_and_the_test_set_once_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluated: list[tuple[str, bool]] = []
    evaluate = evaluate_split

    def recorded(split: Any, *others: Any, mirrored: bool = False) -> Any:
        evaluated.append((split.name, mirrored))
        return evaluate(split, *others, mirrored=mirrored)

    for module in ("train.runs.measure", "train.runs.run"):
        monkeypatch.setattr(f"{module}.evaluate_split", recorded)
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 3, seed=1)
    train(settings_for(src, test, validation=0.25), tmp_path / "run")
    assert evaluated == [("validation", False), ("validation", False), ("test", False)]
    evaluated.clear()
    train(settings_for(src, test, mirrored=True), tmp_path / "mirrored")
    assert evaluated == [("test", False), ("test", True)]


def test_validation_is_held_out_by_source_and_never_augmented(tmp_path: Path) -> None:
    src = draw_set(tmp_path / "src")
    expand(src, tmp_path / "copies", factor=4, workers=1)
    record = train(
        settings_for(tmp_path / "copies", strategy=Strategy("disk"), validation=0.25),
        tmp_path / "run",
    )
    splits = {name: (split.images, split.sources) for name, split in record.data.items()}
    assert splits == {
        "train": (72, 18),
        "validation": (6, 6),
    }  # 4 files each of 18 sources; 6 originals
    assert record.cost is not None
    assert record.cost.images == 18 * 2
    line = json.loads((tmp_path / "run" / METRICS).read_text().splitlines()[-1])
    assert record.results is not None
    assert record.results.validation is not None
    assert line["validation_accuracy"] == record.results.validation.accuracy
    assert set(line["validation_per_class"]) == {"ant", "bee", "cat"}


def test_a_record_is_complete(tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 3, seed=1)
    trained = train(settings_for(src, test, "fly", mirrored=True, seed=3), tmp_path / "run")
    record = trained.to_dict()
    assert read_run(tmp_path / "run") == trained
    assert json.loads((tmp_path / "run" / RUN).read_text()) == json.loads(json.dumps(record))
    assert list(record) == [
        "state", "settings", "model", "classes", "steps", "precision", "renderer", "data", "leaks", "leaks_shown", "versions",
        "hardware", "pixels", "results", "cost",
    ]  # fmt: skip
    assert (record["state"], record["steps"], record["precision"], record["renderer"]) == (
        "finished",
        6,
        "fp32",
        "exact",
    )
    assert record["settings"]["data"] == str(src)
    assert record["settings"]["seed"] == 3
    assert record["settings"]["strategy"]["recipe"]["name"] == "classic"
    assert record["settings"]["recipe"]["epochs"] == 2
    assert record["model"]["parameters"] == (32 * 27 + 32) + (64 * 32 * 9 + 64) + (64 * 16 * 3 + 3)
    assert record["classes"] == ["ant", "bee", "cat"]
    assert {name: side["images"] for name, side in record["data"].items()} == {
        "train": 24,
        "test": 9,
    }
    assert all(re.fullmatch("[0-9a-f]{32}", side["hash"]) for side in record["data"].values())
    assert {"torch", "numpy", "opencv-python-headless"} <= set(record["versions"])
    assert {"system", "processor", "threads", "device"} <= set(record["hardware"])
    results, cost = record["results"], record["cost"]
    assert results["test_accuracy"] == pytest.approx(
        sum(results["test_per_class"].values()) / 3
    )  # three images of each
    assert set(results) == {
        "train_loss", "train_accuracy", "test_loss", "test_accuracy", "test_per_class", "test_accuracy_mirrored",
    }  # fmt: skip
    assert set(cost) == {*(f"{name}_seconds" for name in COST), "images", "images_per_second"}
    assert all(
        cost[f"{name}_seconds"] > 0
        for name in ("augment", "compute", "evaluate", "training", "pack")
    )
    parts = sum(cost[f"{name}_seconds"] for name in ("wait", "augment", "compute"))
    assert cost["training_seconds"] == pytest.approx(parts, abs=0.002)
    assert cost["images"] == 48
    lines = [json.loads(line) for line in (tmp_path / "run" / METRICS).read_text().splitlines()]
    assert [(line["epoch"], line["step"]) for line in lines] == [(1, 3), (2, 6)]
    assert set(lines[0]) == {"epoch", "step", "lr", "loss", "accuracy"}
    assert lines[1]["loss"] == results["train_loss"]


def test_the_hash_of_the_data_depends_on_pixels_and_not_on_the_file_format(tmp_path: Path) -> None:
    def hash_of(data: Path) -> str:
        record = train(settings_for(data, epochs=1), tmp_path / f"run-{data.name}")
        return record.data["train"].hash

    from PIL import Image

    one, same, other = (draw_set(tmp_path / name, 3) for name in ("one", "same", "other"))
    picture = Image.open(same / "ant/000.png").copy()
    picture.save(same / "ant/000.png", compress_level=0)
    picture.putpixel((3, 3), (0, 0, 0))
    picture.save(other / "ant/000.png")
    assert (same / "ant/000.png").read_bytes() != (one / "ant/000.png").read_bytes()
    assert hash_of(one) == hash_of(same) != hash_of(other)


def test_seeds_decide_and_repeat(tmp_path: Path) -> None:
    src = draw_set(tmp_path / "src", 4)
    runs = {}
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        train(settings_for(src, seed=seed, dropout=0.2, epochs=1), tmp_path / name)
        runs[name] = products(tmp_path / name)
    assert runs["a"] == runs["b"]
    assert runs["a"][0] != runs["c"][0]


def test_a_trained_model_is_accurate_on_the_test_set(tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src", 16), draw_set(tmp_path / "test", 8, seed=1)
    torch.manual_seed(99)  # the run sets its own
    record = train(settings_for(src, test, epochs=6, batch_size=8), tmp_path / "run")
    assert record.results is not None
    assert record.results.test is not None
    assert record.results.test.accuracy >= 0.9
    assert record.results.test.loss < 0.5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"renderer": "gpu"}, "--renderer must be auto, exact, batched, got 'gpu'"),
        ({"seed": -1}, "--seed must be 0 … 2^64 - 1, got -1"),
        ({"seed": 2**64}, f"--seed must be 0 … 2^64 - 1, got {2**64}"),
    ],
)
def test_settings_check_themselves(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainError) as error:
        settings_for(Path("data"), **changes)
    assert str(error.value) == message


def test_a_location_checks_its_workers() -> None:
    with pytest.raises(TrainError, match="^--workers must be at least 0, got -1$"):
        RunLocation(Path("run"), Cache(), workers=-1)


def test_settings_are_plain_data() -> None:
    settings = settings_for(Path("a"), Path("b"), "fly")
    plain = json.loads(json.dumps(settings.to_dict()))
    fields = set(Settings.__dataclass_fields__)
    assert set(plain) == fields - {"hyperparameters"} | {"recipe"}  # as the first runs wrote it
    assert (plain["data"], plain["test"], plain["shape"]) == (
        "a",
        "b",
        {"side": None, "colour": "keep"},
    )
    assert settings_for(Path("a")).to_dict()["test"] is None


def test_a_run_whose_images_have_changed_is_refused(tmp_path: Path) -> None:
    src, out = draw_set(tmp_path / "src"), tmp_path / "run"
    train(settings_for(src), out)
    (src / "ant/000.png").write_bytes((src / "bee/001.png").read_bytes())
    with pytest.raises(TrainError) as refused:
        train(settings_for(src), out)
    assert (
        str(refused.value)
        == f'"{out}" is a run on other images: train changed since. Use --overwrite to start again'
    )
    assert train(settings_for(src), out, overwrite=True).finished


def test_overwrite_replaces_a_damaged_record(tmp_path: Path) -> None:
    src, out = draw_set(tmp_path / "src"), tmp_path / "run"
    out.mkdir()
    (out / "run.json").write_text("{")
    with pytest.raises(TrainError, match="is damaged"):
        train(settings_for(src), out)
    assert train(settings_for(src), out, overwrite=True).finished


def test_a_finished_run_says_that_its_model_is_gone(tmp_path: Path) -> None:
    settings = settings_for(draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 3, seed=1))
    record = train(settings, tmp_path / "run")
    (tmp_path / "run" / MODEL).unlink()
    notes: list[str] = []
    observer = StopAfter()
    observer.note = notes.append  # type: ignore[method-assign]
    assert train(settings, tmp_path / "run", observer=observer) == record
    assert any("--overwrite trains it again" in note for note in notes)
