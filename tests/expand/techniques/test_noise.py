"""Salt-and-pepper noise: both colours, whole pixels, the asked amount, the same for the same seed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from expand import ExpandError, Recipe, Views
from expand.techniques.pixel.noise import Noise
from tests.conftest import noise_image


def grey(shape: tuple[int, ...], depth: type = np.uint8) -> np.ndarray:
    return np.full(shape, 100, depth)


@pytest.mark.parametrize("shape", [(200, 150), (200, 150, 2), (200, 150, 3), (200, 150, 6)])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_hit_pixel_is_white_or_black_in_all_channels(shape: tuple[int, ...], depth: type) -> None:
    pixels = grey(shape, depth)
    pixels[0, 0] = np.iinfo(depth).max - 1
    noisy, _ = Noise().apply(pixels, {"amount": 0.1, "salt": 0.3, "seed": 7})
    changed = noisy.reshape(200 * 150, -1)[1:]
    hit = (changed != 100).any(axis=1)
    white, black = (changed == np.iinfo(depth).max).all(axis=1), (changed == 0).all(axis=1)
    np.testing.assert_array_equal(hit, white | black)
    assert hit.sum() in (2999, 3000)
    assert white.sum() in (899, 900)


@given(
    hnp.array_shapes(min_dims=2, max_dims=3, max_side=12).map(lambda shape: (5, *shape)),
    st.sampled_from([np.uint8, np.uint16]),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(0, 2**52 - 1)), min_size=5, max_size=5),
)  # fmt: skip
def test_a_batch_is_equal_to_single_images(
    shape: tuple[int, ...], depth: type, choices: list[tuple[float, float, int]]
) -> None:
    high = np.array([255, 90, 5000, 700, 0]).reshape(5, *[1] * (len(shape) - 1))
    pixels = (noise_image(shape[0], int(np.prod(shape[1:]))).reshape(shape) / 255 * high).astype(
        depth
    )
    amount, salt, seed = map(np.array, zip(*choices, strict=True))
    columns = {"amount": amount, "salt": salt, "seed": seed}
    before, batch = pixels.copy(), Noise().apply_batch(pixels, columns)
    for i, image in enumerate(pixels):
        choice = {key: column[i].item() for key, column in columns.items()}
        np.testing.assert_array_equal(batch[i], Noise().apply(image, choice)[0])
    np.testing.assert_array_equal(pixels, before)


def test_large_images_of_a_batch_are_equal_to_single_ones() -> None:
    pixels = np.stack([noise_image(300, 230, 3, seed=seed) for seed in range(3)])
    columns = {"amount": np.array([0.02, 0.0, 1.0]), "salt": np.full(3, 0.3), "seed": np.arange(3)}
    batch = Noise().apply_batch(pixels, columns)
    for i, image in enumerate(pixels):
        choice = {key: column[i].item() for key, column in columns.items()}
        np.testing.assert_array_equal(batch[i], Noise().apply(image, choice)[0])


@pytest.mark.parametrize(
    ("brightest", "white"),
    [(0, 255), (255, 255), (256, 1023), (4000, 4095), (4096, 16383), (16384, 65535), (65535, 65535)],
)  # fmt: skip
def test_salt_of_16_bits_is_the_white_of_the_source(brightest: int, white: int) -> None:
    source = grey((9, 9), np.uint16) * 0
    source[0, 0] = brightest
    view = source // 2
    choice = {"amount": 1.0, "salt": 1.0, "seed": 1}
    assert (Noise().apply_within(view, choice, source)[0] == white).all()
    whites = Noise().apply_batch_within(view[None], choice, source[None])
    assert (whites == white).all()


def test_all_views_of_a_source_have_one_white() -> None:
    views = Views(
        Recipe.parse("techniques: [scale: {zoom: 3, factor: 1}, noise: {salt: 1, factor: 1}]")
    )
    source = grey((40, 40), np.uint16)
    source[0, 0] = 4000  # which the views do not show
    assert {int(views.render(source, views.params("x", k)).pixels.max()) for k in (1, 2, 3)} == {
        4095
    }


def test_only_pixels_that_lie_apart_from_the_source_are_changed_in_place() -> None:
    source, choice = noise_image(20, 20, 3), {"amount": 0.5, "salt": 0.5, "seed": 1}
    before = source.copy()
    expected = Noise().apply(source, choice)[0]
    apart, mirrored = source.copy(), source[:, ::-1]
    assert Noise().apply_within(apart, choice, source)[0] is apart
    np.testing.assert_array_equal(apart, expected)
    for apart in (
        np.dstack([source, source[..., :1]])[..., :3],
        source.copy()[::-1, ::-1],
        source.copy()[:, :9],
        source.copy().transpose(1, 0, 2),
    ):
        expected = Noise().apply(apart.copy(), choice)[0]
        np.testing.assert_array_equal(Noise().apply_within(apart, choice, source)[0], expected)
    for view in (source, source[:], mirrored):
        Noise().apply_within(view, choice, source)
        Noise().apply_batch_within(view[None], {**choice, "seed": np.array([1])}, source[None])
    np.testing.assert_array_equal(source, before)


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (1, "that noise hits other pixels, and only the version of expand that wrote it makes it"),
        (3, '"version" of noise must be 2 in this version of expand, got 3'),
        (True, "must be 2"),
        ("2", "must be 2"),
    ],
)
def test_noise_of_another_version_is_refused_with_its_line(version: object, said: str) -> None:
    with pytest.raises(ExpandError, match=said) as refused:
        Recipe.parse(f"techniques:\n- noise:\n    version: {json.dumps(version)}")
    assert "line 3" in str(refused.value)


def test_a_recipe_records_the_version_and_needs_none() -> None:
    recipe = Recipe.parse("techniques: [noise]")
    assert recipe.to_dict()["techniques"][0]["noise"]["version"] == 2
    assert (
        Recipe.from_dict(recipe.to_dict())
        == recipe
        == Recipe.parse("techniques: [noise: {version: 2}]")
    )


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 2**52 - 1))
def test_the_same_seed_gives_the_same_noise_and_the_input_stays(
    amount: float, salt: float, seed: int
) -> None:
    pixels = noise_image(9, 7, 3)
    before, choice = pixels.copy(), {"amount": amount, "salt": salt, "seed": seed}
    first, again = Noise().apply(pixels, choice)[0], Noise().apply(pixels, choice)[0]
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(pixels, before)


def test_the_ends_of_the_ranges() -> None:
    assert (Noise().apply(grey((50, 50)), {"amount": 1.0, "salt": 1.0, "seed": 1})[0] == 255).all()
    assert (Noise().apply(grey((50, 50)), {"amount": 1.0, "salt": 0.0, "seed": 1})[0] == 0).all()
    assert (Noise().apply(grey((50, 50)), {"amount": 0.0, "salt": 0.5, "seed": 1})[0] == 100).all()


def test_variants_divide_the_amounts() -> None:
    noise = Noise(amount=(0.1, 0.4), factor=4)  # type: ignore[arg-type]
    amounts = [noise.choose(float(variant), [0.5, 0.5, 0.5])["amount"] for variant in range(4)]
    assert amounts == pytest.approx([0.0, 0.15, 0.25, 0.35])


def test_wrong_settings_are_refused() -> None:
    for wrong in (
        dict(amount=[-0.1, 0.2]),
        dict(amount=[0.3, 0.2]),
        dict(salt=2),
        dict(amount="much"),
        dict(factor=0),
    ):
        with pytest.raises(ExpandError, match="must"):
            Noise(**wrong)  # type: ignore[arg-type]
