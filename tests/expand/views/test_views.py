"""Views: pure, even, independent, and exactly as many as a recipe has."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from itertools import combinations, pairwise
from math import lcm, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from expand import ExpandError, Recipe, view
from expand.images.pixels import Pixels
from expand.views import views as views_module
from expand.views import walk as walk_module
from expand.views.keys import draw
from expand.views.views import Views
from expand.views.walk import walk
from tests.conftest import noise_image

IDS = [f"class/{i:04d}.png" for i in range(2500)]
CLASSIC = Recipe.load("classic")


def draw_many(sampling: str = "stratified") -> dict[str, np.ndarray]:
    """Return the parameters of 10,000 views: four of each of 2,500 images, under the recipe blog."""
    views = Views(Recipe.load("blog"), seed=1, sampling=sampling)
    params = [views.params(source, k) for source in IDS for k in range(8, 12)]
    return {
        "flip": np.array([p["flip"]["horizontal"] + 2 * p["flip"]["vertical"] for p in params]),
        "degrees": np.array([p["rotate"]["degrees"] for p in params]),
        "x": np.array([p["translate"]["x"] for p in params]),
        "y": np.array([p["translate"]["y"] for p in params]),
        "zoom": np.array([p["scale"]["zoom"] for p in params]),
        "noisy": np.array([p["noise"]["amount"] > 0 for p in params]),
        "seed": np.array([p["noise"]["seed"] for p in params]),
    }


@pytest.fixture(scope="module", params=["stratified", "random"])
def drawn(request: pytest.FixtureRequest) -> dict[str, np.ndarray]:
    return draw_many(request.param)


def test_each_flip_appears_equally_often(drawn: dict[str, np.ndarray]) -> None:
    counts = np.bincount(drawn["flip"], minlength=4)
    assert counts.sum() == 10_000
    assert stats.chisquare(counts).pvalue > 1e-4


def test_half_of_the_views_are_noisy(drawn: dict[str, np.ndarray]) -> None:
    assert abs(drawn["noisy"].mean() - 0.5) < 0.02


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("degrees", -90, 90), ("x", -0.3, 0.3), ("y", -0.3, 0.3), ("zoom", 1, 2)],
)
def test_what_is_drawn_fills_its_range_evenly(
    drawn: dict[str, np.ndarray], name: str, low: float, high: float
) -> None:
    values = drawn[name]
    assert low <= values.min() < low + 0.01 * (high - low)
    assert high - 0.01 * (high - low) < values.max() <= high
    assert stats.kstest((values - low) / (high - low), "uniform").pvalue > 1e-4


def check_independence(drawn: dict[str, np.ndarray]) -> None:
    table = stats.contingency.crosstab(drawn["flip"], drawn["noisy"]).count
    assert stats.chi2_contingency(table).pvalue > 1e-4
    names = ["degrees", "x", "y", "zoom", "seed"]
    assert (
        np.abs(np.corrcoef([drawn[name] for name in names])[np.triu_indices(len(names), 1)]).max()
        < 0.05
    )
    for first, second in combinations(names, 2):
        grid = np.histogram2d(drawn[first], drawn[second], bins=8)[0]
        assert stats.chi2_contingency(grid).pvalue > 1e-4
    for name in names:
        halves = drawn[name] > np.median(drawn[name])
        for discrete in ("flip", "noisy"):
            assert (
                stats.chi2_contingency(
                    stats.contingency.crosstab(drawn[discrete], halves).count
                ).pvalue
                > 1e-4
            )


def test_techniques_are_independent_of_one_another(drawn: dict[str, np.ndarray]) -> None:
    check_independence(drawn)


@pytest.mark.parametrize("sampling", ["stratified", "random"])
def test_a_wrong_keying_is_caught(sampling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # every technique gets the same number, as when each child of a pipeline is seeded alike
    for module in (views_module, walk_module):
        monkeypatch.setattr(module, "draw", lambda *key: draw(*key)[:1] * key[-1])
    walk_module.origin.cache_clear()
    try:
        with pytest.raises(AssertionError):
            check_independence(draw_many(sampling))
    finally:
        walk_module.origin.cache_clear()


@pytest.mark.parametrize("sampling", ["stratified", "random"])
def test_a_frozen_generator_is_caught(sampling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # every image gets the same numbers, as when each worker starts from one seed
    for module in (views_module, walk_module):
        monkeypatch.setattr(
            module,
            "draw",
            lambda seed, kind, _id, number, count: draw(seed, kind, "", number, count),
        )
    walk_module.origin.cache_clear()
    try:
        frozen = draw_many(sampling)
    finally:
        walk_module.origin.cache_clear()
    assert stats.kstest((frozen["degrees"] + 90) / 180, "uniform").pvalue < 1e-4


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 15])
def test_stratified_views_cover_the_ranges_better_than_random_ones(count: int) -> None:
    def gap(sampling: str, name: str, key: str) -> float:
        """Return the mean over images of the largest uncovered stretch of a range, the ends joined."""
        gaps = []
        for source in IDS[:150]:
            views = Views(CLASSIC, sampling=sampling)
            values = np.sort([views.params(source, k)[name][key] for k in range(1, count + 1)])
            span = {"degrees": 30, "x": 0.2, "y": 0.2, "zoom": 0.2}[key]
            gaps.append(np.diff([*values, values[0] + span]).max() / span)
        return float(np.mean(gaps))

    for name, key in (
        ("rotate", "degrees"),
        ("translate", "x"),
        ("translate", "y"),
        ("scale", "zoom"),
    ):
        stratified, independent = gap("stratified", name, key), gap("random", name, key)
        assert stratified == pytest.approx(independent) if count == 1 else stratified < independent


@pytest.mark.parametrize("sampling", ["stratified", "random"])
def test_each_combination_comes_exactly_once_and_view_0_is_untouched(sampling: str) -> None:
    recipe = CLASSIC.with_factors({"flip": 4, "noise": 2, "rotate": 3})
    assert recipe.nominal == recipe.distinct == 24
    views = Views(recipe, sampling=sampling)
    orders = set()
    for source in IDS[:50]:
        variants = [views.variants(source, k) for k in range(24)]
        assert variants[0] == (0, 0, 0)
        assert len(set(variants)) == 24
        assert len({str(views.params(source, k)) for k in range(24)}) == 24
        orders.add(tuple(variants))
    assert len(orders) > 20  # the order depends on the image


def test_flips_and_quarter_turns_are_the_eight_that_they_are() -> None:
    recipe = CLASSIC.with_factors({"flip": 4, "rotate90": 4})
    assert (recipe.nominal, recipe.distinct) == (16, 8)
    pixels = noise_image(9, 9)
    seen = {view(pixels, "a/b.png", k, recipe).tobytes() for k in range(8)}
    assert len(seen) == 8


@pytest.mark.parametrize(
    "radices", [(2,), (4, 2), (2, 2, 2), (3, 5), (4, 6), (6, 4, 2), (1, 5, 1), (7, 7)]
)
def test_the_walk_visits_every_combination_once_and_every_technique_evenly(
    radices: tuple[int, ...],
) -> None:
    total = int(np.prod(radices))
    walked = [walk(position, radices) for position in range(total)]
    assert len(set(walked)) == total
    for place, radix in enumerate(radices):
        for length in range(1, total + 1):
            counts = Counter(variants[place] for variants in walked[:length])
            # evenly all the way: no variant is ahead by more than one, but where a round of the walk is shifted on
            shifts = (length - 1) // lcm(prod(radices[:place]), radix)
            assert max(counts.values()) - min(counts.get(v, 0) for v in range(radix)) <= 1 + shifts


def test_neighbours_in_the_walk_lie_far_apart() -> None:
    angles = [walk(position, (13,))[0] for position in range(13)]
    assert min(abs(a - b) for a, b in pairwise(angles)) >= 5


@given(
    st.integers(0, 2**64 - 1),
    st.text(max_size=30).filter(lambda t: t.isprintable()),
    st.integers(0, 10**6),
)
def test_a_view_is_a_pure_function(seed: int, source: str, k: int) -> None:
    assert Views(CLASSIC, seed).params(source, k) == Views(Recipe.load("classic"), seed).params(
        source, k
    )


def test_a_view_is_the_same_in_another_process_and_hash_seed() -> None:
    program = "from expand import Recipe; from expand.views.views import Views; print(Views(Recipe.load('blog'), 3).params('ä/b.png', 5))"
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "77", "PATH": ""},
    )
    assert result.stdout.strip() == str(Views(Recipe.load("blog"), 3).params("ä/b.png", 5))


def test_the_parameters_never_change() -> None:
    # Golden: see test_keys.
    params = Views(CLASSIC, seed=0).params("cat/1.png", 1)
    assert params == {
        "flip": {"horizontal": True, "vertical": False},
        "rotate": {"degrees": -0.3477474493991455},
        "translate": {"x": -0.04692115624515794, "y": -0.017664630191026445},
        "scale": {"zoom": 1.022157622843246},
        "noise": {"amount": 0.015993010209249106, "salt": 0.5, "seed": 3432824839261049},
    }


def test_view_0_is_the_image_and_no_view_changes_its_input() -> None:
    pixels = noise_image(12, 15, 3)
    before = pixels.copy()
    np.testing.assert_array_equal(view(pixels, "a.png", 0), pixels)
    others = [view(pixels, "a.png", k, "blog") for k in range(1, 6)]
    assert all(not np.array_equal(other, pixels) for other in others)
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize("shape", [(14, 9), (14, 9, 2), (14, 9, 3), (14, 9, 4), (14, 9, 7)])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("recipe", ["classic", "blog"])
def test_a_view_keeps_size_channels_and_depth(
    shape: tuple[int, ...], depth: type, recipe: str
) -> None:
    pixels = noise_image(*shape, depth=depth)
    for k in range(4):
        out = view(pixels, "a.png", k, recipe)
        assert out.shape == pixels.shape
        assert out.dtype == pixels.dtype


def test_views_after_all_combinations_go_on_evenly() -> None:
    views = Views(CLASSIC.with_factors({"flip": 4}))
    for source in IDS[:20]:
        for block in range(1, 4):
            flips = [views.variants(source, k)[0] for k in range(4 * block, 4 * block + 4)]
            assert sorted(flips) == [0, 1, 2, 3]


def test_the_first_technique_of_a_mixed_recipe_alternates() -> None:
    views = Views(Recipe.parse("techniques: [flip: {}, rotate: {}]"))
    flips = np.array([[views.variants(source, k)[0] for k in range(6)] for source in IDS[:200]])
    assert (flips[:, 0] == 0).all()
    assert (flips[:, 2:-1] != flips[:, 3:]).all()
    assert 0.3 < flips[:, 3].mean() < 0.7  # not all images in step


def test_wrong_settings_are_refused() -> None:
    for wrong in (dict(sampling="sobol"), dict(seed=-1), dict(seed=2**64)):
        with pytest.raises(ExpandError, match="must be"):
            Views(CLASSIC, **wrong)
    with pytest.raises(ExpandError, match="numbered from 0"):
        Views(CLASSIC).params("a", -1)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 5), np.float32),
        np.zeros((4, 5), bool),
        np.zeros((4, 5), np.int16),
        np.zeros((0, 5), np.uint8),
        np.zeros((4, 5, 0), np.uint8),
        np.zeros(5, np.uint8),
        np.zeros((2, 4, 5, 3), np.uint8),
        [[1, 2], [3, 4]],
        None,
    ],
    ids=range(9),
)
def test_a_view_of_what_is_no_image_is_refused(image: Pixels) -> None:
    with pytest.raises(ExpandError, match="an image is H×W or H×W×C, uint8 or uint16; got"):
        view(image, "x", 1)


def test_a_view_of_any_layout_of_memory_is_the_same() -> None:
    image = noise_image(9, 8, 3)
    expected = view(image, "x", 3)
    for other in (image[::-1][::-1], np.asfortranarray(image), np.stack([image, image])[1]):
        other.flags.writeable = False
        assert np.array_equal(view(other, "x", 3), expected)
    assert np.array_equal(view(image[:, ::-1], "x", 0), image[:, ::-1])


@pytest.mark.parametrize("k", [-1, 2**64, 1.5, True, "1"])
def test_a_view_has_a_number(k: int) -> None:
    with pytest.raises(ExpandError, match="views are numbered from 0"):
        view(noise_image(4, 4), "x", k)
