"""Images of 16 bits, and with alpha: whole runs see all that the files hold, and record how."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from expand import Recipe, expand
from expand.images.encoder import encode
from expand.images.formats import Encoding
from tests.conftest import noise_image
from tests.train.commands import CLASSES, refusal, settings_for, train
from tests.train.samples import images_of, pictures, read, sampler_of, write_set
from train.data.shape import FIRST_RULES, Shape
from train.errors import TrainError
from train.feed.dataset import device_images
from train.feed.strategies import Strategy
from train.runs.checkpoints import MODEL, load_model
from train.runs.predict import classify
from train.runs.records import RUN

CPU = torch.device("cpu")
DEPTHS = [("12 bits", "fly", 0, 16), ("offset", "none", 31_000, 8), ("16 bits", "fly", 0, 256)]


def draw_deep(root: Path, count: int, low: int, step: int, seed: int = 0) -> Path:
    """Write images of 16 bits: noise with a bright bar that tells the class, `low` and up."""
    for number, label in enumerate(CLASSES):
        (root / label).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            pixels = noise_image(16, 16, seed=10_000 * seed + 100 * number + index) // 2
            pixels[5 * number : 5 * number + 5] += 100
            deep = (low + pixels.astype(np.uint16) * step).astype(np.uint16)
            (root / label / f"{index:03d}.png").write_bytes(encode(deep, Encoding("PNG")))
    return root


@pytest.mark.parametrize(("_name", "strategy", "low", "step"), DEPTHS)
def test_all_levels_of_16_bits_are_learned_from(
    _name: str, strategy: str, low: int, step: int, tmp_path: Path
) -> None:
    src, test = (draw_deep(tmp_path / str(n), 8, low, step, n) for n in range(2))
    record = train(settings_for(src, test, strategy, epochs=8, model="linear"), tmp_path / "run")
    assert record.results is not None
    assert record.results.test is not None
    assert record.results.test.accuracy > 0.9
    assert record.pixels is not None
    assert (record.pixels.bits, record.pixels.background) == (16, None)
    assert record.pixels.levels is not None
    assert low <= record.pixels.levels[0] < record.pixels.levels[1] <= low + 255 * step
    assert load_model(tmp_path / "run")[1]["bits"] == 16
    guesses = list(classify(tmp_path / "run", sorted(test.rglob("*.png")), CPU))
    right = sum(guess.label == guess.file.parent.name for guess in guesses)
    assert right / len(guesses) == record.results.test.accuracy


def test_copies_and_views_of_16_bits_end_in_the_same_weights(tmp_path: Path) -> None:
    src = draw_deep(tmp_path / "src", 8, 0, 16)
    expand(src, tmp_path / "copies", factor=3, workers=1)
    for shape in (Shape(), Shape(12)):
        weights = []
        for name, data in (("disk", tmp_path / "copies"), ("fly", src)):
            out = tmp_path / f"{name}-{shape.side}"
            train(settings_for(data, None, name, epochs=3, shape=shape), out, workers=0)
            weights.append(load_model(out)[0])
        assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


@pytest.mark.parametrize("recipe", ["classic", "techniques: [erase, noise, flip]"])
def test_views_of_16_bits_in_batches_are_within_one_grey_level_of_256(
    recipe: str, tmp_path: Path
) -> None:
    parsed = Recipe.load(recipe) if recipe == "classic" else Recipe.parse(recipe)
    deep = {
        name: noise_image(16, 16, 3, depth=np.uint16, seed=seed)
        for seed, name in enumerate(pictures())
    }
    sampler = sampler_of(write_set(tmp_path / "src", deep), "fly", recipe=parsed)
    exact = images_of(sampler, tmp_path / "cache")
    batched = device_images(sampler, exact.store.pixels, CPU)
    for epoch in (0, 1, 2):
        difference = read(exact, epoch).astype(int) - read(batched, epoch).astype(int)
        assert np.abs(difference).max() <= 257


def test_a_run_that_began_by_the_first_rules_ends_by_them(tmp_path: Path) -> None:
    src = draw_deep(tmp_path / "src", 8, 0, 256)
    settings = settings_for(src, None, "fly")
    first = replace(settings, shape=Shape(rules=FIRST_RULES))
    whole = train(first, tmp_path / "whole")
    (tmp_path / "begun").mkdir()
    begun = json.loads((tmp_path / "whole" / RUN).read_text())
    assert "pixels" not in begun
    begun = {key: value for key, value in begun.items() if key not in ("results", "cost")}
    (tmp_path / "begun" / RUN).write_text(json.dumps({**begun, "state": "unfinished"}))
    record = train(settings, tmp_path / "begun")
    assert (record.pixels, record.finished) == (None, True)
    files = [(tmp_path / name / MODEL).read_bytes() for name in ("whole", "begun")]
    assert files[0] == files[1]
    assert whole.results == record.results
    now = train(settings, tmp_path / "now")
    assert now.results != whole.results


def test_a_model_of_the_first_rules_reads_16_bits_by_them(tmp_path: Path) -> None:
    src = draw_deep(tmp_path / "src", 4, 0, 256)
    settings = replace(settings_for(src), shape=Shape(rules=FIRST_RULES))
    train(settings, tmp_path / "run")
    guesses = list(classify(tmp_path / "run", sorted(src.rglob("*.png")), CPU))
    assert [guess.problem for guess in guesses] == [""] * 12


def test_images_of_8_and_of_16_bits_are_not_mixed(tmp_path: Path) -> None:
    src = draw_deep(tmp_path / "src", 4, 0, 16)
    shallow = noise_image(16, 16)
    (src / "bee/001.png").write_bytes(encode(shallow, Encoding("PNG")))
    words = f'{src}: "bee/001.png" has 8 bits, others have 16; convert all to one depth'
    assert refusal(src, "--out", tmp_path / "run") == words
    for label in CLASSES:
        (tmp_path / "test" / label).mkdir(parents=True)
        (tmp_path / "test" / label / "1.png").write_bytes(encode(shallow, Encoding("PNG")))
    with pytest.raises(TrainError) as refused:
        train(
            settings_for(draw_deep(tmp_path / "good", 4, 0, 16), tmp_path / "test"), tmp_path / "r"
        )
    words = "test images have 8 bits, training images 16; convert them to one depth"
    assert str(refused.value) == words
    train(settings_for(tmp_path / "good"), tmp_path / "run")
    (guess,) = classify(tmp_path / "run", [tmp_path / "test/ant/1.png"], CPU)
    assert guess.problem == "has 8 bits, the model takes 16"


def draw_transparent(root: Path, count: int, level: int, seed: int = 0) -> Path:
    """Write images whose class can be seen in their alpha alone: a bar of one grey level."""
    for number, label in enumerate(CLASSES):
        (root / label).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            pixels = np.full((16, 16, 4), level, np.uint8)
            pixels[..., 3] = noise_image(16, 16, seed=10_000 * seed + 100 * number + index) // 2
            pixels[5 * number : 5 * number + 5, :, 3] += 100
            (root / label / f"{index:03d}.png").write_bytes(encode(pixels, Encoding("PNG")))
    return root


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("colour", ["rgb", "grey"])
def test_what_only_alpha_shows_is_learned_and_the_background_is_recorded(
    level: int, colour: str, tmp_path: Path
) -> None:
    src, test = (draw_transparent(tmp_path / str(n), 8, level, n) for n in range(2))
    settings = settings_for(
        src, test, epochs=8, model="linear", shape=Shape(colour=colour), allow_leak=True
    )
    record = train(settings, tmp_path / "run")
    assert record.results is not None
    assert record.results.test is not None
    assert record.results.test.accuracy > 0.9
    assert record.pixels is not None
    assert record.pixels.background == 128
    guesses = list(classify(tmp_path / "run", sorted(test.rglob("*.png")), CPU))
    right = sum(guess.label == guess.file.parent.name for guess in guesses)
    assert right / len(guesses) == record.results.test.accuracy


def test_views_of_transparent_images_are_drawn_before_the_background(tmp_path: Path) -> None:
    src = draw_transparent(tmp_path / "src", 6, 0)
    expand(src, tmp_path / "copies", factor=3, workers=1)
    weights = []
    for name, data in (("disk", tmp_path / "copies"), ("fly", src)):
        strategy = Strategy(name, Recipe.load("classic") if name == "fly" else None)
        settings = settings_for(data, None, strategy, epochs=3, shape=Shape(colour="rgb"))
        train(settings, tmp_path / name, workers=0)
        weights.append(load_model(tmp_path / name)[0])
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
