"""The leak guard: an image in two splits is found by its file, its source or its pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand import expand
from tests.conftest import noise_image
from tests.train.samples import pictures, write_set
from train.data.cache import Cache
from train.data.decoded import decode_folder, sample
from train.data.folders.folder import Folder
from train.data.folders.listing import list_folder
from train.data.leak import check_leaks, find_leaks
from train.data.shape import ANY_SHAPE, Shape
from train.data.split import Split
from train.data.subsets import some_sources, validation_sources
from train.errors import TrainError

WHY = "Results on images that the model has seen do not carry over to new images; --allow-leak trains anyway and records the leaks"


def side(name: str, root: Path, shape: Shape = ANY_SHAPE) -> Split:
    folder = list_folder(root)
    return Split(name, folder, decode_folder(folder, shape, Cache()))


def listed(classes: dict[str, int], views: int = 1) -> Folder:
    """Return a folder of so many sources for each class, without files."""
    sources = [f"{label}/{index}.png" for label, count in classes.items() for index in range(count)]
    rows = [(source, view) for source in sources for view in range(views)]
    labels = np.array([list(classes).index(source.split("/")[0]) for source, _ in rows])
    return Folder(
        Path("none"), [f"{source} {view}" for source, view in rows], labels, [source for source, _ in rows],
        np.array([view for _, view in rows]), [], tuple(classes), None, np.arange(len(rows)),
    )  # fmt: skip


def test_sets_that_share_nothing_are_accepted(tmp_path: Path) -> None:
    train, test = write_set(tmp_path / "train"), write_set(tmp_path / "test", pictures(seed=100))
    assert check_leaks(side("training", train), side("test", test), allowed=False) == []


def test_the_same_file_is_found_under_any_name(tmp_path: Path) -> None:
    train, test = write_set(tmp_path / "train"), write_set(tmp_path / "test", pictures(seed=100))
    (test / "dog/9.png").write_bytes((train / "cat/2.png").read_bytes())
    line = 'test "dog/9.png" is, or was made from, the file of training "cat/2.png"'
    assert find_leaks(side("training", train), side("test", test)) == [line]


@pytest.mark.parametrize("originals", ["copy", "none"])
def test_the_source_of_a_copy_is_found_even_if_it_was_left_out(
    originals: str, tmp_path: Path
) -> None:
    src, out = write_set(tmp_path / "src"), tmp_path / "out"
    expand(src, out, factor=3, originals=originals, workers=1)
    test = write_set(tmp_path / "test", pictures(seed=100))
    (test / "cat/1.png").write_bytes((src / "dog/3.png").read_bytes())
    (line,) = find_leaks(side("training", out), side("test", test))
    assert line == 'test "cat/1.png" is, or was made from, the file of training "dog/3_v2.png"'
    (line,) = find_leaks(side("training", test), side("test", list_folder(out).root))[:1]
    first = "dog/3.png" if originals == "copy" else "dog/3_v1.png"
    assert line == f'test "{first}" is, or was made from, the file of training "cat/1.png"'


def test_a_copy_among_the_test_images_is_found(tmp_path: Path) -> None:
    src, out = write_set(tmp_path / "src"), tmp_path / "out"
    expand(src, out, factor=3, workers=1)
    test = write_set(tmp_path / "test", pictures(seed=100))
    (test / "cat/1.png").write_bytes((out / "dog/3_v1.png").read_bytes())
    line = 'test "cat/1.png" is, or was made from, the file of training "dog/3_v1.png"'
    assert find_leaks(side("training", out), side("test", test)) == [line]


@pytest.mark.parametrize("shape", [ANY_SHAPE, Shape(8, "grey")], ids=str)
def test_the_same_picture_is_found_in_another_format(shape: Shape, tmp_path: Path) -> None:
    images = pictures()
    train = write_set(tmp_path / "train", images)
    test = write_set(tmp_path / "test", pictures(seed=100) | {"dog/9.bmp": images["cat/2.png"]})
    line = 'test "dog/9.bmp" has the pixels of training "cat/2.png"'
    assert find_leaks(side("training", train, shape), side("test", test, shape)) == [line]


def test_a_picture_that_differs_in_size_or_one_pixel_is_another(tmp_path: Path) -> None:
    images = pictures()
    other = images["cat/2.png"].copy()
    other[7, 7, 1] ^= 1
    train = write_set(tmp_path / "train", images)
    test = write_set(
        tmp_path / "test", {"cat/1.png": other, "dog/1.png": images["dog/1.png"][:, :15]}
    )
    assert find_leaks(side("training", train, Shape(8)), side("test", test, Shape(8))) == []


def test_leaks_of_a_set_that_is_too_large_to_pack_are_found_by_file(tmp_path: Path) -> None:
    images = pictures()
    folder = list_folder(write_set(tmp_path / "train", images))
    train = Split("training", folder, sample(folder, ANY_SHAPE, count=2))
    test = write_set(
        tmp_path / "test",
        {
            "cat/1.png": images["dog/1.png"],
            "dog/1.bmp": images["dog/2.png"],
            "dog/2.png": noise_image(16, 16, 3, seed=9),
        },
    )
    line = 'test "cat/1.png" is, or was made from, the file of training "dog/1.png"'
    assert find_leaks(train, side("test", test)) == [line]


def test_leaks_are_refused_with_three_examples_or_recorded(tmp_path: Path) -> None:
    train = side("training", write_set(tmp_path / "train"))
    with pytest.raises(TrainError) as refused:
        check_leaks(train, train._replace(name="test"), allowed=False)
    lines = [
        f'test "cat/{i}.png" is, or was made from, the file of training "cat/{i}.png"'
        for i in range(4)
    ]
    assert (
        str(refused.value)
        == f"8 images are in both splits: {'; '.join(lines[:3])}; and 5 more. {WHY}"
    )
    found = check_leaks(train, train._replace(name="test"), allowed=True)
    assert found[:4] == lines
    assert len(found) == 8
    one = Split("test", train.folder.only([1]), train.decoded)
    with pytest.raises(TrainError) as refused:
        check_leaks(train, one, allowed=False)
    assert str(refused.value) == f"1 image is in both splits: {lines[1]}. {WHY}"


@given(
    st.dictionaries(st.sampled_from("abcde"), st.integers(1, 30), min_size=1),
    st.floats(0, 0.999),
    st.integers(0, 2**64 - 1),
)
def test_a_share_of_each_class_is_held_out_and_never_all_of_it(
    classes: dict[str, int], share: float, seed: int
) -> None:
    folder = listed(classes)
    held = validation_sources(folder, share, seed)
    for number, count in enumerate(classes.values()):
        mine = held[folder.labels == number]
        assert mine.sum() == min(round(share * count), count - 1)
    np.testing.assert_array_equal(held, validation_sources(folder, share, seed))


def test_all_views_of_a_source_are_in_one_split() -> None:
    folder = listed({"a": 20, "b": 10}, views=4)
    held = validation_sources(folder, 0.25)
    train, validation = folder.of_sources(~held), folder.of_sources(held)
    assert (len(train), len(validation)) == (23 * 4, 7 * 4)
    assert not set(train.sources) & set(validation.sources)
    assert sorted(train.decoded_rows.tolist() + validation.decoded_rows.tolist()) == list(
        range(120)
    )


def test_the_split_is_the_same_with_or_without_copies_and_another_under_another_seed() -> None:
    plain, expanded = listed({"a": 40, "b": 40}), listed({"a": 40, "b": 40}, views=3)
    held = validation_sources(plain, 0.3)
    np.testing.assert_array_equal(held, validation_sources(expanded, 0.3))
    assert (held != validation_sources(plain, 0.3, seed=1)).sum() > 10


def test_removing_a_source_moves_at_most_one_other_of_its_class() -> None:
    folder = listed({"a": 40, "b": 40})
    held = validation_sources(folder, 0.25)
    for gone in range(80):
        keep = np.arange(80) != gone
        fewer = validation_sources(folder.of_sources(keep), 0.25)
        moved = np.flatnonzero(keep)[fewer != held[keep]]
        assert len(moved) <= 1
        assert (folder.labels[moved] == folder.labels[gone]).all()


@pytest.mark.parametrize("share", [-0.1, 1, 1.5])
def test_a_share_that_leaves_nothing_is_refused(share: float) -> None:
    with pytest.raises(TrainError) as refused:
        validation_sources(listed({"a": 3}), share)
    assert str(refused.value) == f"--validation must be at least 0 and below 1, got {share}"


def test_a_smaller_set_has_the_same_shares_and_is_a_part_of_a_larger_one() -> None:
    folder, before = listed({"a": 40, "b": 20, "c": 4}), np.zeros(64, dtype=bool)
    for count, expected in ((2, [1, 1, 1]), (16, [10, 5, 1]), (32, [20, 10, 2]), (64, [40, 20, 4])):
        chosen = some_sources(folder, count)
        assert [int(chosen[folder.labels == label].sum()) for label in range(3)] == expected
        assert chosen[before].all()
        before = chosen


@pytest.mark.parametrize("count", [1, 65])
def test_a_smaller_set_of_too_few_or_too_many_sources_is_refused(count: int) -> None:
    with pytest.raises(TrainError) as refused:
        some_sources(listed({"a": 40, "b": 24}), count)
    assert (
        str(refused.value) == f'--sources must be 2 … 64, the number that "none" has, got {count}'
    )
