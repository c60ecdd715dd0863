"""The hits of noise: each pixel once, all equally often, independent of each other."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from expand.techniques.pixel import hits
from expand.techniques.pixel.hits import BLOCK, Draw, draw, hits_of_many

SEEDS = st.integers(0, 2**52 - 1)


def positions_of(drawn: Draw, pixels: int) -> NDArray[np.uint32]:
    """Return the hits of one image, white ones first."""
    blocks = list(hits.hits(drawn, pixels))
    parts = [*(block.white for block in blocks), *(block.black for block in blocks)]
    return np.concatenate(parts) if blocks else np.empty(0, np.uint32)


def marks(amount: float, pixels: int, seeds: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which pixels are hit, N × pixels."""
    drawn = draw(seeds, np.full(len(seeds), amount), np.full(len(seeds), 0.5), pixels)
    marked = np.zeros((len(seeds), pixels), bool)
    for group, positions, ranks in hits_of_many(drawn, np.arange(len(seeds)), pixels):
        hit = ranks <= drawn.count[group]
        marked[np.broadcast_to(group, hit.shape)[hit], positions[hit]] = True
    return marked


def test_hits_of_all_pixels_are_all_pixels() -> None:
    for pixels in [*range(1, 301), 784, 1023, 1024, 1025, BLOCK, BLOCK + 1, 187_500]:
        found = positions_of(draw(123456789012345 + pixels, 1.0, 0.5, pixels), pixels)
        np.testing.assert_array_equal(np.sort(found), np.arange(pixels))


@given(st.integers(1, 70_000), st.floats(0, 1), st.floats(0, 1), SEEDS)
def test_hits_are_different_pixels_and_as_many_as_drawn(
    pixels: int, amount: float, salt: float, seed: int
) -> None:
    drawn = draw(seed, amount, salt, pixels)
    found = positions_of(drawn, pixels)
    assert len(np.unique(found)) == len(found) == drawn.count
    assert not len(found) or found.max() < pixels
    assert abs(drawn.count - amount * pixels) < 1
    assert abs(drawn.salted - salt * drawn.count) < 1
    salted = sum(len(block.white) for block in hits.hits(drawn, pixels))
    assert salted == drawn.salted <= drawn.count


@given(
    st.integers(1, 3000),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), SEEDS), min_size=1, max_size=20),
)
def test_hits_of_many_images_are_those_of_each(
    pixels: int, choices: list[tuple[float, float, int]]
) -> None:
    amounts, salts, seeds = map(np.array, zip(*choices, strict=True))
    many = draw(seeds, amounts, salts, pixels)
    seen = {}
    for group, positions, ranks in hits_of_many(many, np.flatnonzero(many.count), pixels):
        for column, row in enumerate(group.tolist()):
            hit = ranks[:, column] <= many.count[row]
            seen[row] = positions[hit, column]
    for row, (amount, salt, seed) in enumerate(choices):
        alone = draw(seed, amount, salt, pixels)
        assert alone == many.of(row)
        np.testing.assert_array_equal(positions_of(alone, pixels), seen.get(row, []))


def test_memory_is_that_of_a_block_however_many_pixels_there_are() -> None:
    drawn = draw(7, 0.001, 0.5, 178_956_970)
    blocks = list(hits.hits(drawn, 178_956_970))
    sizes = [len(block.white) + len(block.black) for block in blocks]
    assert drawn.count == sum(sizes)
    assert max(sizes) <= BLOCK
    found = np.concatenate([part for block in blocks for part in (block.white, block.black)])
    assert len(np.unique(found)) == len(found)
    assert stats.kstest(found / 178_956_970, "uniform").pvalue > 1e-4


