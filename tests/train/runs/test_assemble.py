"""Assembling a run: its pixel store, its renderer, its workers and its first weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from expand import expand
from expand.engines.choose import available_cores
from expand.recipes.recipe import Recipe as Techniques
from tests.train.commands import draw_set, settings_for
from train.data.cache import Cache
from train.data.dataset import prepare
from train.data.shape import Shape
from train.errors import TrainError
from train.feed.dataset import ViewDataset
from train.feed.stores import DecodedStore, DeviceStore, FileStore
from train.feed.strategies import Strategy
from train.models.fast import FastNet
from train.runs import feeds
from train.runs.assemble import Setup, set_up
from train.runs.settings import Settings

CPU = torch.device("cpu")


def assembled(settings: Settings, workers: int | None = None) -> Setup:
    """Return a run at its first step."""
    data = prepare(settings.data_request(), Cache(), lambda _folder: lambda _images: None)
    return set_up(settings, data, CPU, Cache(), workers=workers)


def store_of(setup: Setup) -> object:
    """Return the pixel store of a run."""
    assert isinstance(setup.feed.images, ViewDataset)
    return setup.feed.images.store


def blurring(tmp_path: Path) -> Strategy:
    """Return a strategy with a technique that has no batched form."""
    file = tmp_path / "blur.yaml"
    file.write_text("techniques: [flip, GaussianBlur: {sigma_limit: [0.5, 2]}]")
    return Strategy("fly", Techniques.load(str(file)))


def test_a_plain_set_is_read_from_memory(tmp_path: Path) -> None:
    setup = assembled(settings_for(draw_set(tmp_path / "src")))
    assert isinstance(store_of(setup), DecodedStore)
    assert (setup.feed.workers, setup.renderer) == (0, "exact")
    assert (
        setup.description
        == "cnn: 22,467 parameters, fp32, cpu\nnone: 24 sources per epoch; read from memory"
    )
    assert (setup.trainer.step, setup.trainer.steps, setup.trainer.steps_per_epoch) == (0, 6, 3)


def test_views_are_rendered_in_this_process_or_in_the_given_number_of_workers(
    tmp_path: Path,
) -> None:
    src = draw_set(tmp_path / "src")
    alone = assembled(settings_for(src, strategy="fly"))
    assert alone.description.endswith(
        "\nfly: 24 sources per epoch; views by the exact renderer, in this process"
    )
    three = assembled(settings_for(src, strategy="fly"), workers=3)
    assert three.feed.workers == 3
    assert three.description.endswith("views by the exact renderer, by 3 worker processes")


def test_techniques_without_a_batched_form_get_workers_where_there_are_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    src = draw_set(tmp_path / "src")
    for cores, workers in ((2, 0), (5, 4)):
        monkeypatch.setattr(feeds, "available_cores", lambda cores=cores: cores)
        feed = assembled(settings_for(src, strategy=blurring(tmp_path))).feed
        assert feed.workers == workers


def test_the_batched_renderer_is_used_on_request(tmp_path: Path) -> None:
    src = draw_set(tmp_path / "src")
    setup = assembled(settings_for(src, strategy="fly", renderer="batched"))
    assert isinstance(store_of(setup), DeviceStore)
    assert setup.renderer == "batched"
    assert setup.description.endswith("views in batches on the device")
    plain = assembled(settings_for(src, renderer="batched"))
    assert plain.description.endswith("held on the device")
    with pytest.raises(
        TrainError, match="^GaussianBlur cannot be rendered in batches; --renderer exact$"
    ):
        assembled(settings_for(src, strategy=blurring(tmp_path), renderer="batched"))


def test_views_of_resized_images_are_rendered_from_their_files(tmp_path: Path) -> None:
    settings = settings_for(draw_set(tmp_path / "src"), strategy="fly", shape=Shape(8))
    setup = assembled(settings)
    assert isinstance(store_of(setup), FileStore)
    assert setup.feed.workers == max(1, available_cores() - 1)
    assert (
        f"read from their files by {setup.feed.workers} worker processes at every visit"
        in setup.description
    )
    here = assembled(settings, workers=0).feed
    assert here.workers == 0
    assert next(here.batches(0, 1)).images.shape == (8, 3, 8, 8)


def test_the_description_of_visit_all_has_the_number_of_steps(tmp_path: Path) -> None:
    src = draw_set(tmp_path / "src")
    expand(src, tmp_path / "copies", factor=3, workers=1)
    setup = assembled(
        settings_for(tmp_path / "copies", strategy=Strategy("disk", visit_all=True)), tmp_path
    )
    assert (
        "disk: 72 files per epoch, 3 times the steps of one visit to each source; read from memory"
        in setup.description
    )
    assert setup.trainer.steps_per_epoch == 9


def test_the_seed_decides_the_first_weights(tmp_path: Path) -> None:
    src = draw_set(tmp_path / "src")
    states = [
        assembled(settings_for(src, seed=seed)).trainer.model.state_dict() for seed in (0, 0, 1)
    ]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not any(torch.equal(states[0][name], states[2][name]) for name in states[0])


def test_the_fast_net_is_prepared_with_untouched_training_images(tmp_path: Path) -> None:
    src = draw_set(tmp_path / "src")
    expand(src, tmp_path / "copies", factor=3, workers=1)
    nets = [
        assembled(settings_for(data, strategy=strategy, model="fast")).trainer.model
        for data, strategy in ((src, "none"), (tmp_path / "copies", "disk"))
    ]
    assert all(isinstance(net, FastNet) for net in nets)
    weights = [net.state_dict()["whiten.weight"] for net in nets]
    assert torch.equal(*weights)
    fresh = FastNet(3, 3)
    assert weights[0].std() != pytest.approx(float(fresh.whiten.weight.std()), rel=0.1)


def test_the_fast_net_is_prepared_with_images_of_all_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.runs.assemble.PREPARE_IMAGES", 6)
    seen: list[torch.Tensor] = []
    monkeypatch.setattr(
        "train.runs.assemble.prepare", lambda _net, _model, images: seen.append(images())
    )
    src = draw_set(tmp_path / "src")  # the bright bar is higher or lower, by the class
    assembled(settings_for(src, model="fast"))
    rows = seen[0].mean(dim=(1, 3))[:, :15]
    bars = rows.reshape(6, 3, 5).mean(dim=2).argmax(dim=1)
    assert bars.tolist() == [0, 0, 1, 1, 2, 2]


def test_a_measured_precision_is_kept_beside_the_packs(tmp_path: Path) -> None:
    settings = settings_for(draw_set(tmp_path / "src"), precision="auto")
    setup = assembled(settings)
    assert list(json.loads((Cache().root / "precision.json").read_text()).values()) == [
        setup.trainer.precision
    ]
    assert f", {setup.trainer.precision}, cpu" in setup.description
