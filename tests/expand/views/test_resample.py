"""Geometry: one matrix, one resampling, exact where it can be."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expand import ExpandError
from expand.geometry import Affine, Placement, Size, linear_about_centres, shift, stretch, turn
from expand.images.pixels import Pixels
from expand.recipes.fill import Fill, border_colour, fit_colour
from expand.recipes.recipe import Recipe
from expand.views.moves import make_moves
from expand.views.resample import resample, warp
from expand.views.views import Views
from tests.conftest import examples, noise_image

SHAPES = [(28, 28, None), (32, 32, 3), (37, 53, 3), (24, 40, 4), (20, 20, 2), (21, 33, 6)]


def bilinear(
    pixels: Pixels, source: Affine, height: int, width: int, colour: list[int]
) -> np.ndarray:
    """Return the exact bilinear result in float64: the reference."""
    planes = pixels.reshape(*pixels.shape[:2], -1).astype(np.float64)
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    x = source.a * columns + source.b * rows + source.c - 0.5
    y = source.d * columns + source.e * rows + source.f - 0.5
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    across, down = (x - left)[..., None], (y - top)[..., None]

    def at(row: np.ndarray, column: np.ndarray) -> np.ndarray:
        inside = (row >= 0) & (row < planes.shape[0]) & (column >= 0) & (column < planes.shape[1])
        value = planes[
            np.clip(row, 0, planes.shape[0] - 1), np.clip(column, 0, planes.shape[1] - 1)
        ]
        return np.where(inside[..., None], value, np.array(colour, float))

    upper = (1 - across) * at(top, left) + across * at(top, left + 1)
    lower = (1 - across) * at(top + 1, left) + across * at(top + 1, left + 1)
    return (1 - down) * upper + down * lower


def render(pixels: Pixels, text: str, **params: dict[str, object]) -> Pixels:
    """Return what a recipe of these techniques makes of an image with these parameters."""
    views = Views(Recipe.parse(text))
    return views.render(pixels, {**views.recipe.neutral(), **params}).pixels


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_fused_matrix_gives_the_exact_bilinear_image_to_one_grey_level(
    shape: tuple[int, int, int | None], depth: type
) -> None:
    pixels = noise_image(*shape, depth=depth)
    recipe = Recipe.parse(
        "techniques: [{flip: {factor: 4}}, rotate: {}, translate: {}, scale: {}, crop: {}]", "all"
    )
    for k in range(1, 12):
        views = Views(recipe, seed=3)
        params = views.params("a.png", k)
        size = Size(float(pixels.shape[1]), float(pixels.shape[0]))
        expected = bilinear(
            pixels, views.placement(params, size).source, *pixels.shape[:2], border_colour(pixels)
        )
        result = views.render(pixels, params).pixels.reshape(expected.shape).astype(float)
        # 16 bits: OpenCV's weights have 15 bits, so that the last two levels of 65,536 may differ
        assert np.abs(result - expected).max() <= (1.0 if depth == np.uint8 else 2.5)


def test_a_rotation_agrees_with_albumentations_affine_to_one_grey_level_inside_the_image() -> None:
    import albumentations

    pixels = noise_image(64, 48, 3)
    views = Views(Recipe.parse("techniques: [rotate: {degrees: 90}, scale: {zoom: [0.5, 2]}]"))
    for degrees, zoom in ((13.0, 1.0), (-37.5, 1.0), (5.0, 1.2), (80.0, 0.9)):
        theirs = albumentations.Affine(rotate=(degrees, degrees), scale=(zoom, zoom), p=1)
        expected = theirs(image=pixels)["image"].astype(int)
        params = {"rotate": {"degrees": degrees}, "scale": {"zoom": zoom}}
        result = views.render(pixels, params).pixels.astype(int)
        source = views.placement(params, Size(48.0, 64.0)).source
        rows, columns = np.mgrid[0:64, 0:48] + 0.5
        x = source.a * columns + source.b * rows + source.c
        y = source.d * columns + source.e * rows + source.f
        inside = (x > 1.5) & (x < 46.5) & (y > 1.5) & (y < 62.5)
        assert inside.sum() > 1000
        assert np.abs(result - expected)[inside].max() <= 1


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_flips_and_quarter_turns_are_exact(shape: tuple[int, int, int | None], depth: type) -> None:
    pixels = noise_image(*shape, depth=depth)
    text = "techniques: [{flip: {axes: [horizontal, vertical]}}, {rotate90: {factor: 4}}]"
    for horizontal in (False, True):
        for degrees in (0.0, 90.0, 180.0, 270.0):
            result = render(
                pixels,
                text,
                flip={"horizontal": horizontal, "vertical": False},
                rotate90={"degrees": degrees},
            )
            expected = np.rot90(pixels[:, ::-1] if horizontal else pixels, int(degrees) // 90)
            np.testing.assert_array_equal(result, expected)
    down = render(
        pixels,
        "techniques: [{flip: {axes: vertical}}]",
        flip={"horizontal": False, "vertical": True},
    )
    np.testing.assert_array_equal(down, pixels[::-1])


@given(
    st.integers(-30, 30),
    st.integers(-30, 30),
    st.sampled_from(SHAPES),
    st.sampled_from(["edge", "reflect", 7]),
)
@settings(max_examples=examples(60), deadline=None)
def test_whole_pixel_shifts_are_exact(
    x: int, y: int, shape: tuple[int, int, int | None], fill: str | int
) -> None:
    pixels = noise_image(*shape)
    text = f"fill: {fill}\ntechniques: [translate: {{x: 30, y: 30, unit: pixel}}]"
    result = render(pixels, text, translate={"x": float(x), "y": float(y)})
    how = {"mode": fill} if isinstance(fill, str) else {"mode": "constant"}
    margin = ((30, 30), (30, 30), *((0, 0),) * (pixels.ndim - 2))
    padded = np.pad(
        pixels,
        margin,
        **({"constant_values": 7} if how["mode"] == "constant" else {}),
        mode=how["mode"],
    )
    expected = padded[30 - y : 30 - y + pixels.shape[0], 30 - x : 30 - x + pixels.shape[1]]
    if result.ndim == 3 and fill == 7 and shape[2] in (2, 4):
        result, expected = result[..., :-1], expected[..., :-1]  # uncovered area is opaque
    np.testing.assert_array_equal(result, expected)


def test_three_steps_in_one_matrix_are_the_three_steps_but_for_what_interpolation_blurs() -> None:
    rows, columns = np.mgrid[0:96, 0:96]
    smooth = (127 + 60 * np.sin(columns / 9) + 60 * np.cos(rows / 7)).astype(np.uint8)
    text = "techniques: [rotate: {}, translate: {}, scale: {}]"
    params = {
        "rotate": {"degrees": 11.0},
        "translate": {"x": 0.031, "y": -0.047},
        "scale": {"zoom": 1.07},
    }
    at_once = render(smooth, text, **params)
    in_steps = smooth
    for name, choice in params.items():
        in_steps = render(in_steps, f"techniques: [{name}: {{}}]", **{name: choice})
    inside = (slice(20, 76), slice(20, 76))
    assert np.abs(at_once[inside].astype(int) - in_steps[inside]).max() <= 3
    # and in another order it is another image
    other = render(smooth, "techniques: [scale: {}, translate: {}, rotate: {}]", **params)
    assert np.abs(at_once[inside].astype(int) - other[inside]).max() > 3


@pytest.mark.parametrize(
    "text",
    ["rotate: {}", "translate: {}", "scale: {}", "crop: {}", "flip: {factor: 4}", "rotate90: {}"],
)
def test_the_neutral_choice_is_the_identity_map(text: str) -> None:
    views = Views(Recipe.parse(f"techniques: [{text}]"))
    placement = views.placement(views.recipe.neutral(), Size(31.0, 17.0))
    assert placement == Placement(Affine(1, 0, 0, 0, 1, 0), Size(31, 17))


def test_a_turn_goes_counter_clockwise() -> None:
    pixels = np.zeros((21, 21), np.uint8)
    pixels[10, 20] = 255  # to the right
    turned = render(
        pixels, "fill: 0\ntechniques: [rotate: {degrees: 90}]", rotate={"degrees": 90.0}
    )
    assert turned[0, 10] == 255  # at the top


def test_zooming_in_crops_and_zooming_out_pads() -> None:
    pixels = np.full((20, 20), 200, np.uint8)
    pixels[0] = pixels[-1] = pixels[:, 0] = pixels[:, -1] = 10
    near = render(pixels, "techniques: [scale: {zoom: [1, 2]}]", scale={"zoom": 1.5})
    assert near.min() == 200
    far = render(pixels, "techniques: [scale: {zoom: [0.5, 1]}]", scale={"zoom": 0.6})
    assert (far[0] == 10).all()
    assert far[10, 10] == 200


def test_pad_and_resize_change_the_size_and_a_crop_does_not() -> None:
    pixels = noise_image(20, 30, 3)
    assert render(pixels, "techniques: [pad: {by: 4, unit: pixel}]", pad={"by": 4.0}).shape == (
        28,
        38,
        3,
    )
    np.testing.assert_array_equal(
        render(pixels, "techniques: [pad: {by: 4, unit: pixel}]", pad={"by": 4.0})[4:-4, 4:-4],
        pixels,
    )
    assert render(pixels, "techniques: [pad: {by: 0.1}]", pad={"by": 0.1}).shape == (24, 36, 3)
    assert render(
        pixels, "techniques: [resize: {size: [64, 48]}]", resize={"resized": True}
    ).shape == (48, 64, 3)
    assert render(pixels, "techniques: [resize: {size: 40}]", resize={"resized": True}).shape == (
        40,
        60,
        3,
    )
    box = {"x": 0.1, "y": 0.2, "width": 0.5, "height": 0.5}
    assert render(pixels, "techniques: [crop: {}]", crop=box).shape == pixels.shape


def test_shrinking_averages_whole_blocks_and_skips_no_pixel() -> None:
    checks = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    small = render(checks, "techniques: [resize: {size: 16}]", resize={"resized": True})
    assert small.shape == (16, 16)
    assert np.abs(small.astype(int) - 127.5).max() <= 1
    odd = render(
        noise_image(37, 53, 5), "techniques: [resize: {size: [10, 7]}]", resize={"resized": True}
    )
    assert odd.shape == (7, 10, 5)


def test_the_background_is_the_border_and_ignores_the_inside() -> None:
    pixels = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    pixels[2:-2, 2:-2] = 0
    pixels[0, 0:3] = 255  # a few odd pixels change no median
    assert border_colour(pixels) == [200, 100, 50]
    turned = render(pixels, "techniques: [rotate: {degrees: 45}]", rotate={"degrees": 45.0})
    assert turned[0, -1].tolist() == [200, 100, 50]
    assert border_colour(noise_image(1, 1, 3)) == noise_image(1, 1, 3)[0, 0].tolist()


@pytest.mark.parametrize(
    ("colour", "channels", "white", "expected"),
    [
        ([255, 0, 0], 3, 255, [255, 0, 0]),
        ([255, 0, 0], 1, 255, [76]),
        ([255, 0, 0], 4, 255, [255, 0, 0, 255]),
        ([9], 3, 255, [9, 9, 9]),
        ([255], 3, 65535, [65535] * 3),
        ([9], 2, 255, [9, 255]),
        ([1, 2, 3, 4, 5, 6], 6, 255, [1, 2, 3, 4, 5, 6]),
    ],
)
def test_a_colour_fits_the_channels_and_the_depth(
    colour: list[int], channels: int, white: int, expected: list[int]
) -> None:
    assert fit_colour(colour, channels, white) == expected


def test_a_colour_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ExpandError, match="has 6 channels"):
        fit_colour([1, 2, 3], 6, 255)
    for wrong in ("rainbow", (300,), (), (1.5,)):
        with pytest.raises(ExpandError, match='"fill" must be'):
            Fill(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("fill", ["edge", "reflect", "background", (10, 20, 30)])
def test_nothing_black_shows_where_the_fill_is_not_black(fill: str | tuple[int, ...]) -> None:
    white = np.full((40, 30, 3), 250, np.uint8)
    placement = Placement(
        linear_about_centres(0.8, 0.5, -0.5, 0.8, Size(30, 40), Size(30, 40)), Size(30, 40)
    )
    (move,) = make_moves(placement, Size(30, 40)).each()
    out = resample(white, move, Fill(fill), Fill(fill).colour(white))
    assert out.min() >= (10 if isinstance(fill, tuple) else 250)


def test_maps_compose_as_their_matrices_multiply() -> None:
    first, then = shift(3, -2), stretch(2, 5)
    assert then.after(first) == Affine(2, 0, 6, 0, 5, -10)
    angle = math.radians(30)
    about = linear_about_centres(math.cos(angle), 0, 0, 1, Size(10, 20), Size(30, 40))
    assert about.a * 5 + about.b * 10 + about.c == pytest.approx(15)
    assert about.d * 5 + about.e * 10 + about.f == pytest.approx(20)


@pytest.mark.parametrize("shape", [(7, 5), (5, 7, 1), (60, 50, 3), (4, 9, 4), (5, 8, 6), (1, 4, 3)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("turns", range(4))
def test_flips_and_quarter_turns_take_no_resampling_and_equal_one(
    shape: tuple[int, ...], kind: type, turns: int
) -> None:
    pixels = noise_image(*shape).astype(kind) * (257 if kind is np.uint16 else 1)
    size = Size(float(shape[1]), float(shape[0]))
    out = Size(size.height, size.width) if turns % 2 else size
    cosine, sine = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[turns]
    colour = Fill("edge").colour(pixels)
    for across, down in itertools.product((1.0, -1.0), repeat=2):
        flip = linear_about_centres(across, 0.0, 0.0, down, out, out)
        placement = Placement(turn(cosine, sine, out, size).after(flip), out)
        (move,) = make_moves(placement, size).each()
        assert move.mirrors
        resampled = resample(
            pixels, move._replace(mirrors=False, still=False), Fill("edge"), colour
        )
        np.testing.assert_array_equal(resample(pixels, move, Fill("edge"), colour), resampled)


def test_a_shift_is_no_mirror_image() -> None:
    size = Size(9.0, 6.0)
    for x, y in ((1.0, 0.0), (0.5, 0.0), (0.0, -2.0), (9.0, 6.0)):
        assert not make_moves(Placement(shift(x, y), size), size).mirrors.any()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("fill", ["edge", "reflect", "background", (7, 9, 200)])
def test_three_channels_are_resampled_like_three_images(
    kind: type, fill: str | tuple[int, ...]
) -> None:
    pixels = noise_image(60, 70, 3).astype(kind) * (257 if kind is np.uint16 else 1)
    colour = Fill(fill).colour(pixels)
    rng = np.random.default_rng(2)
    for _ in range(10):
        matrix = np.eye(2, 3) + rng.normal(0, 0.3, (2, 3)) * [1, 1, 20]
        warped = warp(pixels, matrix, (70, 60), Fill(fill).mode, colour)
        for channel in range(3):
            plane = np.ascontiguousarray(pixels[..., channel])
            alone = warp(plane, matrix, (70, 60), Fill(fill).mode, colour[channel : channel + 1])
            np.testing.assert_array_equal(warped[..., channel], alone)
