"""The loop: steps, the averages of an epoch, and evaluation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from train.data.normalise import Normaliser, measure_pixels
from train.feed.feed import Batch
from train.fit import evaluate as evaluation
from train.fit.evaluate import EvalConfig, evaluate, predict
from train.fit.hyperparameters import Hyperparameters
from train.fit.loop import fit
from train.fit.precision import autocast
from train.fit.trainer import Epoch, Step, Trainer
from train.models.build import build
from train.models.settings import ModelSettings
from train.runtime.clock import Clock

CPU = torch.device("cpu")
PLAIN = Normaliser((100.0, 110.0, 120.0), (50.0, 60.0, 70.0))
CONFIG = EvalConfig(("ant", "bee", "cat", "dog"), PLAIN, CPU, "fp32")


def noise(count: int, seed: int = 0, side: int = 8) -> np.ndarray:
    """Return N×H×W×3 images of noise."""
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3)).astype(np.uint8)


class Rows:
    """A feed of fixed rows: batches of 8, 8 and 3 images in every epoch."""

    sizes = (8, 8, 3)

    def __init__(self, pixels: np.ndarray, labels: np.ndarray) -> None:
        self.images, self.labels = (
            torch.from_numpy(pixels).permute(0, 3, 1, 2),
            torch.from_numpy(labels),
        )
        self.clock = Clock()

    def batches(self, start: int, stop: int) -> Iterator[Batch]:
        """Yield the batches of some steps."""
        ends = np.cumsum(self.sizes)
        for step in range(start, stop):
            rows = slice(ends[step % 3] - self.sizes[step % 3], ends[step % 3])
            yield Batch(self.images[rows], self.labels[rows])


def trainer_for(recipe: Hyperparameters, name: str = "linear") -> Trainer:
    """Return a trainer of a small net at its first step."""
    torch.manual_seed(0)
    return Trainer(build(ModelSettings(name, 3, 8, 8, 4)), recipe, 3, PLAIN, "fp32")


PIXELS, LABELS = noise(19), np.random.default_rng(1).integers(0, 3, 19)


def test_pixels_are_measured_in_the_image_and_normalised_to_mean_0_and_deviation_1() -> None:
    pixels = noise(50) // np.array([1, 2, 4], np.uint8)
    found = measure_pixels(pixels)
    assert found.mean == pytest.approx(pixels.mean(axis=(0, 1, 2)))
    assert found.deviation == pytest.approx(pixels.std(axis=(0, 1, 2)))
    out = found(torch.from_numpy(pixels).permute(0, 3, 1, 2))
    assert out.dtype == torch.float32
    assert out.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(out.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5)
    assert torch.allclose(out.std(dim=(0, 2, 3)), torch.ones(3), atol=1e-3)


def test_images_without_contrast_are_not_divided_by_0() -> None:
    found = measure_pixels(np.full((3, 4, 4, 1), 7, np.uint8))
    assert (found.mean, found.deviation) == ((7.0,), (1.0,))


def test_a_large_set_is_measured_on_images_spread_over_it() -> None:
    pixels = np.zeros((40_000, 1, 1, 1), np.uint8)
    pixels[20_000:] = 200
    assert measure_pixels(pixels).mean == (100.0,)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_loss_and_accuracy_of_an_epoch_are_averages_over_images_not_batches(
    smoothing: float,
) -> None:
    trainer = trainer_for(Hyperparameters(epochs=2, lr=1e-30, smoothing=smoothing))
    epochs = [event for event in fit(trainer, Rows(PIXELS, LABELS)) if isinstance(event, Epoch)]  # type: ignore[arg-type]
    logits = predict(trainer.model, PIXELS, CONFIG)
    whole = float(cross_entropy(logits, torch.from_numpy(LABELS), label_smoothing=smoothing))
    right = float((logits.argmax(dim=1) == torch.from_numpy(LABELS)).double().mean())
    assert [epoch.loss for epoch in epochs] == pytest.approx([whole, whole], rel=1e-6)
    assert [epoch.accuracy for epoch in epochs] == [right, right]
    parts = [
        cross_entropy(logits[a:b], torch.from_numpy(LABELS[a:b]))
        for a, b in ((0, 8), (8, 16), (16, 19))
    ]
    assert abs(float(sum(parts)) / 3 - whole) > 1e-4  # the average over batches is another number


def test_steps_and_epochs_are_yielded_in_order() -> None:
    trainer = trainer_for(Hyperparameters(epochs=2, lr=0.1))
    feed = Rows(PIXELS, LABELS)
    events = list(fit(trainer, feed))  # type: ignore[arg-type]
    assert [type(event) for event in events] == [Step, Step, Step, Epoch] * 2
    assert [event.images for event in events if isinstance(event, Step)] == [8, 8, 3] * 2
    assert [(event.epoch, event.step) for event in events if isinstance(event, Epoch)] == [
        (1, 3),
        (2, 6),
    ]
    assert feed.clock.compute > 0
    assert feed.clock.evaluate == 0


@pytest.mark.parametrize("times", [1, 8])
def test_a_step_follows_the_gradient_at_the_scheduled_rate_biases_faster(
    times: int,
) -> None:
    trainer = trainer_for(
        Hyperparameters(
            epochs=10, lr=0.5, momentum=0, weight_decay=0, smoothing=0, average=0, bias_lr=times
        )
    )
    batch = next(Rows(PIXELS, LABELS).batches(0, 1))
    before = [value.detach().clone() for value in trainer.model.parameters()]
    loss = cross_entropy(trainer.model(PLAIN(batch.images)), batch.labels)
    gradients = torch.autograd.grad(loss, list(trainer.model.parameters()))
    step = trainer.learn(batch)
    assert float(step.loss) == pytest.approx(float(loss.detach()))
    lr = 0.5 * (0.2 + 0.8 / 6)
    for value, old, gradient in zip(trainer.model.parameters(), before, gradients, strict=True):
        assert torch.allclose(
            value, old - lr * (times if value.ndim == 1 else 1) * gradient, atol=1e-7
        )


def test_the_gradient_is_scaled_by_the_weight_of_the_share() -> None:
    went = []
    for weight in (1.0, 1.5):
        trainer = trainer_for(Hyperparameters(lr=0.5, momentum=0, weight_decay=0, average=0))
        before = trainer.model.state_dict()["1.weight"].clone()
        trainer.learn(next(Rows(PIXELS, LABELS).batches(0, 1))._replace(weight=weight))
        went.append(trainer.model.state_dict()["1.weight"] - before)
    assert torch.allclose(went[1], 1.5 * went[0], atol=1e-6)


def test_training_lowers_the_loss() -> None:
    trainer = trainer_for(Hyperparameters(epochs=20, lr=0.05, smoothing=0))
    epochs = [event for event in fit(trainer, Rows(PIXELS, LABELS)) if isinstance(event, Epoch)]  # type: ignore[arg-type]
    assert epochs[-1].loss < 0.1 * epochs[0].loss
    assert epochs[-1].accuracy == 1


def test_evaluation_uses_the_given_weights_and_keeps_the_models_own() -> None:
    net = build(ModelSettings("cnn", 3, 8, 8, 4, dropout=0.5))
    net.append(nn.BatchNorm1d(4))  # type: ignore[operator]
    own = {name: value.clone() for name, value in net.state_dict().items()}
    given = {name: value + 1 if value.is_floating_point() else value for name, value in own.items()}
    found = evaluate(net, given, PIXELS, LABELS, CONFIG)
    assert all(torch.equal(value, own[name]) for name, value in net.state_dict().items())
    net.load_state_dict(given)
    logits = net.eval()(PLAIN(torch.from_numpy(PIXELS).permute(0, 3, 1, 2)))
    assert found.predicted.tolist() == logits.argmax(dim=1).tolist()
    assert found.loss == pytest.approx(
        float(cross_entropy(logits, torch.from_numpy(LABELS)).detach()), rel=1e-5
    )
    assert found.loss != pytest.approx(evaluate(net, own, PIXELS, LABELS, CONFIG).loss, rel=1e-3)


def test_class_accuracies_add_up_to_the_accuracy_of_all_images() -> None:
    net = build(ModelSettings("linear", 3, 8, 8, 4))
    found = evaluate(net, net.state_dict(), PIXELS, LABELS, CONFIG)
    assert list(found.per_class) == ["ant", "bee", "cat"]  # there is not an image of a dog
    counts = [int((number == LABELS).sum()) for number in range(3)]
    right = sum(
        share * count for share, count in zip(found.per_class.values(), counts, strict=True)
    )
    assert right == pytest.approx(found.accuracy * 19)
    assert found.accuracy == pytest.approx((found.predicted == LABELS).mean())


@pytest.mark.parametrize("pixels", [1, 4 * 64])
def test_predictions_do_not_depend_on_how_many_images_fit(
    pixels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = build(ModelSettings("cnn", 3, 8, 8, 4)).eval()
    together = predict(net, PIXELS, CONFIG)
    monkeypatch.setattr(evaluation, "PIXELS_AT_ONCE", pixels)
    assert torch.allclose(together, predict(net, PIXELS, CONFIG), atol=1e-5)


def test_mirrored_adds_the_logits_of_the_mirrored_image() -> None:
    net = build(ModelSettings("cnn", 3, 8, 8, 4)).eval()
    mirrored = predict(net, PIXELS, EvalConfig(CONFIG.classes, PLAIN, CPU, "fp32", mirrored=True))
    both = predict(net, PIXELS, CONFIG) + predict(
        net, np.ascontiguousarray(PIXELS[:, :, ::-1]), CONFIG
    )
    assert torch.allclose(mirrored, both, atol=1e-5)
    assert not torch.allclose(mirrored, 2 * predict(net, PIXELS, CONFIG), atol=1e-2)


@pytest.mark.parametrize(
    ("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)]
)
def test_a_model_runs_at_the_precision_asked_for(precision: str, dtype: torch.dtype) -> None:
    with autocast(CPU, precision):
        assert nn.Linear(2, 2)(torch.ones(1, 2)).dtype == dtype
