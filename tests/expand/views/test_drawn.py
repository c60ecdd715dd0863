"""Views that are drawn and rendered together: the same as one at a time."""

from __future__ import annotations

import numpy as np
import pytest

from expand import ExpandError
from expand.geometry import Size
from expand.recipes.recipe import Recipe
from expand.views.drawn import DrawnViews, WantedViews
from expand.views.moves import make_moves
from expand.views.views import Views
from tests.conftest import noise_image
from tests.expand.views.test_batches import RECIPES


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "catalogue"])
@pytest.mark.parametrize("sampling", ["stratified", "random"])
def test_views_drawn_together_are_the_views_one_by_one(name: str, sampling: str) -> None:
    if name == "many" and sampling == "random":
        pytest.skip("too many combinations to shuffle")
    views = Views(RECIPES[name], 5, sampling)
    shapes = [(20, 20, 3), (31, 18), (20, 20, 3), (9, 40, 4), (20, 20, 3)]
    pixels = [noise_image(*shape, seed=i) for i, shape in enumerate(shapes)]
    wanted = [[0, 1, 2, 3], [1], [2, 7], [], [0]]
    images = [
        WantedViews(f"a/{i}.png", shape[1], shape[0], ks)
        for i, (shape, ks) in enumerate(zip(shapes, wanted, strict=True))
    ]
    drawn = DrawnViews(views, images)
    for image, source, found in zip(images, pixels, drawn.by_image(), strict=True):
        assert sorted(found) == sorted(image.ks)
        for k, view in found.items():
            assert view.params == views.params(image.source_id, k)
            alone = views.render(source, view.params).pixels
            together = views.render(source, view.params, move=view.move).pixels
            np.testing.assert_array_equal(alone, together)


@pytest.mark.parametrize("name", ["classic", "blog", "crops", "pixels", "far", "noise first"])
def test_views_rendered_together_are_the_views_one_by_one(name: str) -> None:
    views = Views(RECIPES[name], 5)
    images = [
        WantedViews(f"a/{i}.png", 20, 20, ks) for i, ks in enumerate([[0, 1, 2], [3], [0], [1]])
    ]
    pixels = {row: noise_image(20, 20, 3, seed=row) for row in (3, 0, 2)}
    rendered = DrawnViews(views, images).render(pixels)
    assert {row: sorted(found) for row, found in rendered.items()} == {3: [1], 0: [1, 2], 2: []}
    for row, found in rendered.items():
        for k, view in found.items():
            alone = views.render(pixels[row], views.params(f"a/{row}.png", k)).pixels
            np.testing.assert_array_equal(view, alone)


def test_nothing_wanted_draws_nothing() -> None:
    drawn = DrawnViews(Views(Recipe.load("classic")), [WantedViews("a/1.png", 4, 4, [0])])
    assert list(drawn.by_image()[0]) == [0]
    assert drawn.render({0: noise_image(4, 4)}) == {0: {}}
    assert DrawnViews(Views(Recipe.load("classic")), []).by_image() == []


def test_views_of_different_sizes_are_not_rendered_together() -> None:
    views = Views(RECIPES["turns"])
    images = [WantedViews(f"a/{i}.png", 10, 14, range(1, 8)) for i in range(4)]
    drawn = DrawnViews(views, images)
    with pytest.raises(ExpandError, match="different sizes"):
        drawn.render({row: noise_image(14, 10, seed=row) for row in range(4)})


def test_a_move_of_one_placement_holds_for_each_size() -> None:
    views = Views(RECIPES["classic"])
    params = views.params("a/1.png", 3)
    sizes = Size(np.array([30.0, 41.0]), np.array([20.0, 7.0]))
    together = make_moves(views.placement(params, sizes), sizes)
    for move, shape in zip(together.each(), [(20, 30), (7, 41)], strict=True):
        alone = views.move(params, shape)
        assert move.source == alone.source
        assert move.size == alone.size
        np.testing.assert_array_equal(move.matrix, alone.matrix)
