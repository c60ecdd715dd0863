"""Underfitting: a training that ended while the images it showed were far from being fitted."""

from __future__ import annotations

import math

FAR = 0.45
"""Above this share of the loss left, doubling the epochs of `cnn` raised its test accuracy in every
case that was measured, by 1.7 to 7.4 points; see `docs/training.md`."""
VERY_FAR = 0.65
"""Above this share, twice the epochs were not enough either."""


def lowest_loss(smoothing: float, classes: int) -> float:
    """Return the lowest mean loss that labels smoothed over the classes allow: their entropy."""
    other = smoothing / classes
    shares = [1 - smoothing + other, *[other] * (classes - 1)]
    return -sum(share * math.log(share) for share in shares if share > 0)


def loss_left(loss: float, smoothing: float, classes: int) -> float:
    """Return how much of the loss is left: 1 for guessing, 0 for the lowest loss there is.

    `loss` is the mean training loss of the last epoch, on the images as they were shown: with
    augmentation, on views.
    """
    lowest, guessing = lowest_loss(smoothing, classes), math.log(classes)
    return (loss - lowest) / (guessing - lowest)


def epochs_to_try(epochs: int, left: float) -> int | None:
    """Return how many epochs to try where too much of the loss is left; None if it is not."""
    if not left > FAR:
        return None
    return epochs * (4 if left > VERY_FAR else 2)


def advise(epochs: int, left: float, *, augments: bool) -> str:
    """Say that a training was probably too short, and what to try; "" if it was not.

    `augments`: whether it showed views or copies, which may be too strong.
    """
    more = epochs_to_try(epochs, left)
    if more is None:
        return ""
    loss = (
        f"still has {100 * left:.0f} % of the way to go, from guessing to the lowest possible"
        if left <= 1
        else "is above that of guessing"
    )
    strong = ", the augmentation too strong," if augments else ""
    return (
        f"probably too short: the training loss (on the images as shown) {loss}; try --epochs "
        f"{more:,}. If that changes little, the learning rate is too low{strong} or the model too "
        "small"
    )
