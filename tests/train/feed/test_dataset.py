"""The images of a strategy: exact views equal expand's files, from the cache and from files."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from expand import Recipe, expand, view
from expand.records.manifest import read_rows
from tests.train.samples import images_of, pictures, pixels_of, read, sampler_of, write_set
from train.data.cache import Cache
from train.data.decoded import decode_folder
from train.data.folders.listing import list_folder
from train.data.shape import ANY_SHAPE, Shape, resize_crop
from train.errors import STOPPED, TrainError
from train.feed.dataset import decoded_images, file_images
from train.feed.sampler import Sampler
from train.feed.strategies import Strategy

RECIPES = {
    "classic": Recipe.load("classic"),
    "blog": Recipe.load("blog"),
    "noise first": Recipe.parse("techniques: [noise, rotate]"),
    "pixels only": Recipe.parse("fill: edge\ntechniques: [noise, GaussNoise: {p: 1}]"),
    "edge": Recipe.parse("fill: edge\ntechniques: [flip, rotate]"),
    "colour": Recipe.parse("fill: [10, 200, 30]\ntechniques: [crop, translate]"),
}


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("shape", [(16, 16), (13, 18, 3)], ids=str)
def test_views_equal_the_files_of_expand_bit_for_bit(
    name: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    src, out = write_set(tmp_path / "src", pictures(shape=shape)), tmp_path / "out"
    expand(src, out, 6, RECIPES[name], seed=2, workers=1)
    decoded = images_of(
        sampler_of(src, "fly", recipe=RECIPES[name], view_seed=2), tmp_path / "cache"
    )
    streamed = file_images(decoded.sampler, ANY_SHAPE)
    files = {(row["source"], row["view"]): row["file_name"] for row in read_rows(out)}
    for k in range(6):
        expected = np.stack([pixels_of(out / files[source, k]) for source in pictures()])
        np.testing.assert_array_equal(read(decoded, k), expected)
        np.testing.assert_array_equal(read(streamed, k), expected)


@pytest.mark.parametrize("strategy", ["none", "disk", "fly", "hybrid"])
@pytest.mark.parametrize("shape", [ANY_SHAPE, Shape(colour="rgb")], ids=str)
def test_files_and_pack_give_the_same_items_in_any_order(
    strategy: str, shape: Shape, tmp_path: Path
) -> None:
    src, out = write_set(tmp_path / "src", pictures(shape=(16, 16, 3))), tmp_path / "out"
    expand(src, out, 3, workers=1)
    folder = list_folder(out)
    recipe = RECIPES["classic"] if strategy in ("fly", "hybrid") else None
    sampler = Sampler(folder.of_sources(np.arange(8) % 3 > 0), Strategy(strategy, recipe))
    decoded = decoded_images(sampler, decode_folder(folder, shape, Cache()).pixels)
    for k in (0, 1, 2, 5):
        items = [4, 0, 3, 0]
        found = read(decoded, k, items)
        assert found.shape == (4, 16, 16, 3)
        np.testing.assert_array_equal(read(file_images(sampler, shape), k, items), found)
        np.testing.assert_array_equal(found[1], found[3])
        np.testing.assert_array_equal(read(decoded, k)[items], found)


def test_a_grey_image_is_filled_as_a_grey_image(tmp_path: Path) -> None:
    recipe = Recipe.parse("fill: [255, 0, 0]\ntechniques: [translate]")
    src = write_set(tmp_path / "src", pictures(shape=(16, 16)))
    found = read(images_of(sampler_of(src, "fly", recipe=recipe), tmp_path / "cache"), 3)
    expected = [
        view(pixels, name, 3, recipe)[..., None]
        for name, pixels in pictures(shape=(16, 16)).items()
    ]
    np.testing.assert_array_equal(found, np.stack(expected))


def test_views_act_before_images_are_resized(tmp_path: Path) -> None:
    images = pictures(shape=(20, 24, 3))
    sampler = sampler_of(write_set(tmp_path / "src", images), "fly", recipe=RECIPES["blog"])
    for k in range(4):
        found = read(file_images(sampler, Shape(9, "grey")), k)
        views = {name: view(pixels, name, k, "blog") for name, pixels in images.items()}
        np.testing.assert_array_equal(
            found, np.stack([resize_crop(pixels, Shape(9, "grey")) for pixels in views.values()])
        )
        after = np.stack(
            [
                view(resize_crop(pixels, Shape(9))[..., 0], name, k, "blog")
                for name, pixels in images.items()
            ]
        )
        assert k == 0 or (found[..., 0] != after).mean() > 0.5


def test_images_of_different_sizes_are_streamed_at_one_size(tmp_path: Path) -> None:
    images = pictures(2, (10, 12, 3)) | {
        f"cat/{i}.png": p for i, p in enumerate(pictures(1, (16, 11, 3)).values(), 7)
    }
    sampler = sampler_of(write_set(tmp_path / "src", images), "fly", recipe=RECIPES["classic"])
    found = read(file_images(sampler, Shape(8)), 2)
    expected = [resize_crop(view(images[name], name, 2), Shape(8)) for name in sorted(images)]
    np.testing.assert_array_equal(found, np.stack(expected))
    with pytest.raises(TrainError) as refused:
        read(file_images(sampler, ANY_SHAPE), 2)
    words = "images have different sizes or channels; give them one with --image-size and --colour"
    assert str(refused.value) == words


def test_a_file_that_is_bad_or_gone_stops_the_run_and_is_named(tmp_path: Path) -> None:
    src = write_set(tmp_path / "src")
    (src / "cat/1.png").write_bytes(b"hello")
    images = file_images(sampler_of(src, "fly", recipe=RECIPES["classic"]), ANY_SHAPE)
    write_set(src, {"cat/2.png": pictures()["cat/3.png"]})
    (src / "dog/0.png").unlink()
    for item, words in (
        (1, f'"{src / "cat/1.png"}" is not an image'),
        (2, f'"{src / "cat/2.png"}" has changed since the run began'),
        (4, f'"{src / "dog/0.png"}" cannot be read (No such file or directory)'),
    ):
        with pytest.raises(TrainError) as stopped:
            read(images, 1, [0, item])
        assert str(stopped.value) == words
        assert stopped.value.status == STOPPED
    assert read(images, 1, [0, 3, 5]).shape == (3, 16, 16, 3)


@pytest.mark.parametrize("technique", ["pad: {}", "resize: {size: 9}"])
def test_a_recipe_that_changes_the_size_needs_one_that_is_set(
    technique: str, tmp_path: Path
) -> None:
    recipe = Recipe.parse(f"techniques: [flip, {technique}]")
    sampler = sampler_of(write_set(tmp_path / "src"), "fly", recipe=recipe)
    with pytest.raises(TrainError) as refused:
        read(images_of(sampler, tmp_path / "cache"), 1)
    assert (
        str(refused.value)
        == "the recipe changes the size of images; give them one size with --image-size"
    )
    assert read(file_images(sampler, Shape(12)), 1).shape == (8, 12, 12, 3)


def test_a_worker_gets_the_path_of_a_pack_and_not_its_pixels(tmp_path: Path) -> None:
    data = write_set(tmp_path / "src", pictures(40))
    images = images_of(sampler_of(data, "fly", recipe=Recipe.load("classic")), tmp_path / "packs")
    sent = pickle.dumps(images)
    assert len(sent) < images.store.pixels.nbytes / 2
    assert np.array_equal(read(pickle.loads(sent), 3), read(images, 3))
