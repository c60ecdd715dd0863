"""The command: what it takes, what it says, what it exits with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from expand import __version__, expand
from tests.train.commands import call, draw_set, refusal, start
from train.cli.command import main, prepare_torch
from train.data.cache import Cache
from train.errors import TrainError

SHORT = ("--epochs", 1, "--batch-size", 8, "--precision", "fp32")


@pytest.fixture
def src(tmp_path: Path) -> Path:
    """Return a small set."""
    return draw_set(tmp_path / "src")


@pytest.fixture
def test_set(tmp_path: Path) -> Path:
    """Return a set to measure on."""
    return draw_set(tmp_path / "test", 3, seed=1)


def test_the_first_word_is_a_folder_or_a_subcommand(
    src: Path, test_set: Path, tmp_path: Path
) -> None:
    line = [sys.executable, "-m", "train", str(src), "--test", str(test_set), *map(str, SHORT)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0
    first, second, *_ = done.stdout.splitlines()
    assert first == "runs/cnn-none: cnn, none, 3 steps"
    assert re.fullmatch(r"  test: accuracy \d+\.\d\d %, loss \d\.\d{4}", second)
    assert done.stderr.splitlines()[:2] == [
        "cnn: 22,467 parameters, fp32, cpu",
        "none: 24 sources per epoch; read from memory",
    ]
    assert re.fullmatch(
        r"epoch 1 of 1: loss \d\.\d{4}, accuracy \d+\.\d\d %", done.stderr.splitlines()[2]
    )
    assert (tmp_path / "runs/cnn-none/run.json").is_file()
    guessed = call("predict", tmp_path / "runs/cnn-none", test_set / "ant/000.png")
    assert re.fullmatch(rf"{test_set}/ant/000\.png\t(ant|bee|cat)\t[01]\.\d{{4}}\n", guessed.stdout)


def test_help_lists_commands_and_options() -> None:
    words = call("--help").output
    for word in ("--test", "--validation", "--image-size", "--colour", "--allow-leak", "--cache", "--cache-size", "--strategy", "--recipe",
                 "--factor", "--clean-every", "--fly", "--view-seed", "--sampling", "--visit", "--renderer", "--model", "--dropout",
                 "--pretrained", "--preset", "--config", "--epochs", "--batch-size", "--lr", "--momentum", "--weight-decay", "--schedule",
                 "--smoothing", "--average", "--bias-lr", "--seed", "--device", "--precision", "--mirrored", "--workers", "--threads", "--out",
                 "--overwrite", "--tensorboard", "--quiet", "--help"):  # fmt: skip
        assert f"{word} " in words, word
    commands = words.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert {line.split()[0] for line in commands} >= {"cache", "predict"}
    assert words.startswith("Usage: ")
    assert "[DATA] [OPTIONS]" in words
    for name in ("cache", "predict"):
        assert "Usage: " in call(name, "-h").output


@pytest.mark.parametrize("words", [["--help"], ["compare", "--help"], ["run", "--help"]])
def test_help_is_shown_without_torch(words: list[str]) -> None:
    program = f"import sys; sys.argv[1:] = {words}\nfrom train.cli import main\ntry: main()\nfinally: print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "False"
    assert done.returncode == 0


def test_main_turns_what_happens_into_words_and_a_status(
    src: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)
    broken = tmp_path / "broken" / "expand.json"
    broken.parent.mkdir()
    broken.write_text("{")
    for arguments, status, said in (
        (
            [src, "--strategy", "wobble"],
            2,
            "'wobble' is not one of 'none', 'disk', 'fly', 'hybrid'.",
        ),
        (
            [tmp_path / "nowhere", "--out", tmp_path / "a"],
            2,
            f'train: "{tmp_path}/nowhere" does not exist\n',
        ),
        ([broken.parent, "--out", tmp_path / "b"], 2, "train: "),
        (["--nosuch"], 2, "No such option"),
        (["--epochs", "many"], 2, "'many' is not a valid integer"),
        (["--version"], 0, f"train, version {__version__}\n"),
        (["cache"], 0, "0 decoded datasets"),
    ):
        monkeypatch.setattr(sys, "argv", ["train", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = "".join(capsys.readouterr())
        assert (ended.value.code, said in shown) == (status, True), shown


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (
            KeyboardInterrupt(),
            130,
            "train: interrupted. Run the same command again to resume.\n",
        ),
        (
            ImportError("No module named 'torch'"),
            2,
            "train: a library is missing: pip install \".[train]\" (No module named 'torch')\n",
        ),
        (TrainError('"a.png" cannot be read', 3), 3, 'train: "a.png" cannot be read\n'),
    ],
)
def test_what_ends_a_run_from_within_has_a_status_too(
    raised: BaseException,
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr("train.cli.command.read_settings", fail)
    monkeypatch.setattr(sys, "argv", ["train"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, capsys.readouterr().err.lstrip("\n")) == (
        status,
        said,
    )  # click ends the line of a ^C


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("--model resnet81", '--model: "resnet81" is not a model: cnn, linear, vgg11, vgg16, fast, fast-wide, resnet8, resnet20, or one of torchvision; did you mean "resnet8"?'),
        ("--model cnn --pretrained", '"cnn" has no pretrained weights; torchvision\'s models have'),
        ("--dropout 1", "--dropout must be at least 0 and below 1, got 1.0"),
        ("--validation 1", "--validation must be at least 0 and below 1, got 1.0"),
        ("--precision fp16", "'fp16' is not one of 'auto', 'fp32', 'bf16'."),
        ("--threads 0", "--threads must be at least 1, got 0"),
        ("--workers -1", "--workers must be at least 0, got -1"),
        ("--device tpu", "'tpu' is not one of 'auto', 'cpu', 'cuda'."),
        ("--strategy fly --sampling even", "'even' is not one of 'stratified', 'random'."),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_sentence(asked: str, message: str, src: Path, tmp_path: Path) -> None:
    said = refusal(src, "--out", tmp_path / "run", *asked.split())
    assert said == message


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused(src: Path, tmp_path: Path) -> None:
    assert (
        refusal(src, "--out", tmp_path / "run", "--device", "cuda")
        == "--device cuda is not available on this machine"
    )


def test_data_that_cannot_be_learned_from_is_refused(src: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "run")
    one = draw_set(tmp_path / "one", classes=("ant",))
    assert refusal(one, *out) == f'"{one}" has only one class ("ant"); a classifier needs two'
    assert (
        refusal(src, "--test", tmp_path / "nowhere", *out) == f'"{tmp_path}/nowhere" does not exist'
    )
    other = draw_set(tmp_path / "other", classes=("elk", "fox"))
    said = refusal(src, "--test", other, *out)
    assert (
        said
        == f'the test set "{other}" has no class in common with the training set ("ant", "bee", "cat")'
    )
    grey = draw_set(tmp_path / "grey", 3, channels=None, seed=1)
    said = refusal(src, "--test", grey, *out)
    assert (
        said
        == "test images are 16×16×1, training images 16×16×3; give all of them one shape with --image-size and --colour"
    )
    large = draw_set(tmp_path / "mixed", 1, size=20)
    draw_set(large, 3, classes=("dog",))
    assert refusal(large, *out) == (
        f'{large}: "dog/000.png" is 16×16 pixels, others are 20×20; give all one size with --image-size; '
        '"dog/001.png" is 16×16 pixels, others are 20×20; give all one size with --image-size; '
        '"dog/002.png" is 16×16 pixels, others are 20×20; give all one size with --image-size'
    )
    assert call(large, *out, *SHORT, "--image-size", 16).exception is None


def test_a_test_set_that_shares_images_is_refused_unless_it_is_allowed_and_recorded(
    src: Path, tmp_path: Path
) -> None:
    test = draw_set(tmp_path / "test", 3, seed=1)
    (test / "ant/copy.png").write_bytes((src / "ant/001.png").read_bytes())
    said = refusal(src, "--test", test, "--out", tmp_path / "run")
    assert said.startswith(
        '1 image is in both splits: test "ant/copy.png" is, or was made from, the file of training "ant/001.png".'
    )
    assert said.endswith("--allow-leak trains anyway and records the leaks")
    done = call(src, "--test", test, "--out", tmp_path / "run", *SHORT, "--allow-leak")
    assert (
        done.stdout.splitlines()[-1]
        == "  1 test image is in the training set as well (--allow-leak)"
    )
    record = json.loads((tmp_path / "run/run.json").read_text())
    assert (record["leaks"], record["settings"]["allow_leak"]) == (1, True)
    assert record["leaks_shown"] == [
        'test "ant/copy.png" is, or was made from, the file of training "ant/001.png"'
    ]


def test_quiet_leaves_the_summary(src: Path, tmp_path: Path) -> None:
    done = call(src, "--out", tmp_path / "run", *SHORT, "--quiet")
    assert done.stderr == ""
    assert done.stdout.startswith(f"{tmp_path}/run: cnn, none, 3 steps\n")


def test_the_same_command_shows_a_finished_run_again(
    src: Path, test_set: Path, tmp_path: Path
) -> None:
    asked = (src, "--test", test_set, "--out", tmp_path / "run", *SHORT)
    first, second = call(*asked), call(*asked)
    assert second.stdout == first.stdout
    assert second.stderr == ""
    assert re.search(
        r"is a run with other settings: --lr was 0\.05, is 1\.0\. Choose another --out, or use --overwrite to start again$",
        refusal(*asked, "--lr", 1),
    )
    assert call(*asked, "--lr", 1, "--overwrite").exception is None


def test_hybrid_draws_cheap_techniques_on_top_of_the_copies(
    src: Path, test_set: Path, tmp_path: Path
) -> None:
    expand(src, tmp_path / "copies", factor=3, workers=1)
    asked = (tmp_path / "copies", "--test", test_set, *SHORT)
    done = call(
        *asked,
        "--strategy",
        "hybrid",
        "--fly",
        "flip,translate",
        "--epochs",
        2,
        "--out",
        tmp_path / "hybrid",
    )
    assert (
        "hybrid: 24 sources per epoch; views by the exact renderer, in this process" in done.stderr
    )
    assert json.loads((tmp_path / "hybrid/run.json").read_text())["data"]["train"]["images"] == 72
    assert (
        call(*asked, "--strategy", "disk", "--epochs", 2, "--out", tmp_path / "disk").exception
        is None
    )
    first, second = (
        [json.loads(line) for line in (tmp_path / run / "metrics.jsonl").read_text().splitlines()]
        for run in ("hybrid", "disk")
    )
    assert first[0] == second[0]  # view 0 on copy 0 is the image itself
    assert first[1] != second[1]


def test_visiting_all_files_is_one_long_pass(src: Path, tmp_path: Path) -> None:
    expand(src, tmp_path / "copies", factor=3, workers=1)
    done = call(tmp_path / "copies", "--visit", "all", "--out", tmp_path / "run", *SHORT)
    assert "disk: 72 files per epoch, 3 times the steps of one visit to each source" in done.stderr
    record = json.loads((tmp_path / "run/run.json").read_text())
    assert (record["steps"], record["cost"]["images"]) == (9, 72)


def test_views_of_images_of_many_sizes_are_drawn_before_they_are_resized(tmp_path: Path) -> None:
    src, test = (
        draw_set(tmp_path / "src", 4, size=20),
        draw_set(tmp_path / "test", 2, size=18, seed=1),
    )
    draw_set(src, 2, classes=("dog",), size=31)
    asked = (
        src,
        "--test",
        test,
        "--strategy",
        "fly",
        "--image-size",
        16,
        *SHORT,
        "--epochs",
        2,
        "--seed",
        4,
    )
    for workers in (0, 1):
        done = call(*asked, "--workers", workers, "--out", tmp_path / f"run{workers}")
        assert f"read from their files by {workers} worker processes at every visit" in done.stderr
    names = ("model.safetensors", "metrics.jsonl")
    assert [(tmp_path / "run0" / name).read_bytes() for name in names] == [
        (tmp_path / "run1" / name).read_bytes() for name in names
    ]


def test_a_set_that_is_larger_than_the_cache_is_streamed(src: Path, tmp_path: Path) -> None:
    for name, more in (
        ("decoded", ()),
        ("streamed", ("--cache-size", 0.00001, "--workers", 0, "--cache", tmp_path / "small")),
    ):
        assert (
            call(
                src, *SHORT, *more, "--strategy", "fly", "--epochs", 2, "--out", tmp_path / name
            ).exception
            is None
        )
    metrics = [(tmp_path / name / "metrics.jsonl").read_bytes() for name in ("decoded", "streamed")]
    assert metrics[0] == metrics[1]
    assert Cache(tmp_path / "small").datasets() == []


def test_events_are_written_beside_the_run(src: Path, tmp_path: Path) -> None:
    done = call(src, *SHORT, "--out", tmp_path / "run", "--tensorboard")
    assert "epoch 1 of 1" in done.stderr
    assert len(list((tmp_path / "run-events").glob("events.out.tfevents.*"))) == 1
    assert call(src, *SHORT, "--out", tmp_path / "quiet", "--tensorboard", "--quiet").stderr == ""


def test_the_cache_is_shown_and_cleared(src: Path, test_set: Path, tmp_path: Path) -> None:
    where = ("--cache", tmp_path / "packs")
    assert (
        call(src, *SHORT, *where, "--out", tmp_path / "run", "--test", test_set).exception is None
    )
    size = Cache(tmp_path / "packs").size()
    assert size > 33 * 16 * 16 * 3
    shown = call("cache", *where).stdout
    assert (
        shown
        == f"{tmp_path}/packs: 2 decoded datasets, {size / 1000:.1f} kB; train cache --clear removes them\n"
    )
    assert (
        call("cache", "--clear", *where).stdout == f"{tmp_path}/packs: {size / 1000:.1f} kB freed\n"
    )
    assert call("cache", *where).stdout.startswith(f"{tmp_path}/packs: 0 decoded datasets, 0 B;")
    assert call("cache").stdout.startswith(f"{Cache().root}: 0 decoded datasets")


def test_a_bad_image_is_named_and_nothing_is_trained(src: Path, tmp_path: Path) -> None:
    (src / "ant/bad.png").write_bytes(b"hello")
    said = refusal(src, "--out", tmp_path / "run")
    assert said.startswith(f'{src}: "ant/bad.png" is not an image')
    assert not (tmp_path / "run/run.json").exists()


def test_mirrored_is_said(src: Path, test_set: Path, tmp_path: Path) -> None:
    done = call(src, "--test", test_set, "--mirrored", *SHORT, "--out", tmp_path / "run")
    assert re.search(
        r"^  test, averaged with the mirrored image: accuracy [\d.]+ %$", done.stdout, re.MULTILINE
    )


def test_torch_gets_the_threads_that_are_asked_for() -> None:
    prepare_torch(2)
    assert torch.get_num_threads() == 2
    assert torch.are_deterministic_algorithms_enabled()
    prepare_torch(None)
    assert torch.get_num_threads() == 2


def test_sigterm_is_an_interruption_too(src: Path, tmp_path: Path) -> None:
    process = start(src, "--out", tmp_path / "run", "--epochs", 100_000, "--precision", "fp32")
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("epoch 1 of"):
            break
    process.terminate()
    _, said = process.communicate()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "train: interrupted. Run the same command again to resume."
