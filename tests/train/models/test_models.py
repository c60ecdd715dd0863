"""Models: their shapes and sizes, invalid settings, and the first weights of the fast net."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from train.errors import TrainError
from train.models.build import build, count_parameters, to_logits
from train.models.fast import LOGIT_SCALE, FastNet, GlobalMaxPool, conv, norm, whiten
from train.models.settings import ModelSettings

GREY_28 = ModelSettings("cnn", 1, 28, 28, 10)


def shapes_on_the_way(net: nn.Module, images: torch.Tensor) -> list[tuple[int, ...]]:
    """Return the shape of each layer's output."""
    shapes: list[tuple[int, ...]] = []
    for layer in net.children():
        images = layer(images)
        if not shapes or tuple(images.shape[1:]) != shapes[-1]:
            shapes.append(tuple(images.shape[1:]))
    return shapes


def test_the_cnn_is_that_of_the_article() -> None:
    net = build(GREY_28)
    assert shapes_on_the_way(net, torch.zeros(2, 1, 28, 28)) == [
        (32, 28, 28),
        (32, 14, 14),
        (64, 14, 14),
        (64, 7, 7),
        (64 * 7 * 7,),
        (10,),
    ]
    assert (
        count_parameters(net)
        == (32 * 9 + 32) + (64 * 32 * 9 + 64) + (64 * 7 * 7 * 10 + 10)
        == 50_186
    )


def test_pooling_before_relu_is_pooling_after_it() -> None:
    net = build(GREY_28)
    assert isinstance(net, nn.Sequential)
    after = nn.Sequential(*(net[index] for index in (0, 2, 1, 3, 5, 4, 6, 7, 8)))
    images = torch.randn(3, 1, 28, 28)
    assert torch.equal(net(images), after(images))


def test_the_linear_net_has_two_hidden_layers_of_512() -> None:
    net = build(replace(GREY_28, name="linear"))
    assert shapes_on_the_way(net, torch.zeros(2, 1, 28, 28)) == [(784,), (512,), (10,)]
    assert count_parameters(net) == (784 * 512 + 512) + (512 * 512 + 512) + (512 * 10 + 10)


@pytest.mark.parametrize(
    ("name", "channels", "height", "width"),
    [
        ("cnn", 1, 28, 28),
        ("cnn", 4, 21, 33),
        ("linear", 3, 5, 9),
        ("vgg11", 1, 28, 28),
        ("vgg16", 3, 16, 16),
        ("fast", 1, 28, 28),
        ("fast", 3, 16, 40),
        ("fast-wide", 3, 32, 32),
        ("resnet8", 1, 5, 4),
        ("resnet20", 3, 32, 32),
        ("resnet18", 1, 28, 28),
        ("resnet18", 3, 32, 32),
        ("resnet18", 3, 64, 64),
        ("squeezenet1_1", 3, 64, 64),
    ],
)
def test_a_model_gives_a_logit_for_each_class(
    name: str, channels: int, height: int, width: int
) -> None:
    net = build(ModelSettings(name, channels, height, width, 7)).eval()
    with torch.no_grad():
        assert to_logits(net, torch.zeros(2, channels, height, width)).shape == (2, 7)


@pytest.mark.parametrize(("depth", "convolutions"), [(11, 8), (16, 13)])
def test_vgg_drops_the_pools_that_are_too_many_for_small_images(
    depth: int, convolutions: int
) -> None:
    def count(net: nn.Module, kind: type) -> int:
        return sum(isinstance(layer, kind) for layer in net.modules())

    with torch.device("meta"):
        small = build(ModelSettings(f"vgg{depth}", 1, 12, 12, 10))
        usual = build(ModelSettings(f"vgg{depth}", 3, 32, 32, 10))
    assert (count(small, nn.Conv2d), count(small, nn.MaxPool2d), count(small, nn.Linear)) == (
        convolutions,
        3,
        1,
    )
    assert (count(usual, nn.Conv2d), count(usual, nn.MaxPool2d), count(usual, nn.Linear)) == (
        convolutions,
        5,
        1,
    )


def test_vgg_has_its_own_head_from_224_pixels_on() -> None:
    with torch.device("meta"):
        large = build(ModelSettings("vgg11", 3, 224, 224, 10))
    assert sum(isinstance(layer, nn.Linear) for layer in large.modules()) == 3
    assert (
        128_000_000 < count_parameters(large) < 130_000_000
    )  # of 132.9 million, 990 classes × 4,097 less


