"""The feed: the same batches from any step, in any process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from expand import Recipe, expand
from expand.errors import ExpandError
from tests.conftest import examples
from tests.train.samples import images_of, pictures, read, sampler_of, write_set
from train.data.shape import Shape
from train.errors import STOPPED, TrainError
from train.feed.batches import CHUNK_BYTES, CHUNK_IMAGES, GPU_PIXELS, chunk_images, order, split
from train.feed.dataset import Images, ViewDataset, decoded_images, device_images, file_images
from train.feed.feed import Batch, Feed
from train.feed.sampler import Sampler
from train.feed.stores import DeviceStore
from train.runtime.world import World

CPU = torch.device("cpu")
CLASSIC = Recipe.load("classic")
CHEAP = Recipe.parse("techniques: [flip, noise]")
NOISE_FIRST = Recipe.parse("techniques: [noise, flip, rotate]")
STRATEGIES = {"none": None, "disk": None, "fly": CLASSIC, "hybrid": CHEAP}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an expanded dataset: 14 sources, 3 views of each."""
    root = tmp_path_factory.mktemp("set")
    expand(write_set(root / "src", pictures(7)), root / "out", 3, workers=1)
    return root / "out"


@pytest.fixture(scope="module")
def images(out: Path) -> dict[str, ViewDataset[Any]]:
    """Return what each strategy shows, from the decoded cache."""
    return {
        name: images_of(sampler_of(out, name, recipe=recipe), out.parent / "cache")
        for name, recipe in STRATEGIES.items()
    }


def host(images: Images, batch_size: int = 4, order_seed: int = 1, **settings: Any) -> Feed:
    return Feed(images, batch_size, order_seed, CPU, **settings)


def device(images: ViewDataset[Any], batch_size: int = 4, order_seed: int = 1) -> Feed:
    held = device_images(images.sampler, images.store.pixels, CPU)
    return Feed(held, batch_size, order_seed, CPU)


def check_equal(found: Iterator[Batch], expected: Iterator[Batch], tolerance: int = 0) -> int:
    """Check that two runs of batches are the same; return how many there are."""
    count = 0
    for one, other in zip(found, expected, strict=True):
        assert one.images.dtype == other.images.dtype == torch.uint8
        assert (one.images.int() - other.images.int()).abs().max() <= tolerance
        assert one.labels.tolist() == other.labels.tolist()
        count += 1
    return count


@given(st.integers(1, 500), st.integers(1, 60))
def test_batches_have_every_item_once_and_at_least_two_of_them(count: int, batch_size: int) -> None:
    edges = split(count, batch_size)
    assert [edge for edge, _ in edges] + [count] == [0, *(edge for _, edge in edges)]
    sizes = [stop - start for start, stop in edges]
    assert all(size == batch_size for size in sizes[:-1])
    assert count == 1 or batch_size == 1 or min(sizes) >= 2
    assert max(sizes) <= batch_size + 1


def test_a_single_last_image_joins_the_batch_before() -> None:
    assert split(9, 4) == [(0, 4), (4, 9)]
    assert split(10, 4) == [(0, 4), (4, 8), (8, 10)]
    assert split(8, 4) == [(0, 4), (4, 8)]
    assert split(3, 4) == [(0, 3)]
    assert split(1, 4) == [(0, 1)]


@pytest.mark.parametrize("name", STRATEGIES)
def test_an_epoch_shows_every_source_once_in_the_order_of_its_seed(
    name: str, images: dict[str, ViewDataset[Any]]
) -> None:
    dataset = images[name]
    feed = host(dataset, batch_size=5, order_seed=9)
    assert feed.steps_per_epoch == 3
    batches = list(feed.batches(0, 9))
    assert [len(batch.labels) for batch in batches] == [5, 5, 4] * 3
    for k in range(3):
        items = order(9, k, 14)
        fed = torch.cat([batch.images for batch in batches[3 * k : 3 * k + 3]])
        np.testing.assert_array_equal(fed.permute(0, 2, 3, 1).numpy(), read(dataset, k)[items])
        labels = torch.cat([batch.labels for batch in batches[3 * k : 3 * k + 3]]).numpy()
        np.testing.assert_array_equal(labels, dataset.sampler.labels[items])


