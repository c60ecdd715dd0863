"""Predictions of a finished run for files and folders, and images that it cannot use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from expand.images.decoder import decode
from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.recipes.recipe import Recipe as Techniques
from tests.conftest import noise_image
from tests.train.commands import call, draw_set, refusal, settings_for, train
from train.data.normalise import Normaliser
from train.data.shape import Shape
from train.errors import TrainError
from train.feed.strategies import Strategy
from train.models.build import build
from train.models.settings import ModelSettings
from train.runs.checkpoints import MODEL, load_model
from train.runs.predict import BATCH, classify, find_images

CPU = torch.device("cpu")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return a finished run."""
    train(settings_for(draw_set(tmp_path / "src"), epochs=6), tmp_path / "run")
    return tmp_path / "run"


def test_predictions_have_the_precision_of_the_evaluation(tmp_path: Path) -> None:
    src, test = draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 8, seed=1)
    settings = settings_for(src, test, epochs=2, precision="bf16")
    record = train(settings, tmp_path / "run")
    guesses = list(classify(tmp_path / "run", find_images([test]), CPU))
    right = sum(guess.label == guess.file.parent.name for guess in guesses)
    assert record.results is not None
    assert record.results.test is not None
    assert right / len(guesses) == record.results.test.accuracy
    # probabilities in bf16 are not those in fp32
    path = tmp_path / "run" / MODEL
    plain = path.read_bytes().replace(
        b'\\"precision\\": \\"bf16\\"', b'\\"precision\\": \\"fp32\\"'
    )
    assert plain != path.read_bytes()
    path.write_bytes(plain)
    exact = list(classify(tmp_path / "run", find_images([test]), CPU))
    assert [guess.probability for guess in exact] != [guess.probability for guess in guesses]


def test_predictions_are_those_of_the_model(run: Path, tmp_path: Path) -> None:
    test = draw_set(tmp_path / "test", 3, seed=1)
    files = find_images([test])
    guesses = list(classify(run, files, CPU))
    assert [prediction.file for prediction in guesses] == files == sorted(test.rglob("*.png"))
    state, card = load_model(run)
    model = build(ModelSettings(**card["model"]))
    model.load_state_dict(state)
    normalise = Normaliser(**{key: tuple(values) for key, values in card["normaliser"].items()})
    pixels = np.stack([decode(file.read_bytes()).pixels for file in files])
    with torch.no_grad():
        likely = model.eval()(normalise(torch.from_numpy(pixels).permute(0, 3, 1, 2))).softmax(
            dim=1
        )
    assert [prediction.label for prediction in guesses] == [
        card["classes"][number] for number in likely.argmax(dim=1)
    ]
    assert [prediction.probability for prediction in guesses] == pytest.approx(
        likely.max(dim=1).values.tolist(), abs=1e-6
    )
    assert [prediction.label for prediction in guesses] == [
        file.parent.name for file in files
    ]  # it has learned them


def test_predictions_on_the_test_set_have_its_recorded_accuracy(tmp_path: Path) -> None:
    src, test = (
        draw_set(tmp_path / "src"),
        draw_set(tmp_path / "test", classes=("bee", "ant", "cat"), seed=1),
    )
    views = Strategy("fly", Techniques.load("classic"))
    record = train(
        settings_for(src, test, views, epochs=1, average=0.5, dropout=0.2), tmp_path / "run"
    )
    guesses = list(classify(tmp_path / "run", find_images([test]), CPU))
    right = sum(prediction.label == prediction.file.parent.name for prediction in guesses)
    assert record.results is not None
    assert record.results.test is not None
    assert right / 24 == pytest.approx(record.results.test.accuracy)
    assert 0 < right < 24  # two classes have each other's names


def test_a_bad_image_is_reported_and_the_others_are_classified(run: Path, tmp_path: Path) -> None:
    src = tmp_path / "src"
    bad, small, grey = (src / f"ant/{name}.png" for name in ("bad", "small", "grey"))
    bad.write_bytes(b"hello")
    small.write_bytes(encode(noise_image(9, 16, 3), Encoding("PNG")))
    grey.write_bytes(encode(noise_image(16, 16), Encoding("PNG")))
    files = [bad, src / "ant/000.png", small, grey, src / "cat/001.png"]
    guesses = list(classify(run, files, CPU))
    assert [prediction.file for prediction in guesses] == files
    assert [prediction.label for prediction in guesses] == ["", "ant", "", "", "cat"]
    assert guesses[0].problem.startswith("is not an image")
    assert guesses[2].problem == "is 16×9×3, the model takes 16×16×3 (width×height×channels)"
    assert guesses[3].problem == "is 16×16×1, the model takes 16×16×3 (width×height×channels)"
    shown = call("predict", run, *files)
    assert shown.return_value == 1
    assert [line.split("\t")[:2] for line in shown.stdout.splitlines()] == [
        [str(files[1]), "ant"],
        [str(files[4]), "cat"],
    ]
    assert [line.split('" ')[0] for line in shown.stderr.splitlines()] == [
        f'"{file}' for file in (bad, small, grey)
    ]
    assert call("predict", run, bad).return_value == 1
    assert call("predict", run, files[1]).return_value == 0


def test_images_are_brought_to_the_shape_that_the_run_was_trained_in(tmp_path: Path) -> None:
    train(
        settings_for(draw_set(tmp_path / "src", size=24), shape=Shape(16, "grey"), epochs=1),
        tmp_path / "run",
    )
    other = tmp_path / "photo.jpg"
    other.write_bytes(encode(noise_image(50, 70, 3), Encoding("JPEG", 90)))
    (prediction,) = classify(tmp_path / "run", [other], CPU)
    assert prediction.label in ("ant", "bee", "cat")
    assert 1 / 3 <= prediction.probability <= 1


def test_many_files_are_classified_in_batches_and_in_order(run: Path, tmp_path: Path) -> None:
    files = find_images([tmp_path / "src"]) * 24
    assert len(files) > BATCH
    labels = [prediction.label for prediction in classify(run, files, CPU)]
    assert labels == labels[:24] * 24


def test_files_and_folders_are_found(tmp_path: Path) -> None:
    folder = draw_set(tmp_path / "set", 2)
    (folder / "notes.txt").write_text("no image")
    (folder / "ant/UPPER.PNG").write_bytes((folder / "ant/000.png").read_bytes())
    found = find_images([folder / "cat/001.png", folder / "ant"])
    assert found == [
        folder / "cat/001.png",
        *(folder / f"ant/{name}" for name in ("000.png", "001.png", "UPPER.PNG")),
    ]
    with pytest.raises(TrainError, match=f'^"{folder}/dog" does not exist$'):
        find_images([folder / "dog"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        TrainError, match=f'^there are no images to classify in "{tmp_path}/empty"$'
    ):
        find_images([tmp_path / "empty"])


def test_an_unfinished_run_cannot_predict(run: Path, tmp_path: Path) -> None:
    (run / MODEL).unlink()
    assert (
        refusal("predict", run, tmp_path / "src")
        == f'"{run}" has no model.safetensors: it is not a finished run'
    )
    nowhere = tmp_path / "nowhere"
    assert refusal("predict", nowhere, tmp_path / "src") == f'"{nowhere}" does not exist'
    (run / MODEL).write_bytes(b"damaged")
    assert refusal("predict", run, tmp_path / "src").startswith(f'"{run / MODEL}" is damaged (')
    assert (
        refusal("predict", run, tmp_path / "src", "--device", "tpu")
        == "'tpu' is not one of 'auto', 'cpu', 'cuda'."
    )