def test_small_images_get_a_stem_that_keeps_their_size() -> None:
    small, large = (build(ModelSettings("resnet18", 1, side, side, 10)) for side in (32, 64))
    assert isinstance(small.conv1, nn.Conv2d)
    assert isinstance(large.conv1, nn.Conv2d)
    assert (small.conv1.in_channels, small.conv1.kernel_size, small.conv1.stride) == (
        1,
        (3, 3),
        (1, 1),
    )
    assert isinstance(small.maxpool, nn.Identity)
    assert (large.conv1.in_channels, large.conv1.kernel_size, large.conv1.stride) == (
        1,
        (7, 7),
        (2, 2),
    )
    assert isinstance(large.maxpool, nn.MaxPool2d)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"name": "resnet81"},
            '--model: "resnet81" is not a model: cnn, linear, vgg11, vgg16, fast, fast-wide, resnet8, resnet20, or one of torchvision; did you mean "resnet8"?',
        ),
        (
            {"name": "qqq"},
            '--model: "qqq" is not a model: cnn, linear, vgg11, vgg16, fast, fast-wide, resnet8, resnet20, or one of torchvision',
        ),
        ({"height": 3}, '"cnn" needs images of at least 4×4 pixels, these are 28×3'),
        (
            {"name": "fast", "width": 15},
            '"fast" needs images of at least 16×16 pixels, these are 15×28',
        ),
        (
            {"name": "cnn", "pretrained": True},
            '"cnn" has no pretrained weights; torchvision\'s models have',
        ),
        ({"dropout": 1.0}, "--dropout must be at least 0 and below 1, got 1.0"),
        ({"dropout": -0.1}, "--dropout must be at least 0 and below 1, got -0.1"),
        ({"classes": 1}, "there is only one class; a classifier needs two"),
    ],
)
def test_invalid_model_settings_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainError) as error:
        build(replace(GREY_28, **changes))
    assert str(error.value) == message


def test_a_model_of_torchvision_that_does_not_take_the_images_is_refused() -> None:
    with pytest.raises(
        TrainError, match=r'^"alexnet" does not take images of 28×28 pixels \(.+\)$'
    ):
        build(replace(GREY_28, name="alexnet"))


def test_checking_a_model_leaves_it_in_training_mode() -> None:
    net = build(replace(GREY_28, name="resnet18"))
    assert net.training
    assert isinstance(net.bn1, nn.BatchNorm2d)
    assert torch.equal(net.bn1.running_mean, torch.zeros(64))  # type: ignore[arg-type]


def test_pretrained_weights_keep_all_but_the_last_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision import models

    torch.manual_seed(3)
    trained = models.resnet18(weights=None)  # instead of a download
    monkeypatch.setattr(
        models,
        "get_model",
        lambda name, weights: trained if (name, weights) == ("resnet18", "DEFAULT") else None,
    )
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    net = build(ModelSettings("resnet18", 3, 64, 64, 10, pretrained=True))
    after = net.state_dict()
    assert [name for name in before if not torch.equal(before[name], after[name])] == [
        "fc.weight",
        "fc.bias",
    ]
    assert after["fc.weight"].shape == (10, 512)


@pytest.mark.parametrize("name", ["cnn", "linear", "fast"])
def test_dropout_is_active_in_training_only(name: str) -> None:
    net = build(ModelSettings(name, 3, 16, 16, 4, dropout=0.5))
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 0.0
    images = torch.randn(4, 3, 16, 16)
    assert not torch.equal(net(images), net(images))
    net.eval()
    assert torch.equal(net(images), net(images))


def test_to_logits_takes_the_first_of_a_tuple() -> None:
    class Pair(nn.Module):
        def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, None]:
            return images.bfloat16(), None

    logits = to_logits(Pair(), torch.ones(2, 3))
    assert logits.dtype == torch.float32
    assert logits.tolist() == [[1, 1, 1], [1, 1, 1]]


def test_the_fast_nets_first_layer_whitens_patches() -> None:
    torch.manual_seed(0)
    steps = (
        torch.randn(200, 3, 24, 24).cumsum(2).cumsum(3)
    )  # neighbouring pixels correlate, as in photographs
    net = FastNet(3, 10)
    whiten(net, steps)
    out = net.whiten(steps).double().transpose(0, 1).flatten(1)
    assert out.shape[0] == 24
    assert torch.equal(out[12:], -out[:12])
    covariance = out[:12] @ out[:12].T / out.shape[1]
    assert (covariance - torch.eye(12)).abs().max() < 0.01
    assert (covariance - torch.diag(covariance.diagonal())).abs().max() < 1e-3
    assert not net.whiten.weight.requires_grad


def test_its_convolutions_start_as_the_identity() -> None:
    images = torch.randn(2, 5, 8, 8)
    assert torch.allclose(conv(5, 9)(images)[:, :5], images)
    assert conv(5, 9).weight[5:].abs().min() > 0


def test_its_norms_learn_a_bias_and_no_scale() -> None:
    layer = norm(4)
    assert (layer.weight.requires_grad, layer.bias.requires_grad) == (False, True)
    learned = {
        name for name, parameter in FastNet(3, 10).named_parameters() if parameter.requires_grad
    }
    assert not [name for name in learned if "norm" in name and name.endswith("weight")]
    assert "whiten.weight" not in learned


def test_its_logits_are_scaled_down() -> None:
    net = FastNet(3, 10).eval()
    images = torch.randn(2, 3, 16, 16)
    plain = net.out(net.head(net.blocks(net.activation(net.whiten(images)))))
    assert torch.allclose(net(images), plain * LOGIT_SCALE)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_its_global_pool_has_the_bits_of_torchs_own(precision: torch.dtype) -> None:
    values = (2 * torch.randn(5, 7, 4, 3)).round().to(precision)  # with equal largest values
    values = values.contiguous(memory_format=torch.channels_last)
    one, other = (values.detach().clone().requires_grad_() for _ in range(2))
    mine, theirs = GlobalMaxPool()(one), torch.nn.AdaptiveMaxPool2d(1)(other)
    wanted = torch.randn(5, 7, 1, 1).to(precision)
    mine.backward(wanted)
    theirs.backward(wanted)
    assert torch.equal(mine, theirs)
    assert torch.equal(one.grad, other.grad)
