"""The data of a run: the split of each image, its shape, and data that is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expand import Recipe, expand
from tests.conftest import noise_image
from tests.train.samples import pictures, pixels_of, write_set
from train.data.cache import Cache
from train.data.dataset import Data, DataRequest, originals, prepare
from train.data.folders.folder import Folder
from train.data.normalise import measure_pixels
from train.data.shape import ANY_SHAPE, Shape, resize_crop
from train.data.split import Split
from train.errors import TrainError
from train.feed.sampler import Sampler
from train.feed.strategies import Strategy
from train.runs.feeds import reads_files

CLASSIC = Recipe.load("classic")


def prepared(data: Path, test: Path | None = None, limit: int = 10**9, **data_request: Any) -> Data:
    strategy = data_request.pop("strategy", Strategy("none"))
    needs = {"copies": strategy.reads_copies}
    settings = {"shape": ANY_SHAPE, "validation": 0.0, "allow_leak": False, **needs, **data_request}
    return prepare(
        DataRequest(data, test, **settings),
        Cache(limit=limit),
        lambda _folder: lambda _images: None,
    )


def refusal(data: Path, test: Path | None = None, **data_request: Any) -> str:
    with pytest.raises(TrainError) as refused:
        prepared(data, test, **data_request)
    assert refused.value.status == 2
    return str(refused.value)


def pixels_on(split: Split | None) -> np.ndarray:
    """Return the pixels of a split."""
    assert split is not None
    return split.pixels()


def read(folder: Folder) -> np.ndarray:
    """Return the pixels of a folder's files."""
    return np.stack([pixels_of(folder.root / file) for file in folder.files])


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return an expanded dataset: 20 sources, 3 views of each; its sources are beside it."""
    expand(write_set(tmp_path / "src", pictures(10)), tmp_path / "out", 3, workers=1)
    return tmp_path / "out"


@pytest.mark.parametrize(("name", "views"), [("none", 1), ("fly", 1), ("disk", 3), ("hybrid", 3)])
@pytest.mark.parametrize("validation", [0.0, 0.3])
def test_each_split_has_the_pixels_of_its_files(
    name: str, views: int, validation: float, out: Path
) -> None:
    strategy = Strategy(name, CLASSIC if name in ("fly", "hybrid") else None)
    data = prepared(out, strategy=strategy, validation=validation)
    held = int(20 * validation)
    assert len(data.train.folder) == (20 - held) * views
    sampler = Sampler(data.train.folder, strategy)
    assert (len(sampler), sampler.files_per_source) == (20 - held, views)
    np.testing.assert_array_equal(pixels_on(data.train), read(data.train.folder))
    if data.validation:
        assert data.validation.folder.views.tolist() == [0] * held
        np.testing.assert_array_equal(pixels_on(data.validation), read(data.validation.folder))
        sides = data.train.folder.source_ids + data.validation.folder.source_ids
        assert sorted(sides) == sorted(pictures(10))
    assert (data.validation is None, data.test, data.leaks, data.train.decoded.whole) == (
        held == 0,
        None,
        [],
        True,
    )
    assert data.decode_seconds > 0


def test_the_normaliser_is_measured_on_the_untouched_training_sources(out: Path) -> None:
    src = out.parent / "src"
    expected = measure_pixels(np.stack([pixels_of(src / name) for name in sorted(pictures(10))]))
    for strategy in (Strategy("none"), Strategy("disk"), Strategy("fly", CLASSIC)):
        assert prepared(out, strategy=strategy).normalise == expected
    data = prepared(out, strategy=Strategy("disk"), validation=0.4)
    assert data.normalise == measure_pixels(
        np.stack([pixels_of(src / name) for name in data.train.folder.source_ids])
    )
    assert data.normalise != expected


def test_without_originals_validation_and_the_normaliser_use_copies(tmp_path: Path) -> None:
    expand(
        write_set(tmp_path / "src", pictures(10)), tmp_path / "out", 3, originals="none", workers=1
    )
    data = prepared(tmp_path / "out", strategy=Strategy("disk"), validation=0.3)
    assert data.validation is not None
    assert data.validation.folder.views.tolist() == [1, 2] * 6
    assert data.normalise == measure_pixels(read(data.train.folder))
    np.testing.assert_array_equal(originals(data.train), read(data.train.folder))


def test_only_the_originals_of_a_test_set_are_used(out: Path, tmp_path: Path) -> None:
    sources = write_set(
        tmp_path / "new", {"dog/1.png": pictures(1, seed=90)["cat/0.png"], **pictures(2, seed=50)}
    )
    expand(sources, tmp_path / "test", 4, workers=1)
    data = prepared(out, tmp_path / "test", strategy=Strategy("disk"))
    assert data.test is not None
    assert data.test.folder.files == sorted(["cat/0.png", "cat/1.png", "dog/0.png", "dog/1.png"])
    assert data.test.folder.labels.tolist() == [0, 0, 1, 1]
    np.testing.assert_array_equal(pixels_on(data.test), read(data.test.folder))


def test_a_test_set_may_lack_classes_but_not_have_others(out: Path, tmp_path: Path) -> None:
    image = pictures(1, seed=90)["cat/0.png"]
    data = prepared(out, write_set(tmp_path / "one", {"dog/1.png": image}))
    assert data.test is not None
    assert data.test.folder.labels.tolist() == [1]
    assert data.test.folder.classes == ("cat", "dog")
    more = write_set(tmp_path / "more", {"dog/1.png": image, "eel/1.png": image})
    assert (
        refusal(out, more)
        == f'the test set "{more}" has classes that the training set does not have: "eel"'
    )


def test_leaks_are_refused_or_recorded(out: Path, tmp_path: Path) -> None:
    test = write_set(
        tmp_path / "test", pictures(2, seed=50) | {"dog/7.png": pictures(10)["cat/3.png"]}
    )
    for strategy, named in (("none", "cat/3.png"), ("disk", "cat/3_v2.png")):
        line = f'test "dog/7.png" is, or was made from, the file of training "{named}"'
        words = refusal(out, test, strategy=Strategy(strategy))
        assert words.startswith(f"1 image is in both splits: {line}. ")
        assert prepared(out, test, strategy=Strategy(strategy), allow_leak=True).leaks == [line]


def test_duplicate_pictures_in_training_and_validation_are_refused(tmp_path: Path) -> None:
    images = pictures(10)
    names = sorted(images)
    src = write_set(tmp_path / "src", images)
    held = prepared(src, validation=0.3).validation
    assert held is not None
    twin = next(name for name in names if name not in held.folder.files)
    write_set(src, {twin: images[held.folder.files[0]]})
    line = (
        f'validation "{held.folder.files[0]}" is, or was made from, the file of training "{twin}"'
    )
    assert refusal(src, validation=0.3).startswith(f"1 image is in both splits: {line}. ")
    assert prepared(src, validation=0.3, allow_leak=True).leaks == [line]
    assert prepared(src).leaks == []


def test_data_that_cannot_be_trained_on_is_refused(out: Path, tmp_path: Path) -> None:
    one = write_set(tmp_path / "one", {"cat/1.png": pictures()["cat/1.png"]})
    assert refusal(one) == f'"{one}" has only one class ("cat"); a classifier needs two'
    assert refusal(tmp_path / "nosuch") == f'"{tmp_path / "nosuch"}" does not exist'
    assert refusal(out, tmp_path / "nosuch") == f'"{tmp_path / "nosuch"}" does not exist'
    assert refusal(out, validation=1.0) == "--validation must be at least 0 and below 1, got 1.0"


def test_test_images_of_another_shape_are_refused_with_both_shapes(
    out: Path, tmp_path: Path
) -> None:
    test = write_set(tmp_path / "test", pictures(2, (12, 10), seed=50))
    words = "test images are 10×12×1, training images 16×16×3; give all of them one shape with --image-size and --colour"
    assert refusal(out, test) == words
    assert prepared(out, test, shape=Shape(8, "rgb")).test is not None


def test_views_of_resized_images_need_the_files(out: Path) -> None:
    strategies = {
        name: Strategy(name, CLASSIC if name in ("fly", "hybrid") else None)
        for name in ("none", "disk", "fly", "hybrid")
    }
    streamed = {
        name: reads_files(
            prepared(out, strategy=strategy, shape=Shape(8)).train, strategy, Shape(8)
        )
        for name, strategy in strategies.items()
    }
    assert streamed == {"none": False, "disk": False, "fly": True, "hybrid": True}
    assert not reads_files(prepared(out).train, strategies["fly"], ANY_SHAPE)
    data = prepared(out, strategy=Strategy("fly", CLASSIC), shape=Shape(8), validation=0.3)
    np.testing.assert_array_equal(
        pixels_on(data.validation),
        [resize_crop(image, Shape(8)) for image in read(data.validation.folder)],
    )  # type: ignore[union-attr]


def test_a_set_that_is_too_large_to_pack_is_streamed_and_measured_on_a_sample(
    tmp_path: Path,
) -> None:
    src = write_set(tmp_path / "src", pictures(1050, (3, 2, 3)))  # more than twice the sample
    test = write_set(tmp_path / "test", pictures(30, (3, 2, 3), seed=5000))
    data = prepared(src, test, limit=150_000, validation=0.1)
    assert not data.train.decoded.whole
    assert (len(data.train.folder), len(originals(data.train))) == (1890, 1050)
    assert data.normalise == measure_pixels(data.train.decoded.pixels)
    assert data.validation is not None
    assert len(data.validation.folder) == 210
    for split in (data.validation, data.test):
        assert split is not None
        np.testing.assert_array_equal(pixels_on(split), read(split.folder))
    (test / "cat/0.png").write_bytes((src / data.train.folder.files[1500]).read_bytes())
    line = f'test "cat/0.png" is, or was made from, the file of training "{data.train.folder.files[1500]}"'
    assert refusal(src, test, limit=150_000, validation=0.1).startswith(
        f"1 image is in both splits: {line}. "
    )


def test_a_test_set_that_is_too_large_to_pack_is_refused(out: Path, tmp_path: Path) -> None:
    test = write_set(tmp_path / "test", pictures(30, seed=50))
    words = (
        f'"{test}" takes 52,080 bytes when decoded, --cache-size is 20,000. All test images are '
        "decoded: use a larger --cache-size or a smaller --image-size"
    )
    assert refusal(out, test, limit=20_000) == words


def test_a_smaller_set_is_drawn_before_it_is_split(out: Path) -> None:
    data = prepared(out, strategy=Strategy("disk"), sources=10, validation=0.2)
    assert data.validation is not None
    train, held = data.train.folder.source_ids, data.validation.folder.source_ids
    assert [source.split("/")[0] for source in train] == ["cat"] * 4 + ["dog"] * 4
    assert [source.split("/")[0] for source in held] == ["cat", "dog"]
    assert not set(train) & set(held)
    np.testing.assert_array_equal(pixels_on(data.train), read(data.train.folder))
    np.testing.assert_array_equal(pixels_on(data.validation), read(data.validation.folder))


def test_progress_is_reported_for_each_decoded_image(out: Path, tmp_path: Path) -> None:
    test = write_set(tmp_path / "test", pictures(3, seed=50))
    counts: dict[str, int] = {}

    def decoding(folder: Folder) -> Callable[[int], None]:
        counts[folder.root.name] = 0

        def decoded(images: int) -> None:
            counts[folder.root.name] += images

        return decoded

    prepare(DataRequest(out, test, ANY_SHAPE, 0.2, False, copies=True), Cache(), decoding)
    assert counts == {"out": 60, "test": 6}


def test_a_file_that_differs_from_the_manifest_is_refused(tmp_path: Path) -> None:
    expand(write_set(tmp_path / "src"), tmp_path / "out", 2, workers=1)
    file = tmp_path / "out/cat/1_v1.png"
    file.write_bytes((tmp_path / "out/dog/1_v1.png").read_bytes())
    message = (
        f'"{file}" is not the file that the manifest describes; `expand verify` checks the folder'
    )
    assert refusal(tmp_path / "out", strategy=Strategy("disk")) == message


def test_a_manifest_row_without_a_column_is_refused(tmp_path: Path) -> None:
    expand(write_set(tmp_path / "src"), tmp_path / "out", 2, workers=1)
    manifest = tmp_path / "out/metadata.jsonl"
    manifest.write_text(manifest.read_text().replace('"label"', '"lable"', 1))
    message = f"\"{manifest}\", line 1: not a row of a manifest: it has no 'label'"
    assert refusal(tmp_path / "out", strategy=Strategy("disk")) == message


def test_validation_and_test_must_not_share_images(tmp_path: Path) -> None:
    data, images = write_set(tmp_path / "src"), pictures()
    held = prepared(data, validation=0.5).validation
    assert held is not None
    shared = held.folder.files[0]
    test = write_set(
        tmp_path / "test", {shared: images[shared], "dog/x.png": noise_image(16, 16, 3, seed=99)}
    )
    assert refusal(data, test, validation=0.5).startswith(
        f'1 image is in both splits: test "{shared}" is, or was made from, the file of validation "{shared}"'
    )
