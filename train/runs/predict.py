"""Predictions of a finished run for image files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from expand.errors import BadImageError, ExpandError
from expand.layouts.class_folders import list_images
from expand.layouts.layout import AUTO
from train.data.decoding import read_image
from train.data.shape import Shape
from train.errors import TrainError
from train.fit.evaluate import EvalConfig, predict
from train.runs.checkpoints import MODEL, ModelCard, build_model
from train.runs.records import read_run

BATCH = 500
"""As many as evaluation takes at a time: its predictions are those of the run's own test."""


class Prediction(NamedTuple):
    """The most likely class of an image file and its probability; or the problem with the file."""

    file: Path
    label: str
    probability: float
    problem: str = ""


def classify(run: Path, files: list[Path], device: torch.device) -> Iterator[Prediction]:
    """Yield a prediction for each file, in order."""
    model, card = _load_finished(run)
    settings = card.model
    model.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    config = EvalConfig(card.classes, card.normaliser, device, card.precision)
    shape, dtype = card.shape, np.dtype(np.uint16 if card.bits == 16 else np.uint8)
    expected = (settings.height, settings.width, settings.channels)
    for start in range(0, len(files), BATCH):
        batch = [
            (file, _read(file, shape, expected, dtype)) for file in files[start : start + BATCH]
        ]
        yield from _classify_batch(model, batch, config)


def _load_finished(run: Path) -> tuple[nn.Module, ModelCard]:
    """Return the model of a finished run and its card; refuse one that diverged."""
    record = None if (run / MODEL).is_file() else read_run(run)
    if record and record.diverged:
        raise TrainError(f'"{run}" is a run that diverged: {record.diverged.sentence}')
    return build_model(run)


def _classify_batch(
    model: nn.Module, batch: list[tuple[Path, np.ndarray | str]], config: EvalConfig
) -> Iterator[Prediction]:
    """Yield a prediction for each file of a batch: its image, or the problem with it."""
    images = [image for _, image in batch if not isinstance(image, str)]
    likely = iter(predict(model, np.stack(images), config).softmax(dim=1) if images else ())
    for file, image in batch:
        if isinstance(image, str):
            yield Prediction(file, "", 0.0, image)
        else:
            probability, number = next(likely).max(dim=0)
            yield Prediction(file, config.classes[int(number)], float(probability))


def _read(
    file: Path, shape: Shape, expected: tuple[int, ...], dtype: np.dtype[Any]
) -> np.ndarray | str:
    """Return an image as the model takes it, or the problem with it."""
    try:
        image = read_image(file, shape)
    except BadImageError as error:
        return str(error)
    if image.shape != expected:
        size, required = (f"{w}×{h}×{c}" for h, w, c in (image.shape, expected))
        return f"is {size}, the model takes {required} (width×height×channels)"
    if image.dtype != dtype:
        return f"has {8 * image.itemsize} bits, the model takes {8 * dtype.itemsize}"
    return image


def find_images(paths: list[Path], layout: str = AUTO) -> list[Path]:
    """Return the given files, and the images in the given folders, as the other commands list them.

    Raise TrainError if some of them are masks, unless `layout` is "folders".
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            try:
                files += list_images(path, layout)
            except ExpandError as error:
                raise TrainError(str(error)) from error
        elif os.path.lexists(path):
            files.append(path)
        else:
            raise TrainError(f'"{path}" does not exist')
    if not files:
        given = ", ".join(f'"{path}"' for path in paths[:3])
        raise TrainError(f"there are no images to classify in {given}")
    return files
