"""Salt-and-pepper noise: both colours, whole pixels, the asked amount, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from expand import ExpandError
from expand.techniques.pixel.noise import Noise, pattern
from tests.conftest import noise_image


def grey(shape: tuple[int, ...], depth: type = np.uint8) -> np.ndarray:
    return np.full(shape, 100, depth)


@pytest.mark.parametrize("shape", [(200, 150), (200, 150, 2), (200, 150, 3), (200, 150, 6)])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_hit_pixel_is_white_or_black_in_all_channels(shape: tuple[int, ...], depth: type) -> None:
    noisy, _ = Noise().apply(grey(shape, depth), {"amount": 0.1, "salt": 0.3, "seed": 7})
    pixels = noisy.reshape(200 * 150, -1)
    hit = (pixels != 100).any(axis=1)
    white, black = (pixels == np.iinfo(depth).max).all(axis=1), (pixels == 0).all(axis=1)
    np.testing.assert_array_equal(hit, white | black)
    assert stats.binomtest(int(hit.sum()), 30_000, 0.1).pvalue > 1e-4
    assert stats.binomtest(int(white.sum()), int(hit.sum()), 0.3).pvalue > 1e-4


def test_the_pattern_is_even_over_the_image_and_over_the_seeds() -> None:
    patterns = np.array([pattern(seed, 28 * 28) for seed in range(3000)])
    assert stats.kstest(patterns.ravel()[:200_000] / 2**32, "uniform").pvalue > 1e-4
    hits = (patterns < 0.02 * 2**32).sum(axis=0)
    assert stats.chisquare(hits).pvalue > 1e-4  # no place is hit more often than another
    neighbours = np.corrcoef(patterns[:, :-1].ravel(), patterns[:, 1:].ravel())[0, 1]
    following = np.corrcoef(patterns[:-1].ravel(), patterns[1:].ravel())[0, 1]
    assert max(abs(neighbours), abs(following)) < 0.005


@pytest.mark.parametrize("bit", [0, 1, 31, 32, 33, 51])
def test_every_bit_of_the_seed_matters(bit: int) -> None:
    assert (pattern(12345, 1000) != pattern(12345 ^ 1 << bit, 1000)).mean() > 0.99


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
    assert (
        Noise().apply(grey((50, 50)), {"amount": 1.0, "salt": 1.0, "seed": 1})[0] == 255
    ).mean() > 0.999
    assert (
        Noise().apply(grey((50, 50)), {"amount": 1.0, "salt": 0.0, "seed": 1})[0] == 0
    ).mean() > 0.999
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
