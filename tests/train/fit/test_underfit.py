"""Underfitting: how much of the training loss is left, and which trainings are called too short."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from train.fit.underfit import advise, epochs_to_try, loss_left, lowest_loss


@given(smoothing=st.floats(0, 0.9), classes=st.integers(2, 1000))
def test_the_lowest_loss_is_that_of_the_smoothed_target_itself(
    smoothing: float, classes: int
) -> None:
    target = torch.full((classes,), smoothing / classes, dtype=torch.float64)
    target[0] += 1 - smoothing
    logits = target.clamp(min=1e-30).log()[None]
    found = cross_entropy(logits, torch.tensor([0]), label_smoothing=smoothing)
    assert lowest_loss(smoothing, classes) == pytest.approx(float(found), abs=1e-9)


def test_guessing_leaves_all_of_the_loss_and_the_best_possible_none() -> None:
    assert loss_left(math.log(10), 0.1, 10) == pytest.approx(1)
    assert loss_left(lowest_loss(0.1, 10), 0.1, 10) == 0


@pytest.mark.parametrize(
    ("left", "more"),
    [
        (0.852, 40),
        (0.68, 40),
        (0.6, 20),
        (0.496, 20),
        (0.391, None),
        (0.08, None),
        (math.nan, None),
    ],
)
def test_what_is_left_decides_how_many_epochs_to_try(left: float, more: int | None) -> None:
    # the values are those of cnn on CIFAR-10 that the rule was made from: docs/training.md
    assert epochs_to_try(10, left) == more
    assert bool(advise(10, left, augments=True)) == (more is not None)
    assert more is None or f"try --epochs {more}." in advise(10, left, augments=True)


def test_a_loss_above_that_of_guessing_is_named_instead_of_a_share() -> None:
    assert "is above that of guessing; try --epochs 12." in advise(3, 32.04, augments=True)
    assert "%" not in advise(3, 32.04, augments=True)


def test_augmentation_is_blamed_only_where_there_is_some() -> None:
    assert advise(10, 0.5, augments=True).endswith(
        "the learning rate is too low, the augmentation too strong, or the model too small"
    )
    assert advise(10, 0.5, augments=False).endswith(
        "the learning rate is too low or the model too small"
    )
