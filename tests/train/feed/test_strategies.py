"""Strategies: an epoch visits every source once; disk and fly agree while there are enough copies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand import Recipe, Views, expand
from expand.records.manifest import read_rows
from tests.train.samples import images_of, pictures, pixels_of, read, sampler_of, write_set
from train.errors import TrainError
from train.feed.batches import order
from train.feed.strategies import HYBRID_SEED, Strategy

CLASSIC, BLOG = Recipe.load("classic"), Recipe.load("blog")
CHEAP = Recipe.parse("name: cheap\ntechniques: [flip, translate]")


def expanded(
    tmp_path: Path, factor: int = 3, shape: tuple[int, ...] = (16, 16, 3), **settings: object
) -> Path:
    src = write_set(tmp_path / "src", pictures(shape=shape))
    expand(src, tmp_path / "out", factor, workers=1, **settings)  # type: ignore[arg-type]
    return tmp_path / "out"


@pytest.mark.parametrize("name", ["none", "disk", "fly", "hybrid"])
@pytest.mark.parametrize("root", ["src", "out"])
def test_an_epoch_visits_every_source_once_whatever_the_strategy(
    name: str, root: str, tmp_path: Path
) -> None:
    expanded(tmp_path)
    sampler = sampler_of(
        tmp_path / root, name, recipe=CLASSIC if name in ("fly", "hybrid") else None
    )
    assert len(sampler) == 8
    assert sampler.ids == list(pictures())
    assert sampler.labels.tolist() == [0] * 4 + [1] * 4
    for k in range(7):
        rows = sampler.rows(np.arange(8), k)
        assert [sampler.folder.sources[row] for row in rows] == sampler.ids
    assert sampler.files_per_source == (3 if root == "out" and name in ("disk", "hybrid") else 1)


def test_none_shows_the_sources_in_every_epoch(tmp_path: Path) -> None:
    out = expanded(tmp_path)
    sources = np.stack([pixels_of(tmp_path / "src" / name) for name in pictures()])
    for root in (tmp_path / "src", out):
        images = images_of(sampler_of(root, "none"), tmp_path / "cache")
        for k in range(4):
            np.testing.assert_array_equal(read(images, k), sources)


@pytest.mark.parametrize("originals", ["copy", "none"])
def test_disk_shows_copy_k_mod_f_in_epoch_k(originals: str, tmp_path: Path) -> None:
    out = expanded(tmp_path, 4, originals=originals)
    files = {(row["source"], row["view"]): row["file_name"] for row in read_rows(out)}
    views = range(1 if originals == "none" else 0, 4)
    images = images_of(sampler_of(out, "disk"), tmp_path / "cache")
    for k in range(2 * len(views) + 1):
        copies = [files[source, views[k % len(views)]] for source in pictures()]
        np.testing.assert_array_equal(
            read(images, k), np.stack([pixels_of(out / copy) for copy in copies])
        )
        assert [
            images.sampler.folder.files[row] for row in images.sampler.rows(np.arange(8), k)
        ] == copies


@pytest.mark.parametrize("recipe", [CLASSIC, BLOG], ids=["classic", "blog"])
@pytest.mark.parametrize("shape", [(16, 16), (11, 14, 3)], ids=str)
@pytest.mark.parametrize("sampling", ["stratified", "random"])
def test_fly_with_a_factor_shows_what_disk_shows(
    recipe: Recipe, shape: tuple[int, ...], sampling: str, tmp_path: Path
) -> None:
    out = expanded(tmp_path, 3, shape, recipe=recipe, seed=5, sampling=sampling)
    disk = images_of(sampler_of(out, "disk"), tmp_path / "cache")
    views = dict(recipe=recipe, view_seed=5, sampling=sampling)
    flies = [
        sampler_of(out, "fly", factor=3, **views),
        sampler_of(tmp_path / "src", "fly", factor=3, **views),
    ]
    for fly in (images_of(sampler, tmp_path / "cache") for sampler in flies):
        for k in range(7):
            np.testing.assert_array_equal(read(fly, k), read(disk, k))
    never = images_of(sampler_of(out, "fly", **views), tmp_path / "cache")
    np.testing.assert_array_equal(read(never, 2), read(disk, 2))
    assert (read(never, 3) != read(disk, 3)).any()


def test_fly_shows_view_k_in_epoch_k(tmp_path: Path) -> None:
    src = write_set(tmp_path / "src")
    images, views = (
        images_of(sampler_of(src, "fly", recipe=BLOG, view_seed=7), tmp_path / "cache"),
        Views(BLOG, 7),
    )
    for k in (0, 1, 2, 30, 1000):
        expected = [
            views.render(pixels, views.params(name, k)).pixels
            for name, pixels in pictures().items()
        ]
        np.testing.assert_array_equal(read(images, k), np.stack(expected))


@pytest.mark.parametrize(
    ("settings", "views"),
    [
        ({}, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ({"factor": 3}, [0, 1, 2, 0, 1, 2, 0, 1, 2]),
        ({"factor": 1}, [0] * 9),
        ({"clean_every": 4}, [0, 1, 2, 3, 0, 1, 2, 3, 0]),
        ({"clean_every": 1}, [0] * 9),
        ({"factor": 3, "clean_every": 4}, [0, 1, 2, 0, 1, 2, 0, 1, 2]),
    ],
)  # fmt: skip
def test_fly_counts_views_as_configured(settings: dict[str, int], views: list[int]) -> None:
    assert [Strategy("fly", CLASSIC, **settings).view(k) for k in range(9)] == views  # type: ignore[arg-type]
    assert [Strategy("none").view(k) for k in range(3)] == [0, 0, 0]


def test_clean_epochs_show_the_sources_as_disk_does(tmp_path: Path) -> None:
    out = expanded(tmp_path)
    disk = images_of(sampler_of(out, "disk"), tmp_path / "cache")
    fly = images_of(sampler_of(out, "fly", recipe=CLASSIC, clean_every=3), tmp_path / "cache")
    for k in range(7):
        same = bool((read(fly, k) == read(disk, k)).all())
        assert same == (k < 3 or k % 3 == 0)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_clean_epochs_show_every_variant_equally_often(factor: int) -> None:
    fly = Strategy("fly", CLASSIC, 5, clean_every=factor)
    disk = Views(CLASSIC, 5)

    def counts(ks: range) -> list[tuple[int, ...]]:
        return sorted(fly.views(k).variants("cat/1.png", fly.view(k)) for k in ks)  # type: ignore[union-attr]

    assert counts(range(factor)) == sorted(disk.variants("cat/1.png", k) for k in range(factor))
    flips = [
        sum(variants[0] for variants in counts(range(factor * b, factor * (b + 1))))
        for b in range(40)
    ]
    copies = [sum(disk.variants(f"cat/{i}.png", k)[0] for k in range(factor)) for i in range(40)]
    if factor >= 4:
        assert set(flips) == set(copies) == {factor // 2}
    assert abs(sum(flips) - sum(copies)) <= 12


def test_every_clean_epoch_starts_a_new_expansion() -> None:
    fly = Strategy("fly", CLASSIC, 5, clean_every=4)
    seeds = [fly.views(k).seed for k in range(12)]  # type: ignore[union-attr]
    assert seeds[:4] == [5] * 4
    assert [len(set(seeds[start : start + 4])) for start in (0, 4, 8)] == [1, 1, 1]
    assert len(set(seeds)) == 3


def test_hybrid_draws_its_techniques_on_top_of_the_copies(tmp_path: Path) -> None:
    out = expanded(tmp_path)
    disk = images_of(sampler_of(out, "disk"), tmp_path / "cache")
    hybrid = images_of(sampler_of(out, "hybrid", recipe=CHEAP, view_seed=3), tmp_path / "cache")
    views = Views(CHEAP, 3 ^ HYBRID_SEED)
    np.testing.assert_array_equal(read(hybrid, 0), read(disk, 0))
    for k in range(1, 7):
        copies = zip(read(disk, k), hybrid.sampler.ids, strict=True)
        expected = np.stack(
            [views.render(copy, views.params(source, k)).pixels for copy, source in copies]
        )
        np.testing.assert_array_equal(read(hybrid, k), expected)
        assert (expected != read(disk, k)).any(axis=(1, 2, 3)).all()


def test_hybrid_does_not_repeat_the_copies_of_the_same_seed() -> None:
    strategies = [Strategy(name, CLASSIC, view_seed=3) for name in ("fly", "hybrid")]
    drawn = [
        [views.params(name, 1) for name in pictures()] for s in strategies if (views := s.views())
    ]
    assert all(one["rotate"] != other["rotate"] for one, other in zip(*drawn, strict=True))


def test_hybrid_makes_every_epoch_different(tmp_path: Path) -> None:
    out = expanded(tmp_path)
    hybrid = images_of(sampler_of(out, "hybrid", recipe=CHEAP), tmp_path / "cache")
    assert len({read(hybrid, k).tobytes() for k in range(12)}) == 12


@pytest.mark.parametrize("name", ["disk", "hybrid"])
def test_visit_all_visits_every_file_once_an_epoch(name: str, tmp_path: Path) -> None:
    out = expanded(tmp_path)
    sampler = sampler_of(out, name, recipe=CHEAP if name == "hybrid" else None, visit_all=True)
    assert (len(sampler), sampler.files_per_source, sampler.copies) == (24, 3, 1)
    for k in range(4):
        assert sampler.rows(np.arange(24), k).tolist() == list(range(24))
    assert sampler.ids == [source for source in pictures() for _ in range(3)]
    assert sampler.labels.tolist() == [0] * 12 + [1] * 12


def test_disk_in_a_plain_folder_shows_the_sources(tmp_path: Path) -> None:
    src = write_set(tmp_path / "src")
    sampler = sampler_of(src, "disk")
    assert (len(sampler), sampler.files_per_source) == (8, 1)
    for k in range(3):
        np.testing.assert_array_equal(
            read(images_of(sampler, tmp_path / "cache"), k), np.stack(list(pictures().values()))
        )


@pytest.mark.parametrize("name", ["none", "fly"])
def test_strategies_that_need_originals_are_refused_without_them(name: str, tmp_path: Path) -> None:
    out = expanded(tmp_path, originals="none")
    with pytest.raises(TrainError) as refused:
        sampler_of(out, name, recipe=CLASSIC if name == "fly" else None)
    assert (
        str(refused.value)
        == f'"{out}" has no originals (expand --originals none); this strategy needs them'
    )


def test_wrong_settings_are_refused() -> None:
    cases = {
        "--strategy must be none, disk, fly, hybrid, got 'cloud'": dict(name="cloud"),
        "--factor must be at least 1, got 0": dict(name="fly", factor=0),
        "--clean-every must be at least 1, got -1": dict(name="fly", clean_every=-1),
        "--view-seed must be 0 … 2^64 - 1, got -1": dict(name="fly", view_seed=-1),
        "--visit all is for the files of an expanded dataset, not for --strategy fly": dict(
            name="fly", visit_all=True
        ),
        "--visit all is for the files of an expanded dataset, not for --strategy none": dict(
            name="none", visit_all=True
        ),
    }
    for words, wrong in cases.items():
        with pytest.raises(TrainError) as refused:
            Strategy(**wrong)  # type: ignore[arg-type]
        assert str(refused.value) == words
    with pytest.raises(TrainError) as refused:
        Strategy("fly", CLASSIC, sampling="sobol").views()
    assert str(refused.value) == "--sampling must be stratified or random, got 'sobol'"


def test_a_strategy_is_plain_data() -> None:
    assert Strategy("none").to_dict() == {
        "name": "none", "recipe": None, "view_seed": 0, "sampling": "stratified", "factor": None, "clean_every": None,
        "visit_all": False,
    }  # fmt: skip
    assert Strategy("fly", BLOG, 3, "random", 4, 5).to_dict() == {
        "name": "fly", "recipe": BLOG.to_dict(), "view_seed": 3, "sampling": "random", "factor": 4, "clean_every": 5,
        "visit_all": False,
    }  # fmt: skip


@given(st.integers(0, 2**64 - 1), st.integers(0, 10**6), st.integers(1, 300))
def test_an_order_has_every_item_once_and_comes_from_the_seed_and_the_epoch(
    seed: int, k: int, count: int
) -> None:
    drawn = order(seed, k, count)
    assert sorted(drawn.tolist()) == list(range(count))
    np.testing.assert_array_equal(drawn, order(seed, k, count))


def test_each_epoch_and_each_seed_has_an_order_of_its_own() -> None:
    assert len({order(seed, k, 50).tobytes() for seed in range(5) for k in range(5)}) == 25


def test_the_order_never_changes() -> None:
    # Golden: whoever changes these numbers changes every run that was ever recorded.
    assert order(0, 0, 10).tolist() == [5, 3, 0, 9, 7, 1, 2, 6, 4, 8]
    assert order(7, 3, 10).tolist() == [3, 1, 4, 5, 0, 2, 8, 9, 6, 7]


@pytest.mark.parametrize("native", [True, False])
def test_fly_shows_the_views_of_expand_under_rules_for_classes(
    native: bool, tmp_path: Path
) -> None:
    more = "" if native else ", GaussNoise"
    recipe = Recipe.parse(
        f"techniques: [flip, rotate{more}]\nclasses: {{dog: {{flip: never, rotate: {{degrees: 3}}}}}}"
    )
    src, out = write_set(tmp_path / "src", pictures()), tmp_path / "out"
    expand(src, out, 3, recipe, workers=1)
    fly = images_of(sampler_of(src, "fly", recipe=recipe), tmp_path / "cache")
    disk = images_of(sampler_of(out, "disk"), tmp_path / "cache")
    for epoch in range(3):
        np.testing.assert_array_equal(read(fly, epoch), read(disk, epoch))
