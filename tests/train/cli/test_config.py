"""Options from a file: YAML or an earlier record; options on the command line take precedence."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import pytest
from click.shell_completion import ShellComplete

from expand import expand
from expand.recipes.recipe import Recipe
from tests.train.commands import call, draw_set, refusal
from train.ablate.design import DESIGNS
from train.cli import ablate, compare, options
from train.cli.ablate import read_ablation
from train.cli.command import command
from train.cli.compare import read_comparison
from train.cli.settings import read_settings
from train.compare import arms
from train.data.shape import COLOURS
from train.feed.strategies import STRATEGIES
from train.fit.hyperparameters import NAMED, SCHEDULES
from train.fit.precision import PRECISIONS
from train.models.own import OWN
from train.runs.settings import RENDERERS

SHORT = ("--epochs", 2, "--batch-size", 8, "--precision", "fp32")


def parse(name: str, *arguments: object) -> Any:
    """Return the settings that the options of a command ask for."""
    group_context = click.Context(command)
    context = command.commands[name].make_context(name, [str(a) for a in arguments], group_context)
    read = {"run": read_settings, "compare": read_comparison, "ablate": read_ablation}[name]
    with context:
        params = dict(context.params)
        return read(params.pop("data"), params)


def test_the_choices_are_those_of_the_library() -> None:
    assert options.STRATEGIES == STRATEGIES
    assert options.RENDERERS == RENDERERS
    assert options.PRECISIONS == PRECISIONS
    assert options.SCHEDULES == SCHEDULES
    assert options.COLOURS == COLOURS
    assert tuple(NAMED) == options.PRESETS
    assert tuple(OWN) == options.MODELS
    assert compare.ARMS == arms.STRATEGIES
    assert compare.BUDGETS == arms.BUDGETS
    assert ablate.DESIGNS == DESIGNS


def test_the_old_name_of_preset_is_accepted_and_hidden(tmp_path: Path) -> None:
    src = draw_set(tmp_path / "src", 2)
    asked = (src, "--precision", "fp32", "--epochs", 1, "--quiet")
    assert call(*asked, "--recipe-train", "blog", "--out", tmp_path / "a").exception is None
    assert call(*asked, "--preset", "blog", "--out", tmp_path / "b").exception is None
    old, new = (json.loads((tmp_path / run / "run.json").read_text()) for run in "ab")
    assert old["settings"] == new["settings"]
    assert "--recipe-train" not in call("--help").output


@pytest.mark.parametrize(
    "strategy",
    [
        ("--strategy", "fly", "--recipe", "blog", "--clean-every", 2),
        ("--strategy", "hybrid", "--fly", "flip"),
    ],
)
def test_a_run_is_repeated_from_its_record(strategy: tuple[object, ...], tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 3, seed=1)
    expand(src, tmp_path / "copies", 2, workers=1)
    asked = (tmp_path / "copies", "--test", test, *strategy, *SHORT, "--model", "fast")
    if "fly" in strategy:
        asked = (src, *asked[1:])
    assert call(*asked, "--seed", 3, "--out", tmp_path / "a").exception is None
    record = tmp_path / "a/run.json"
    assert call("--config", record, "--out", tmp_path / "b").exception is None
    assert call("--config", record, "--out", tmp_path / "c", "--seed", 4).exception is None
    a, b, c = ((tmp_path / run / "model.safetensors").read_bytes() for run in "abc")
    assert a == b
    assert a != c
    first, second = (json.loads((tmp_path / run / "run.json").read_text()) for run in "ab")
    assert first["settings"] == second["settings"]


def test_an_option_that_is_typed_wins_and_drops_what_no_longer_applies(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(
        "{data: photos, strategy: fly, factor: 3, lr: 0.5, batch-size: 16, allow_leak: true}"
    )
    settings = parse("run", "--config", config, "--lr", 0.25)
    assert (settings.data, settings.strategy.factor) == (Path("photos"), 3)
    assert (settings.hyperparameters.lr, settings.hyperparameters.batch_size) == (0.25, 16)
    assert settings.allow_leak
    none = parse("run", "here", "--config", config, "--strategy", "none")
    assert (none.data, none.strategy.name, none.strategy.factor) == (Path("here"), "none", None)
    blog = parse("run", "--config", config, "--preset", "blog").hyperparameters
    assert (blog.lr, blog.batch_size) == (1e-3, 64)


def test_a_comparison_is_read_back_from_its_record(tmp_path: Path) -> None:
    asked = (
        "photos", "--test", "held", "--factor", "2,8", "--arms", "fly,hybrid,disk-random=4",
        "--epochs", "9,3", "--budget", "files", "--recipe", "blog", "--fly", "flip,scale",
        "--codec", "jpg:80", "--seed", 7, "--colour", "grey", "--threads", 3, "--lr", 0.2,
    )  # fmt: skip
    study = parse("compare", *asked)
    for name in ("study.json", "question.json"):
        (tmp_path / name).write_text(json.dumps(study.to_dict()))
        assert parse("compare", "--config", tmp_path / name) == study
    assert parse("compare", "--config", tmp_path / name, "--epochs", 4).lengths == (4,)
    lists = tmp_path / "lists.yaml"
    lists.write_text("{test: held, arms: [none, disk], factor: [2, 4], epochs: [3]}")
    assert [arm.name for arm in parse("compare", "--config", lists).arms] == [
        "none",
        "disk ×2",
        "disk ×4",
    ]


def test_an_ablation_is_read_back_from_its_record(tmp_path: Path) -> None:
    study = parse(
        "ablate",
        "photos",
        "--test",
        "held",
        "--epochs",
        12,
        "--tune",
        3,
        "--image-size",
        64,
        "--design",
        "single",
    )
    (tmp_path / "study.json").write_text(json.dumps(study.to_dict()))
    assert parse("ablate", "--config", tmp_path / "study.json") == study


def test_the_noise_of_an_earlier_version_is_not_taken_for_this_one(tmp_path: Path) -> None:
    study = parse("ablate", "photos", "--test", "held", "--epochs", 9, "--design", "single")
    record = json.loads(json.dumps(study.to_dict()))
    assert record["recipe"]["techniques"][-1]["noise"].pop("version") == 2
    (tmp_path / "study.json").write_text(json.dumps(record))
    assert '"version" of noise is 1' in refusal("ablate", "--config", tmp_path / "study.json")
    other = parse("ablate", "--config", tmp_path / "study.json", "--recipe", "blog")
    assert other == study


def test_a_comparison_is_repeated_from_its_results(tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src", 4), draw_set(tmp_path / "test", 3, seed=1)
    asked = (
        "compare", src, "--test", test, "--arms", "none,disk", "--factor", 2, "--epochs", 2,
        "--seeds", 2, "--batch-size", 8, "--precision", "fp32", "--device", "cpu", "--threads", 1,
        "--margin", 0.5, "--quiet",
    )  # fmt: skip
    first = call(*asked, "--out", tmp_path / "a")
    assert first.exception is None
    config = tmp_path / "a/comparison.json"
    again = call("compare", "--config", config, "--out", tmp_path / "b", "--quiet")
    assert again.exception is None
    names = sorted(path.name for path in (tmp_path / "a/runs").iterdir())
    assert len(names) == 4
    assert names == sorted(path.name for path in (tmp_path / "b/runs").iterdir())
    for name in names:
        a, b = (json.loads((tmp_path / out / "runs" / name).read_text()) for out in "ab")
        assert a["right"] == b["right"]
        assert a["accuracy"] == b["accuracy"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{epoch: 3}", '"epoch" is not an option of this command; did you mean "epochs"?'),
        ("{config: x}", '"config" is not an option of this command'),
        ("{lr: {a: 1}}", '"lr" must be a single value or a list'),
        ("[1]", "must hold option names with their values"),
        ("{", "cannot be read"),
        ("[" * 3000, "cannot be read"),
        ("epochs: 1\nepochs: 2", '"epochs" is set twice'),
        ("recipe:\n  name: a\n  name: b", '"name" is set twice'),
        ("epochs: 1:30", "1:30 is not a decimal number"),
        ("seed: 010", "010 is not a decimal number"),
        ("seed: 0x10", "0x10 is not a decimal number"),
        ("lr: 1:30.5", "1:30.5 is not a decimal number"),
        ('{"expand": "0.1", "state": "finished", "settings": {}}', "is the record of an expansion; train --config takes"),
        ('{"state": "finished", "settings": {}}', "is damaged"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(text)
    said = refusal("--config", tmp_path / "c.json")
    assert said.startswith(f'"{tmp_path}/c.json"')
    assert message in said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{epochs: 1.5}", "'1.5' is not a valid integer"),
        ("{epochs: true}", "'True' is not a valid integer"),
        ("{epochs: [1, 2]}", "'1,2' is not a valid integer"),
        ("{epochs: 2024-01-01}", "'2024-01-01' is not a valid integer"),
        ("{lr: true}", "'True' is not a valid float"),
        ("{quiet: 3}", "'3' is not a valid boolean"),
        ('{data: "a\\0b"}', "a path cannot contain a null character"),
    ],
)
def test_values_in_a_file_are_checked_as_if_typed(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(text)
    result = call("--config", tmp_path / "c.yaml", "--out", tmp_path / "run")
    assert isinstance(result.exception, click.BadParameter)
    assert message in result.exception.message


@pytest.mark.parametrize(
    ("name", "key"),
    [("compare", "views"), ("ablate", "recipe"), ("ablate", "epochs"), ("compare", "training lr")],
)
def test_a_record_without_a_value_is_damaged(name: str, key: str, tmp_path: Path) -> None:
    record = parse(name, "photos", "--test", "held").to_dict()
    group, _, inner = key.rpartition(" ")
    (record[group] if group else record)[inner] = None
    path = tmp_path / "study.json"
    path.write_text(json.dumps(record))
    assert refusal(name, "--config", path).startswith(f'"{path}" is damaged')


def test_a_number_is_no_recipe(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("{strategy: fly, recipe: 3}")
    message = '--recipe: "3" is neither a recipe (classic, blog, detect) nor a file'
    assert refusal("photos", "--config", tmp_path / "c.yaml") == message


def test_the_record_of_another_command_is_refused(tmp_path: Path) -> None:
    study = parse("ablate", "photos", "--test", "held")
    (tmp_path / "study.json").write_text(json.dumps(study.to_dict()))
    assert refusal("compare", "--config", tmp_path / "study.json") == (
        f'"{tmp_path}/study.json" is the record of an ablation; train compare --config takes a '
        "YAML file or the record of a comparison (study.json or comparison.json)"
    )


def test_a_recipe_can_be_written_into_the_file(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("{strategy: fly, recipe: {name: own, techniques: [flip]}}")
    recipe = parse("run", "--config", tmp_path / "c.yaml").strategy.recipe
    assert recipe == Recipe.parse("{name: own, techniques: [flip]}")


def test_a_shell_completes_subcommands_options_and_values() -> None:
    def complete(*words: str) -> set[str]:
        *before, last = words
        shell = ShellComplete(command, {}, "train", "_TRAIN_COMPLETE")
        return {item.value for item in shell.get_completions(before, last)}

    assert {"compare", "ablate", "predict", "cache"} <= complete("")
    assert "--config" in complete("photos", "--c")
    assert complete("--strategy", "h") == {"hybrid"}
    assert complete("photos", "--model", "vgg") == {"vgg11", "vgg16"}
    assert complete("compare", "--arms", "none,di") == {
        f"none,{name}" for name in ("disk", "disk-random", "disk-all", "disk-balanced")
    }
    assert complete("ablate", "--design", "") == {"plackett-burman", "single"}


def test_a_file_of_options_is_read_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "bomb.yaml"
    lines = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in pairwise("abcdefghij")]
    path.write_text("\n".join(lines))
    assert "holds an alias" in refusal("photos", "--config", path)
    with open(path, "wb") as file:
        file.truncate(2**40)
    assert "more than" in refusal("photos", "--config", path)
    os.mkfifo(tmp_path / "pipe.json")
    assert "not a regular file" in refusal("photos", "--config", tmp_path / "pipe.json")


@pytest.mark.parametrize("name", ["options.yaml", "options.json"])
@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "a: " + "{a: " * 100_000,
        "".join(" " * level + "a:\n" for level in range(500)),
        "[" + "1," * 300_000 + "]",
        "a: &a [x]\nb: *a",
        "epochs: !!python/object/apply:os.mkdir [code-was-run]",
        "lr: !!int abc",
        "epochs: 2020-13-45",
        "? [a]\n: 1",
        "---\na: 1\n---\nb: 2",
        "model: !!set {a, b}",
        "\0" * 1000,
        "NaN",
    ],
    ids=lambda text: text[:20],
)
def test_a_hostile_file_of_options_is_refused(
    text: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)
    message = refusal("--config", tmp_path / name, "--out", tmp_path / "out")
    assert name in message or "epochs" in message
    assert len(message) < 1000
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("text", ["[" * 100_000, "[]", "null", '{"data"', "{}"])
def test_hostile_settings_beside_results_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "comparison.json").write_text('{"headline": [], "arms": [], "settings": {}}')
    (tmp_path / "study.json").write_text(text)
    message = refusal("compare", "--config", tmp_path / "comparison.json", "--plan")
    assert str(tmp_path) in message