@given(st.data())
@settings(max_examples=examples(40), deadline=None)
@pytest.mark.parametrize("make", [host, device])
def test_batches_from_any_step_equal_those_of_a_fresh_run(
    make: Callable[..., Feed], images: dict[str, ViewDataset[Any]], data: st.DataObject
) -> None:
    dataset = images[data.draw(st.sampled_from(sorted(STRATEGIES)))]
    batch_size, stop = data.draw(st.integers(2, 15)), data.draw(st.integers(1, 12))
    start = data.draw(st.integers(0, stop))
    feed = make(dataset, batch_size)
    fresh = list(make(dataset, batch_size).batches(0, stop))[start:]
    assert check_equal(feed.batches(start, stop), iter(fresh)) == stop - start
    assert (
        check_equal(feed.batches(start, stop), iter(fresh)) == stop - start
    )  # a feed can be read again


@pytest.mark.parametrize("name", ["none", "disk"])
def test_a_dataset_on_the_device_gives_the_batches_of_the_host(
    name: str, images: dict[str, ViewDataset[Any]]
) -> None:
    assert check_equal(device(images[name]).batches(0, 16), host(images[name]).batches(0, 16)) == 16


@pytest.mark.parametrize("recipe", [CLASSIC, NOISE_FIRST], ids=["classic", "noise first"])
def test_views_rendered_on_the_device_are_within_one_grey_level(recipe: Recipe, out: Path) -> None:
    noisy = images_of(sampler_of(out, "fly", recipe=recipe), out.parent / "cache")
    assert check_equal(device(noisy).batches(0, 16), host(noisy).batches(0, 16), tolerance=1) == 16


def test_a_subset_is_fed_with_its_own_pixels(images: dict[str, ViewDataset[Any]]) -> None:
    whole = images["fly"].sampler
    keep = np.arange(14) % 3 > 0
    sampler = Sampler(whole.folder.of_sources(keep), whole.strategy)
    part = decoded_images(sampler, images["fly"].store.pixels)
    expected = read(images["fly"], 1)[keep]
    for feed, tolerance in ((host(part, 9), 0), (device(part, 9), 1)):
        (batch,) = feed.batches(1, 2)
        items = order(1, 1, 9)
        difference = batch.images.permute(0, 2, 3, 1).numpy().astype(int) - expected[items].astype(
            int
        )
        assert np.abs(difference).max() <= tolerance
        assert batch.labels.tolist() == whole.labels[keep][items].tolist()


@pytest.mark.parametrize("name", STRATEGIES)
def test_any_items_of_any_epoch_can_be_shown(
    name: str, images: dict[str, ViewDataset[Any]]
) -> None:
    items = np.array([13, 0, 7])
    for feed, tolerance in ((host(images[name]), 0), (device(images[name]), 1)):
        for k in (0, 1, 4):
            found = feed.show(k, items).permute(0, 2, 3, 1).numpy().astype(int)
            assert np.abs(found - read(images[name], k)[items].astype(int)).max() <= tolerance


def test_several_batches_are_rendered_at_a_time_but_never_of_two_epochs(
    images: dict[str, ViewDataset[Any]],
) -> None:
    asked: list[tuple[int, int]] = []

    class Recorded(ViewDataset[Any]):
        def read(self, epoch, items):  # type: ignore[no-untyped-def]
            asked.append((epoch, len(items)))
            return super().read(epoch, items)

    fly = images["fly"]
    feed = host(Recorded(fly.sampler, fly.store, fly.render), batch_size=5)
    assert feed.batch_sampler.chunk_batches == CHUNK_IMAGES // 5
    assert check_equal(feed.batches(1, 8), device(images["fly"], 5).batches(1, 8), tolerance=1) == 7
    assert asked == [(0, 9), (1, 14), (2, 10)]
    asked.clear()
    feed.batch_sampler.chunk_batches = 2
    assert len(list(feed.batches(0, 3))) == 3
    assert asked == [(0, 10), (0, 4)]


