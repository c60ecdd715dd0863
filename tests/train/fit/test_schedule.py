"""The learning rate schedule, the optimizer, the average of the weights, and presets."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from train.errors import TrainError
from train.fit.hyperparameters import Hyperparameters, preset
from train.fit.optimizer import Average, learning_rate, make_optimizer


@given(st.integers(1, 2000), st.sampled_from(["one-cycle", "cosine"]))
def test_the_learning_rate_warms_up_for_a_fifth_and_decays_to_almost_zero(
    steps: int, schedule: str
) -> None:
    recipe = Hyperparameters(lr=0.5, schedule=schedule)
    rates = [learning_rate(recipe, step, steps) for step in range(steps)]
    peak = max(range(steps), key=rates.__getitem__)
    assert min(rates) > 0
    assert max(rates) <= 0.5 * (1 + 1e-12)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert abs(peak - 0.2 * steps) <= 1
    if steps >= 10:
        assert max(rates) > 0.5 * 0.98
        assert rates[-1] <= 0.5 / (0.8 * steps) * 1.001


def test_a_cycle_of_ten_steps() -> None:
    shown = [round(learning_rate(Hyperparameters(lr=1), step, 10), 4) for step in range(10)]
    assert shown == [0.6, 1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]
    halves = [
        round(learning_rate(Hyperparameters(lr=1, schedule="cosine"), step, 10), 4)
        for step in range(10)
    ]
    assert halves == [0.6, 1.0, 1.0, 0.9619, 0.8536, 0.6913, 0.5, 0.3087, 0.1464, 0.0381]


@given(st.integers(1, 500), st.data())
def test_a_constant_rate_is_constant(steps: int, data: st.DataObject) -> None:
    step = data.draw(st.integers(0, steps - 1))
    assert learning_rate(Hyperparameters(lr=0.3, schedule="constant"), step, steps) == 0.3


def test_norms_and_biases_are_not_decayed() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    optimizer = make_optimizer(model, Hyperparameters(lr=0.1, weight_decay=0.5, momentum=0))
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for name, value in model.named_parameters():
        decayed = name in ("0.weight", "3.weight")
        assert torch.allclose(value, before[name] * (0.95 if decayed else 1.0)), name


def test_frozen_parameters_are_not_given_to_the_optimizer() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2, bias=False).requires_grad_(False))
    assert (
        sum(len(group["params"]) for group in make_optimizer(model, Hyperparameters()).param_groups)
        == 2
    )
    assert len(make_optimizer(nn.Linear(2, 2, bias=False), Hyperparameters()).param_groups) == 1


def test_momentum_is_nesterovs() -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    optimizer = make_optimizer(model, Hyperparameters(lr=1, momentum=0.5, weight_decay=0))
    went = []
    for _ in range(3):
        model.weight.grad = torch.ones(1, 1)
        optimizer.step()
        went.append(float(model.weight.detach()))
    assert went == [
        -1.5,
        -3.25,
        -5.125,
    ]  # steps of 1 + 0.5 × (the sum of past gradients, halved each time)


@pytest.mark.parametrize(("share", "steps"), [(0.03, 100), (0.1, 20), (0.5, 8)])
def test_the_average_halves_the_weight_of_the_past_in_its_half_life(
    share: float, steps: int
) -> None:
    model = nn.Linear(1, 1)
    nn.init.zeros_(model.weight)
    average = Average(model, Hyperparameters(average=share), steps)
    nn.init.ones_(model.weight)
    for _ in range(round(share * steps)):
        average.update()
    assert float(average.state()["weight"]) == pytest.approx(0.5, abs=1e-6)


def test_statistics_of_norms_are_averaged_and_their_counters_are_not() -> None:
    model = nn.BatchNorm1d(1)
    average = Average(model, Hyperparameters(average=0.5), 2)
    model(torch.tensor([[0.0], [2.0]]))
    average.update()
    state, own = average.state(), model.state_dict()
    assert float(own["running_mean"]) == pytest.approx(0.1)
    assert float(state["running_mean"]) == pytest.approx(0.05)
    assert (int(own["num_batches_tracked"]), int(state["num_batches_tracked"])) == (1, 0)


def test_without_an_average_the_models_own_weights_are_used() -> None:
    model = nn.Linear(1, 1)
    average = Average(model, Hyperparameters(average=0), 10)
    nn.init.constant_(model.weight, 7)
    average.update()
    assert float(average.state()["weight"]) == 7


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "--epochs must be at least 1, got 0"),
        ({"batch_size": 0}, "--batch-size must be at least 1, got 0"),
        ({"lr": 0.0}, "--lr must be above 0, got 0.0"),
        ({"lr": float("inf")}, "--lr must be above 0, got inf"),
        ({"lr": float("nan")}, "--lr must be above 0, got nan"),
        ({"schedule": "warm"}, "--schedule must be one-cycle, cosine, constant, got 'warm'"),
        ({"smoothing": 1.0}, "--smoothing must be at least 0 and below 1, got 1.0"),
        ({"momentum": -0.5}, "--momentum must be at least 0 and below 1, got -0.5"),
        ({"weight_decay": -1.0}, "--weight-decay must be at least 0, got -1.0"),
        ({"average": -0.1}, "--average must be at least 0, got -0.1"),
        ({"bias_lr": -1.0}, "--bias-lr must be at least 0, got -1.0"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_option(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(TrainError) as error:
        Hyperparameters(**changes)
    assert str(error.value) == message


def test_presets_by_name() -> None:
    assert preset("cnn", "default") == Hyperparameters(
        10, 128, 0.05, 0.9, 5e-4, "one-cycle", 0.1, 0.03
    )
    fast = Hyperparameters(10, 128, 0.25, 0.9, 5e-4, "one-cycle", 0.2, 0.03, 32.0)
    assert preset("fast", "default") == preset("fast-wide", "default") == fast
    assert (
        preset("fast", "blog")
        == preset("cnn", "blog")
        == Hyperparameters(5, 64, 1e-3, 0.0, 0.0, "constant", 0.0, 0.0)
    )
    assert preset("cnn", "blog", epochs=7, lr=None).epochs == 7
    with pytest.raises(TrainError, match="^--preset must be default or blog, got 'best'$"):
        preset("cnn", "best")
