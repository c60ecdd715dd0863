"""The data of a search: a part of the training set to learn from, the rest to choose by."""

from __future__ import annotations

from dataclasses import replace

from train.data.dataset import Data, originals
from train.data.normalise import measure_pixels
from train.data.subsets import validation_sources
from train.errors import TrainError

SHARE = 0.2
"""The share of the sources that is held out, in each class."""


def hold_out(data: Data) -> Data:
    """Return data whose test images are held-out sources of the training set.

    Groups stay together. The real test images are not in it, and the normaliser is that of the
    sources that are left. Raise TrainError if there are too few sources.
    """
    folder = data.train.folder
    held = validation_sources(folder, SHARE)
    if not held.any():
        raise TrainError(
            f'--tune holds out a fifth of the sources of each class, and "{folder.root}" has too '
            "few: three in a class are the fewest"
        )
    train = data.train._replace(folder=folder.of_sources(~held))
    validation = data.train._replace(name="validation", folder=folder.of_sources(held))
    normalise = measure_pixels(originals(train))
    return replace(data, train=train, validation=None, test=validation, normalise=normalise)