def test_the_device_too_renders_several_batches_at_a_time(
    images: dict[str, ViewDataset[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed, one = device(images["fly"], batch_size=5), device(images["fly"], batch_size=5)
    one.batch_sampler.chunk_batches = 1
    asked: list[tuple[int, int]] = []
    show = feed.images.read
    monkeypatch.setattr(
        feed.images,
        "read",
        lambda epoch, items: asked.append((epoch, len(items))) or show(epoch, items),
    )
    assert check_equal(feed.batches(1, 8), one.batches(1, 8)) == 7
    assert asked == [(0, 9), (1, 14), (2, 10)]


def test_a_gpu_renders_as_many_pixels_at_a_time_as_keep_it_busy(
    images: dict[str, ViewDataset[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = images["fly"].store.decoded
    assert decoded
    assert DeviceStore(decoded, torch.device("cpu")).chunk_images == CHUNK_IMAGES
    monkeypatch.setattr(torch.Tensor, "to", lambda tensor, _device: tensor)
    pixels = np.prod(decoded.pixels.shape[1:3])
    assert DeviceStore(decoded, torch.device("cuda")).chunk_images == GPU_PIXELS // pixels
    monkeypatch.setattr("train.feed.stores.GPU_PIXELS", 0)
    assert DeviceStore(decoded, torch.device("cuda")).chunk_images == CHUNK_IMAGES


def test_worker_processes_give_the_same_batches(images: dict[str, ViewDataset[Any]]) -> None:
    ahead = host(images["fly"], batch_size=3, workers=2)
    ahead.batch_sampler.chunk_batches = 1
    state = torch.get_rng_state()
    assert check_equal(ahead.batches(2, 17), host(images["fly"], batch_size=3).batches(2, 17)) == 15
    assert torch.equal(torch.get_rng_state(), state)  # the random state of dropout is unchanged
    assert ahead.clock.wait > 0
    assert ahead.clock.augment == 0


def test_an_error_in_a_worker_has_its_own_message_and_status(out: Path, tmp_path: Path) -> None:
    src = write_set(tmp_path / "src")
    (src / "dog/2.png").write_bytes(b"hello")
    files = file_images(sampler_of(src, "fly", recipe=CLASSIC), Shape(8))
    feed = host(files, batch_size=8, workers=1)
    with pytest.raises(TrainError) as stopped:
        list(feed.batches(0, 2))
    assert str(stopped.value) == f'"{src / "dog/2.png"}" is not an image'
    assert stopped.value.status == STOPPED


def test_views_of_different_sizes_in_a_batch_are_refused(tmp_path: Path) -> None:
    src = write_set(tmp_path / "src", pictures(shape=(8, 12, 3)))
    turns = sampler_of(src, "fly", recipe=Recipe.parse("techniques: [rotate90]"))
    with pytest.raises(ExpandError) as refused:
        list(host(images_of(turns, tmp_path / "cache"), batch_size=8).batches(1, 2))
    assert (
        str(refused.value)
        == "views of one batch have different sizes; give them one with --image-size"
    )
    (batch,) = host(file_images(turns, Shape(8)), batch_size=8).batches(1, 2)
    assert batch.images.shape == (8, 3, 8, 8)


def test_the_clock_separates_waiting_from_augmenting(images: dict[str, ViewDataset[Any]]) -> None:
    feeds = {name: host(dataset) for name, dataset in images.items()}
    for feed in feeds.values():
        assert len(list(feed.batches(0, 8))) == 8
    for name in ("none", "disk"):
        assert feeds[name].clock.wait > 0 == feeds[name].clock.augment
    for name in ("fly", "hybrid"):
        assert feeds[name].clock.augment > 0 == feeds[name].clock.wait
    held = device(images["fly"])
    list(held.batches(0, 4))
    assert held.clock.augment > 0


def test_processes_share_every_batch(
    images: dict[str, ViewDataset[Any]],
) -> None:
    whole = list(host(images["fly"], batch_size=7).batch_sampler.batches(0, 6))
    shares = [
        list(host(images["fly"], 7, world=World(rank, 3)).batch_sampler.batches(0, 6))
        for rank in range(3)
    ]
    for batch, *parts in zip(whole, *shares, strict=True):
        assert sorted(np.concatenate([part.items for part in parts]).tolist()) == sorted(
            batch.items.tolist()
        )
        assert [len(part.items) for part in parts] == [3, 2, 2]
        assert [part.weight for part in parts] == [9 / 7, 6 / 7, 6 / 7]
        assert ([part.epoch for part in parts], batch.weight) == ([batch.epoch] * 3, 1)


def test_a_batch_has_at_least_one_image_for_each_process(
    images: dict[str, ViewDataset[Any]],
) -> None:
    with pytest.raises(TrainError) as refused:
        host(images["fly"], batch_size=2, world=World(0, 3))
    assert str(refused.value) == "--batch-size must be at least 1 for each of 3 processes, got 2"
    assert host(images["fly"], 3, world=World(0, 3)).batch_sampler.edges == [
        (0, 3),
        (3, 6),
        (6, 9),
        (9, 14),
    ]


def test_images_are_rendered_in_chunks_of_bounded_bytes() -> None:
    assert chunk_images(28 * 28) == CHUNK_IMAGES
    assert chunk_images(224 * 224 * 3) * 224 * 224 * 3 <= CHUNK_BYTES
    assert chunk_images(8192 * 8192 * 6) == 1
