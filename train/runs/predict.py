"""Predict: what a finished run makes of image files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from expand.errors import BadImageError
from expand.images.decoder import decode
from expand.layouts.source import read_source
from train.data.normalise import Normaliser
from train.data.shape import Shape, resize_crop
from train.errors import TrainError
from train.fit.evaluate import EvalConfig, predict
from train.models.build import build
from train.models.settings import ModelSettings
from train.runs.checkpoints import load_model

BATCH = 256


class Prediction(NamedTuple):
    """A file, the class it most likely shows, and how likely the model holds that to be; or why it has none."""

    file: Path
    label: str
    probability: float
    problem: str = ""


def classify(run: Path, files: list[Path], device: torch.device) -> Iterator[Prediction]:
    """Yield a guess for each file, in order; a bad image gets its reason instead."""
    state, card = load_model(run)
    settings = ModelSettings(**{**card["model"], "pretrained": False})
    model = build(settings)
    model.load_state_dict(state)
    model.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    normaliser = Normaliser(*(tuple(values) for values in card["normaliser"].values()))
    config = EvalConfig(tuple(card["classes"]), normaliser, device, "fp32")
    shape, expected = Shape(**card["shape"]), (settings.height, settings.width, settings.channels)
    for start in range(0, len(files), BATCH):
        part = files[start : start + BATCH]
        read = [_read(file, shape, expected) for file in part]
        images = [image for image in read if not isinstance(image, str)]
        likely = iter(predict(model, np.stack(images), config).softmax(dim=1) if images else ())
        for file, image in zip(part, read, strict=True):
            if isinstance(image, str):
                yield Prediction(file, "", 0.0, image)
            else:
                probability, number = next(likely).max(dim=0)
                yield Prediction(file, config.classes[int(number)], float(probability))


def _read(file: Path, shape: Shape, expected: tuple[int, ...]) -> np.ndarray | str:
    """Return an image as the model takes it, or what is wrong with it."""
    try:
        image = resize_crop(decode(read_source(file)).pixels, shape)
    except BadImageError as error:
        return str(error)
    if image.shape != expected:
        found, wanted = ("×".join(map(str, (s[1], s[0], s[2]))) for s in (image.shape, expected))
        return f"is {found}, the model takes {wanted} (width×height×channels)"
    return image


def find_images(paths: list[Path]) -> list[Path]:
    """Return the files that are meant: those that are named, and the images in folders that are named."""
    from expand.images.formats import SUFFIXES

    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
        elif path.exists():
            found.append(path)
        else:
            raise TrainError(f'"{path}" does not exist')
    if not found:
        raise TrainError("there are no images to classify")
    return found
