"""The options: from the command line, and the run card of an expanded dataset, to settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from expand import expand
from expand.recipes.recipe import Recipe
from tests.train.commands import draw_set, refusal
from train.cli.command import command
from train.cli.settings import read_settings
from train.data.shape import Shape
from train.errors import TrainError
from train.feed.strategies import Strategy
from train.fit.hyperparameters import BLOG, Hyperparameters, preset
from train.runs.settings import Settings

CLASSIC = Recipe.load("classic")


def settings_of(*arguments: object) -> Settings:
    """Return the settings that a command line asks for."""
    training = command.commands["run"]
    assert isinstance(training, click.Command)
    options: dict[str, Any] = training.make_context(
        "run", [str(argument) for argument in arguments]
    ).params
    return read_settings(options.pop("data"), options)


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """Return an expanded dataset with a recipe, a seed and a sampling of its own."""
    src = draw_set(tmp_path / "src", 2)
    expand(src, tmp_path / "copies", 3, "blog", seed=7, sampling="random", workers=1)
    return tmp_path / "copies"


def test_a_plain_folder_is_trained_as_it_is(tmp_path: Path) -> None:
    assert settings_of(tmp_path) == Settings(tmp_path, None, Strategy("none"), Hyperparameters())
    assert settings_of().data == Path("data/expanded")


def test_an_expanded_set_is_read_from_disk_and_its_card_says_how_it_was_made(copies: Path) -> None:
    assert settings_of(copies).strategy == Strategy("disk", None, 7, "random")
    assert settings_of(copies, "--strategy", "fly").strategy == Strategy(
        "fly", Recipe.load("blog"), 7, "random"
    )
    asked = settings_of(
        copies,
        "--strategy",
        "fly",
        "--recipe",
        "classic",
        "--view-seed",
        0,
        "--sampling",
        "stratified",
    )
    assert asked.strategy == Strategy("fly", CLASSIC, 0, "stratified")
    assert settings_of(copies, "--strategy", "none").strategy.recipe is None


def test_fly_draws_classic_unless_told_otherwise(tmp_path: Path) -> None:
    assert settings_of(tmp_path, "--strategy", "fly").strategy == Strategy("fly", CLASSIC)
    file = tmp_path / "own.yaml"
    file.write_text("techniques: [flip]")
    shown = settings_of(
        tmp_path, "--strategy", "fly", "--recipe", file, "--factor", 4, "--clean-every", 2
    ).strategy
    assert shown == Strategy("fly", Recipe.load(str(file)), factor=4, clean_every=2)


def test_hybrid_draws_the_techniques_that_are_named_in_the_recipes_order(copies: Path) -> None:
    strategy = settings_of(
        copies, "--strategy", "hybrid", "--fly", "noise, flip", "--visit", "all"
    ).strategy
    assert strategy.recipe is not None
    assert [technique.name for technique in strategy.recipe.techniques] == ["flip", "noise"]
    assert strategy.recipe.techniques == (CLASSIC.techniques[0], CLASSIC.techniques[-1])
    assert strategy.recipe.name == "classic noise,flip"
    assert (strategy.view_seed, strategy.visit_all) == (7, True)


def test_every_other_option_finds_its_place(tmp_path: Path) -> None:
    asked: list[object] = [
        "--test", "t", "--validation", "0.25", "--image-size", "32", "--colour", "grey",
        "--allow-leak", "--model", "vgg11", "--dropout", "0.5", "--pretrained", "--epochs", "3",
        "--batch-size", "16", "--lr", "0.2", "--momentum", "0.5", "--weight-decay", "0.1",
        "--schedule", "cosine", "--smoothing", "0.3", "--average", "0.2", "--seed", "9",
        "--precision", "bf16", "--mirrored", "--renderer", "exact",
    ]  # fmt: skip
    assert settings_of(tmp_path, *asked) == Settings(
        tmp_path,
        Path("t"),
        Strategy("none"),
        Hyperparameters(3, 16, 0.2, 0.5, 0.1, "cosine", 0.3, 0.2),
        model="vgg11",
        dropout=0.5,
        pretrained=True,
        seed=9,
        validation=0.25,
        shape=Shape(32, "grey"),
        renderer="exact",
        precision="bf16",
        mirrored=True,
        allow_leak=True,
    )


def test_the_recipe_of_training_is_the_models_the_articles_or_changed(tmp_path: Path) -> None:
    assert settings_of(tmp_path, "--model", "fast").hyperparameters == preset("fast", "default")
    assert settings_of(tmp_path, "--preset", "blog").hyperparameters == BLOG
    assert settings_of(
        tmp_path, "--model", "fast", "--lr", 0.5, "--average", 0
    ).hyperparameters == Hyperparameters(10, 128, 0.5, 0.9, 5e-4, "one-cycle", 0.2, 0.0, 32.0)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("--strategy fly --recipe nosuch", '--recipe: "nosuch" is neither a recipe (classic, blog, detect) nor a file'),
        ("--strategy hybrid", "--strategy hybrid needs --fly: the techniques to apply on top of the copies, for example flip,translate"),
        ("--strategy hybrid --fly flip,wobble", '--fly: recipe "classic" has no technique "wobble"; it has flip, rotate, translate, scale, noise'),
        ("--strategy disk --factor 4", "--factor is for --strategy fly, not for disk"),
        ("--clean-every 4", "--clean-every is for --strategy fly, not for none"),
        ("--strategy fly --fly flip", "--fly is for --strategy hybrid, not for fly"),
        ("--strategy disk --recipe blog", "--recipe is for --strategy fly or hybrid, not for disk"),
        ("--strategy fly --factor 0", "--factor must be at least 1, got 0"),
        ("--strategy fly --view-seed -1", "--view-seed must be 0 … 2^64 - 1, got -1"),
        ("--visit all", "--visit all is for the files of an expanded dataset, not for --strategy none"),
        ("--epochs 0", "--epochs must be at least 1, got 0"),
        ("--image-size 0", "--image-size must be at least 1, got 0"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_one_sentence(
    asked: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(TrainError) as error:
        settings_of(tmp_path, *asked.split())
    assert str(error.value) == message
    assert error.value.status == 2


def test_a_damaged_run_card_is_refused(tmp_path: Path) -> None:
    (tmp_path / "expand.json").write_text("{")
    with pytest.raises(TrainError, match="expand.json"):
        settings_of(tmp_path)


@pytest.mark.parametrize("name", ["compare", "ablate"])
def test_recipes_with_rules_for_classes_are_not_compared(name: str, tmp_path: Path) -> None:
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("techniques: [flip, noise]\nclasses: {cat: {flip: never}}")
    data = draw_set(tmp_path / "src", 2)
    words = refusal(name, data, "--test", data, "--recipe", recipe, "--out", tmp_path / "out")
    assert "has rules for classes, which compare and ablate do not follow" in words
