"""The options of the command: what they mean, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from expand import expand
from expand.recipes.recipe import Recipe
from tests.train.commands import draw_set, refusal
from train.cli.ablate import read_ablation
from train.cli.command import command
from train.data.shape import Shape
from train.fit.hyperparameters import Hyperparameters


def asked(*arguments: object) -> Any:
    """Parse a command line into an ablation."""
    context = command.commands["ablate"].make_context(
        "ablate", [str(argument) for argument in arguments]
    )
    options = dict(context.params)
    return read_ablation(options.pop("data"), options)


def test_invalid_commands_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src", 3), draw_set(tmp_path / "test", 3, seed=1)
    leaky = draw_set(tmp_path / "leaky", 3)
    expand(src, tmp_path / "expanded", 2, workers=1)
    (tmp_path / "padded.yaml").write_text("{name: padded, techniques: [flip, pad]}")
    (tmp_path / "one.yaml").write_text("{name: one, techniques: [rotate]}")
    cases: dict[str, tuple[object, ...]] = {
        "--seeds must be at least 1, got 0": (src, "--seeds", 0),
        "--epochs must be at least 2, got 1: the first epoch shows the images unchanged": (
            src,
            "--epochs",
            1,
        ),
        "--margin must be above 0 and finite, got -1.0": (src, "--margin", -1),
        "'full' is not one of 'plackett-burman', 'single'.": (src, "--design", "full"),
        '--recipe: "nowhere" is neither a recipe (classic, blog, detect) nor a file': (
            src,
            "--recipe",
            "nowhere",
        ),
        'recipe "one" has only one technique; an ablation needs at least two': (
            src,
            "--recipe",
            tmp_path / "one.yaml",
        ),
        '"pad" changes the size of images, and an ablation needs images of one size; '
        "remove it from the recipe": (
            src,
            "--recipe",
            tmp_path / "padded.yaml",
        ),
        f'"{tmp_path}/expanded" was written by expand; give the folder that it was made from': (
            tmp_path / "expanded",
        ),
        f'"{tmp_path}/nothing" does not exist': (tmp_path / "nothing",),
    }
    for message, wrong in cases.items():
        assert refusal("ablate", *wrong, "--test", test, "--out", tmp_path / "out") == message
    assert refusal("ablate", src, "--test", leaky, "--out", tmp_path / "out").startswith(
        "9 images are in both splits: "
    )
    tuned = ("--tune", 2, "--epochs", 11)
    assert refusal("ablate", src, "--test", test, *tuned, "--out", tmp_path / "out") == (
        "--tune tries trainings from an eighth of --epochs on, which must be at least 12, got 11: "
        "the first epoch shows the images unchanged"
    )
    assert not (tmp_path / "out").exists()


def test_without_options_the_recipe_is_blog() -> None:
    ablation = asked("--test", "data/test")
    assert (ablation.data, ablation.test) == (Path("data/train"), Path("data/test"))
    assert (ablation.recipe, ablation.design, ablation.epochs) == (
        Recipe.load("blog"),
        "plackett-burman",
        20,
    )
    assert (ablation.training, ablation.model, ablation.shape) == (
        Hyperparameters(epochs=20),
        "cnn",
        Shape(None, "keep"),
    )
    assert ablation.threads == len(os.sched_getaffinity(0))


def test_every_option_reaches_the_ablation() -> None:
    ablation = asked(
        "photos", "--test", "held", "--recipe", "classic", "--design", "single", "--epochs", 9, "--seed", 7, "--device", "cpu",
        "--precision", "bf16", "--renderer", "batched", "--threads", 3, "--sources", 50, "--colour", "grey", "--allow-leak",
        "--model", "vgg11", "--dropout", 0.5, "--preset", "blog", "--batch-size", 10, "--lr", 0.2, "--momentum", 0.5,
        "--weight-decay", 0.1, "--schedule", "cosine", "--smoothing", 0.3, "--average", 0.2, "--bias-lr", 4,
    )  # fmt: skip
    assert ablation.to_dict() == {
        "data": "photos", "test": "held", "recipe": Recipe.load("classic").to_dict(), "design": "single", "epochs": 9, "seed": 7,
        "device": "cpu", "precision": "bf16", "renderer": "batched", "threads": 3, "sources": 50,
        "shape": {"side": None, "colour": "grey"}, "layout": "auto", "group_by": None, "draws": None, "weights": None, "freeze": False, "tune": 0, "pixel_rules": 2, "allow_leak": True, "model": "vgg11", "dropout": 0.5,
        "training": {
            "epochs": 9, "batch_size": 10, "lr": 0.2, "momentum": 0.5, "weight_decay": 0.1, "schedule": "cosine", "smoothing": 0.3,
            "average": 0.2, "bias_lr": 4.0,
        },
    }  # fmt: skip