@pytest.mark.parametrize(("amount", "pixels"), [(0.015, 30), (0.01, 784), (0.3, 5)])
def test_counts_are_the_amount_on_average(amount: float, pixels: int) -> None:
    seeds = np.arange(200_000) * 20_000_003
    drawn = draw(seeds, np.full(len(seeds), amount), np.full(len(seeds), 0.3), pixels)
    error = np.sqrt(np.var(drawn.count) / len(seeds))
    assert abs(drawn.count.mean() - amount * pixels) < 4 * error
    salted = drawn.salted - 0.3 * drawn.count
    assert abs(salted.mean()) < 4 * np.sqrt(np.var(salted) / len(seeds))


PAIRS = [(28, 28, 12), (32, 32, 20), (16, 16, 5), (5, 5, 3)]


def check_pairs(height: int, width: int, count: int, trials: int) -> None:
    """Check single pixels, and pairs of pixels at ten distances, against independent ones."""
    pixels = height * width
    seeds = np.random.default_rng(5).integers(0, 2**52, trials)
    distances = {1, 2, 3, 5, 7, 11, width - 1, width, width + 1, 2 * width} - {0}
    single, pairs = np.zeros(pixels), {d: [] for d in distances if d < pixels}  # type: ignore[var-annotated]
    for part in np.array_split(seeds, max(1, trials * pixels // 10**7)):
        marked = marks(count / pixels, pixels, part)
        assert set(marked.sum(axis=1)) <= {count, count + 1}
        single += marked.sum(axis=0)
        for distance, found in pairs.items():
            found.append((marked[:, :-distance] & marked[:, distance:]).sum(axis=1))
    assert stats.chisquare(single).pvalue > 1e-4
    share = count * (count - 1) / pixels / (pixels - 1)
    for distance, found in pairs.items():
        together = np.concatenate(found)
        expected = (pixels - distance) * share
        error = np.sqrt(together.var() / trials)
        assert abs(together.mean() - expected) < 4 * error, distance
        # grids and stripes would give many pairs in some images and none in others
        assert 0.9 * expected * (1 - share * pixels) < together.var() < 1.1 * expected, distance


@pytest.mark.parametrize(("height", "width", "count"), PAIRS)
def test_pairs_of_hits_are_as_frequent_as_in_independent_noise(
    height: int, width: int, count: int
) -> None:
    check_pairs(height, width, count, 20_000)


@pytest.mark.slow
@pytest.mark.parametrize(("height", "width", "count"), [*PAIRS, (64, 64, 60), (90, 100, 150)])
def test_pairs_of_hits_are_as_frequent_in_many_images(height: int, width: int, count: int) -> None:
    check_pairs(height, width, count, 300_000)


@pytest.mark.parametrize("step", [1, 2, 1 << 20, 1 << 32, 1 << 51])
def test_neighbouring_seeds_give_independent_hits(step: int) -> None:
    seeds = (
        np.arange(20_000) % min(step, 20_000) + np.arange(20_000) // min(step, 20_000) * step * 2
    )
    seeds %= 2**51
    both = partial(marks, 0.02, 1024)
    shared = (both(seeds) & both(seeds + step)).sum(axis=1)
    expected = 20.48**2 / 1024
    assert abs(shared.mean() - expected) < 4 * np.sqrt(shared.var() / len(seeds))


@pytest.mark.parametrize("pixels", [9, 256])
def test_small_images_have_as_many_patterns_as_there_are(pixels: int) -> None:
    seeds = np.random.default_rng(2).integers(0, 2**52, 20_000)
    found = {row.tobytes() for row in np.packbits(marks(4 / pixels, pixels, seeds), axis=1)}
    assert len(found) == 126 if pixels == 9 else len(found) > 19_980  # 9 over 4; 256 over 4


def test_the_hits_of_a_seed_stay_what_they_are() -> None:
    """Other numbers mean a new version of noise, and a line in the changelog."""
    assert positions_of(draw(12345, 0.01, 0.5, 784), 784).tolist() == [
        514, 535, 268, 746, 497, 210, 721, 675,
    ]  # fmt: skip
    assert positions_of(draw(2**52 - 1, 0.00005, 0.5, 187_500), 187_500).tolist() == [
        90259, 61054, 95608, 47780, 60519, 130995, 182689, 179578, 166242,
    ]  # fmt: skip
