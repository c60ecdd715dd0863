"""Erase: one box, whole pixels, of the asked size, level and place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand import ExpandError, Recipe, Views
from expand.techniques.pixel.erase import Erase
from tests.conftest import noise_image

UNITS = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize("shape", [(40, 30), (40, 30, 2), (40, 30, 3), (40, 30, 6)])
@pytest.mark.parametrize(("depth", "level"), [(np.uint8, 128), (np.uint16, 128 * 257)])
def test_a_box_is_painted_in_all_channels_and_nothing_else_changes(
    shape: tuple[int, ...], depth: type, level: int
) -> None:
    pixels = np.full(shape, 7, depth)
    painted, _ = Erase().apply(pixels, {"x": 0.1, "y": 0.2, "width": 0.5, "height": 0.25})
    expected = pixels.copy()
    expected[8:18, 3:18] = level
    np.testing.assert_array_equal(painted, expected)
    assert (pixels == 7).all()


@given(st.tuples(UNITS, UNITS, UNITS, UNITS), st.integers(1, 40), st.integers(1, 40))
def test_every_drawn_box_is_painted_inside_the_image(
    numbers: tuple[float, float, float, float], height: int, width: int
) -> None:
    erase = Erase((0.001, 1), (0.01, 100), 255)  # type: ignore[arg-type]
    choice = erase.choose(1.0, list(numbers))
    painted = erase.apply(np.zeros((height, width), np.uint8), choice)[0] == 255
    rows, columns = np.flatnonzero(painted.any(axis=1)), np.flatnonzero(painted.any(axis=0))
    assert painted[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    assert abs(len(rows) - choice["height"] * height) <= 1
    assert abs(len(columns) - choice["width"] * width) <= 1


def test_every_other_view_is_erased_in_another_place_and_of_another_size() -> None:
    views, image = Views(Recipe.parse("techniques: [erase]")), noise_image(100, 100, 3)
    shares = [
        float(
            (views.render(image, views.params("cat/1.png", k)).pixels != image).any(axis=2).mean()
        )
        for k in range(200)
    ]
    on = [share for share in shares if share]
    assert len(on) == 100
    assert 0.01 < min(on) < 0.04 < 0.18 < max(on) < 0.22
    places = {views.params("cat/1.png", k)["erase"]["x"] for k in range(200) if shares[k]}
    assert len(places) == 100


def test_the_whole_image_can_go() -> None:
    erase = Erase((1, 1), (1, 1), 0, 1)  # type: ignore[arg-type]
    assert not erase.apply(noise_image(9, 7, 3), erase.choose(0.0, [0.5] * 4))[0].any()


@given(st.tuples(UNITS, UNITS, UNITS, UNITS), st.floats(0.001, 1), st.floats(0.01, 100))
def test_the_box_has_the_drawn_area_at_any_aspect(
    numbers: tuple[float, float, float, float], area: float, aspect: float
) -> None:
    choice = Erase((area, area), (aspect, aspect), 0, 1).choose(0.0, list(numbers))  # type: ignore[arg-type]
    assert choice["width"] * choice["height"] == pytest.approx(area)
    assert 0 <= choice["x"] <= choice["x"] + choice["width"] <= 1 + 1e-12
    assert 0 <= choice["y"] <= choice["y"] + choice["height"] <= 1 + 1e-12


@pytest.mark.parametrize("shape", [(5, 8, 6), (5, 8, 6, 3), (5, 1, 1)], ids=str)
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_batch_is_painted_as_each_image_alone(shape: tuple[int, ...], depth: type) -> None:
    images = np.random.default_rng(0).integers(0, 255, shape).astype(depth)
    erase, numbers = (
        Erase((0.01, 0.9), (0.1, 10)),
        [np.random.default_rng(1 + i).random(5) for i in range(4)],
    )  # type: ignore[arg-type]
    choices = erase.choose(np.array([0.0, 1, 1, 0, 1]), numbers)
    alone = [
        erase.apply(image, {key: value[i].item() for key, value in choices.items()})[0]
        for i, image in enumerate(images)
    ]
    np.testing.assert_array_equal(erase.apply_batch(images, choices), np.stack(alone))


def test_a_box_that_is_the_whole_image_has_nothing_to_draw() -> None:
    with pytest.raises(ExpandError, match="erase has one strength only"):
        Erase((1, 1), factor=4)  # type: ignore[arg-type]
