"""Divergence: which numbers stop a run, and what it is told."""

from __future__ import annotations

import math

import pytest
import torch

from tests.train.fit.test_loop import LABELS, PIXELS, Rows, trainer_for
from train.errors import STOPPED
from train.feed.feed import Batch
from train.fit.divergence import DivergedError, Losses, advice, all_finite, first_not_finite
from train.fit.hyperparameters import Hyperparameters
from train.fit.loop import fit
from train.fit.trainer import Epoch, Step, Trainer
from train.models.own import OWN

CALM = Hyperparameters(epochs=3, batch_size=8, lr=0.01, schedule="constant", average=0)


def train_on(trainer: Trainer, epochs: list[Epoch]) -> None:
    """Train to the end, and keep the epochs that ended."""
    for event in fit(trainer, Rows(PIXELS, LABELS)):  # type: ignore[arg-type]
        epochs += [event] if isinstance(event, Epoch) else []


def test_a_loss_that_is_not_finite_stops_training_at_the_end_of_its_epoch() -> None:
    steep = Hyperparameters(epochs=3, batch_size=8, lr=1e38, schedule="constant")
    with pytest.raises(DivergedError) as stopped:
        train_on(trainer_for(steep), [])
    error = stopped.value
    assert error.status == STOPPED
    assert (error.divergence.epoch, error.divergence.step) == (1, 2)
    assert str(error) == (
        "training diverged: the training loss became NaN in epoch 1, at step 2. The same settings "
        "would diverge again; use a lower --lr (it is 1e+38)"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "use a lower --lr (it is 0.05)"),
        ({"lr": 1e30}, "use a lower --lr (it is 1e+30)"),
        ({"weight_decay": 1e30}, "use a lower --weight-decay (it is 1e+30)"),
        ({"momentum": 0.9999}, "use a lower --momentum (it is 0.9999)"),
        ({"bias_lr": 1e9}, "use a lower --bias-lr (it is 1e+09)"),
        (
            {"lr": 50, "weight_decay": 60.0},
            "use a lower --lr (it is 50) and a lower --weight-decay (it is 60)",
        ),
    ],
)
def test_the_advice_names_what_is_beyond_reason(changes: dict[str, float], words: str) -> None:
    settings = Hyperparameters(**changes)  # type: ignore[arg-type]
    assert advice(settings, "fp32") == words
    assert advice(settings, "bf16") == f"{words} or --precision fp32"


def test_the_hyperparameters_of_our_models_are_within_reason() -> None:
    for spec in OWN.values():
        settings = Hyperparameters(**spec.hyperparameters)
        assert "--bias-lr" not in advice(settings, "fp32")
        assert "--weight-decay" not in advice(settings, "fp32")


@pytest.mark.parametrize("at", range(9))
def test_the_first_bad_step_is_named(at: int) -> None:
    trainer, epochs = trainer_for(CALM), list[Epoch]()
    learn = trainer.learn

    def poisoned(batch: Batch) -> Step:
        if trainer.step == at:
            with torch.no_grad():
                next(iter(trainer.model.parameters())).fill_(math.inf)
        return learn(batch)

    trainer.learn = poisoned  # type: ignore[method-assign]
    with pytest.raises(DivergedError) as stopped:
        train_on(trainer, epochs)
    found = stopped.value.divergence
    assert (found.step, found.epoch) == (at + 1, at // 3 + 1)
    assert len(epochs) == at // 3


def test_weights_that_are_not_finite_stop_training_though_every_loss_is() -> None:
    trainer = trainer_for(CALM)
    rows = Rows(PIXELS, LABELS).batches(0, 3)
    for batch in rows:
        trainer.learn(batch)
    with torch.no_grad():
        next(iter(trainer.model.parameters()))[0] = math.nan
    with pytest.raises(DivergedError, match="the weights became NaN or infinite in epoch 1, at"):
        trainer.end_epoch()


def test_the_last_step_is_checked_too() -> None:
    one = Hyperparameters(epochs=1, batch_size=8, lr=1e30, schedule="constant", average=0)
    trainer = trainer_for(one)
    trainer.steps_per_epoch = trainer.steps = 1
    with pytest.raises(DivergedError, match=r"the training loss became .* in epoch 1, at step 1"):
        train_on(trainer, [])


def test_losses_are_joined_and_keep_their_order() -> None:
    losses = Losses()
    for number in range(5000):
        losses.add(torch.tensor(math.inf if number >= 4321 else float(number)))
    assert len(losses.parts) < 1100
    assert first_not_finite(losses.take()) == (4321, math.inf)
    assert first_not_finite(losses.take()) is None


def test_finite_numbers_of_every_kind_pass() -> None:
    fine = [torch.zeros(0), torch.tensor(3), torch.full((2, 2), 3e38), torch.ones(3).bfloat16()]
    assert all_finite(fine)
    for bad in (math.nan, math.inf, -math.inf):
        assert not all_finite([*fine, torch.tensor([1.0, bad])])
