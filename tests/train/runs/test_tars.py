"""Runs from tars: the weights, records and refusals of a run from the folder."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expand import expand
from expand.archives.members import end, member
from expand.archives.names import INDEX
from tests.train.commands import call, draw_set, refusal
from tests.train.tar_sets import write_tars
from train.data.cache import Cache
from train.data.dataset import DataRequest, prepare
from train.data.shape import ANY_SHAPE
from train.errors import TrainError
from train.runs.checkpoints import MODEL
from train.runs.records import METRICS, RUN

EPOCHS = ("--epochs", 3, "--batch-size", 8, "--precision", "fp32", "--quiet")


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return an expanded folder, the same as tars, and test sets of both kinds."""
    root = tmp_path_factory.mktemp("sets")
    made = {}
    for name, count, seed in (("train", 8, 0), ("test", 3, 1)):
        src = draw_set(root / f"{name}-src", count, seed=seed)
        expand(src, root / name, 3, workers=1)
        made[name, "folder"] = root / name
        made[name, "tars"] = write_tars(root / name, root / f"{name}-tars")
    return {f"{name} {kind}": path for (name, kind), path in made.items()}


def products(out: Path) -> list[object]:
    """Return what a run leaves that must not depend on the form of its set."""
    record = json.loads((out / RUN).read_text())
    del record["cost"], record["settings"]["data"], record["settings"]["test"]
    return [(out / MODEL).read_bytes(), (out / METRICS).read_bytes(), record]


@pytest.mark.parametrize(
    "options",
    [
        ("--strategy", "none"),
        ("--strategy", "disk"),
        ("--strategy", "disk", "--visit", "all"),
        ("--strategy", "fly"),
        ("--strategy", "hybrid", "--fly", "flip"),
        ("--strategy", "fly", "--image-size", 8, "--workers", 0),
        ("--strategy", "fly", "--sources", 15, "--validation", 0.2),
    ],
    ids=lambda options: " ".join(map(str, options)),
)
def test_a_run_from_tars_ends_with_the_weights_of_one_from_the_folder(
    options: tuple[object, ...], sets: dict[str, Path], tmp_path: Path
) -> None:
    shown = []
    for kind in ("folder", "tars"):
        test = ("--test", sets[f"test {kind}"], "--out", tmp_path / kind)
        result = call(sets[f"train {kind}"], *test, *options, *EPOCHS)
        assert result.exception is None, result.exception
        shown.append(products(tmp_path / kind))
    assert shown[0] == shown[1]


def index_of(tars: Path) -> dict[str, Any]:
    """Return the index of a set."""
    index: dict[str, Any] = json.loads((tars / INDEX).read_text())
    return index


def rewrite(tars: Path, tar: str, members: list[tuple[str, bytes]]) -> None:
    """Write a tar of a set with other members, and its new size and hash into the index."""
    data = b"".join(member(*each) for each in members)
    data += end(len(data))
    (tars / tar).write_bytes(data)
    index = index_of(tars)
    (entry,) = [entry for entry in index["tars"] if entry["file"] == tar]
    entry |= {"bytes": len(data), "sha256": sha256(data).hexdigest()}
    (tars / INDEX).write_text(json.dumps(index))


def members_of(tar: Path) -> list[tuple[str, bytes]]:
    """Return the names and data of the files in a tar."""
    with tarfile.open(tar) as opened:
        return [(info.name, opened.extractfile(info).read()) for info in opened]  # type: ignore[union-attr]


def test_a_set_that_is_not_whole_is_refused_with_what_is_wrong(
    sets: dict[str, Path], tmp_path: Path
) -> None:
    test = ("--test", sets["test folder"], "--out", tmp_path / "run", *EPOCHS)

    def words(name: str) -> str:
        return refusal(tmp_path / name, *test)

    def copied(name: str) -> Path:
        return shutil.copytree(sets["train tars"], tmp_path / name)

    (copied("a") / INDEX).unlink()
    assert f'"{tmp_path}/a" has tars and no index.json' in words("a")
    tars = copied("b")
    (tars / INDEX).write_text(json.dumps(index_of(tars) | {"version": 9}))
    assert "index.json" in words("b")
    assert "it has version 9, this one reads 1" in words("b")
    (copied("c") / "000001-0.tar").unlink()
    assert f'"{tmp_path}/c/000001-0.tar" is missing' in words("c")
    tars = copied("d")
    data = (tars / "000001-0.tar").read_bytes()
    (tars / "000001-0.tar").write_bytes(data[: len(data) // 2])
    assert '/d/000001-0.tar" is cut off: it has ' in words("d")
    tars = copied("e")
    (tars / "000001-0.tar").write_bytes(data[:600] + bytes([data[600] ^ 1]) + data[601:])
    assert '/e/000001-0.tar" is not the file that index.json describes' in words("e")
    assert not (tmp_path / "run" / RUN).exists()


def test_tars_that_expand_would_not_write_are_refused_in_words(
    sets: dict[str, Path], tmp_path: Path
) -> None:
    tar = "000001-0.tar"
    members = members_of(sets["train tars"] / tar)
    image, label, row = members[:3]
    cases = {
        "has no class (.cls)": [(image, row)],
        "has no manifest row (.json)": [(image, label)],
        "has no image": [(label, row)],
        "is not the number of a class": [(image, (label[0], b"cat"), row)],
        "has class 99": [(image, (label[0], b"99"), row)],
        "not a row of a sample": [(image, label, (row[0], b"{}"))],
        "has other samples than index.json says": [()],
    }
    for number, (words, samples) in enumerate(cases.items()):
        tars = shutil.copytree(sets["train tars"], tmp_path / str(number))
        rewrite(tars, tar, [*chain.from_iterable(samples), *members[3:]])
        said = refusal(tars, "--test", sets["test folder"], "--out", tmp_path / "run", *EPOCHS)
        assert f'"{tars / tar}"' in said
        assert words in said


def test_a_changed_set_is_decoded_again_and_one_that_was_decoded_is_not_read(
    sets: dict[str, Path], tmp_path: Path
) -> None:
    tars = shutil.copytree(sets["train tars"], tmp_path / "tars")
    request = DataRequest(tars, None, ANY_SHAPE, 0.2, allow_leak=False, copies=True)
    decoded: list[int] = []
    first = prepare(request, Cache(), lambda _set: decoded.append)
    again = prepare(request, Cache(), lambda _set: decoded.append)
    assert sum(decoded) == 72
    np.testing.assert_array_equal(first.train.pixels(), again.train.pixels())
    members = members_of(tars / "000001-0.tar")
    members[0], members[3] = (members[0][0], members[3][1]), (members[3][0], members[0][1])
    rewrite(tars, "000001-0.tar", members)
    with pytest.raises(TrainError, match="is not the file that the manifest describes"):
        prepare(request, Cache(), lambda _set: decoded.append)
    assert sum(decoded) == 144


def test_a_test_set_with_a_source_of_the_training_tars_is_refused(
    sets: dict[str, Path], tmp_path: Path
) -> None:
    said = refusal(sets["train tars"], "--test", sets["train folder"], "--out", tmp_path, *EPOCHS)
    assert "24 images are in both splits" in said


def test_compare_asks_for_the_folder_that_tars_were_made_from(
    sets: dict[str, Path], tmp_path: Path
) -> None:
    said = refusal("compare", sets["train tars"], "--test", sets["test folder"], "--out", tmp_path)
    assert "was written by expand; give the folder that it was made from" in said


SMALL = ("--cache-size", 3e-5)
"""A cache that holds a test set and the scan of a training set, and not its images."""


def run_of(out: Path) -> dict[str, Any]:
    """Return the record of a run."""
    record: dict[str, Any] = json.loads((out / RUN).read_text())
    return record


@pytest.mark.parametrize(
    "options",
    [
        ("--strategy", "none"),
        ("--strategy", "disk", "--visit", "all"),
        pytest.param(("--strategy", "fly", "--workers", 2), marks=pytest.mark.slow),
        ("--strategy", "hybrid", "--fly", "flip"),
        ("--strategy", "fly", "--image-size", 24),
    ],
    ids=lambda options: " ".join(map(str, options)),
)
def test_a_set_that_does_not_fit_into_the_cache_is_streamed(
    options: tuple[object, ...], sets: dict[str, Path], tmp_path: Path
) -> None:
    options = options if "--workers" in options else (*options, "--workers", 0)
    test = ("--test", sets["test folder"])
    small = (*test, *SMALL, *options, *EPOCHS)
    for out in ("one", "two"):
        result = call(sets["train tars"], *small, "--out", tmp_path / out)
        assert result.exception is None, result.exception
    assert products(tmp_path / "one") == products(tmp_path / "two")
    record = run_of(tmp_path / "one")
    assert "every epoch visits each image once" in record["order"]
    images = 24 * (1 if options[1] in ("none", "fly") else 3)
    assert record["data"]["train"]["images"] == images
    assert record["data"]["train"]["sources"] == 24
    result = call(sets["train folder"], *test, *options, *EPOCHS, "--out", tmp_path / "three")
    assert result.exception is None, result.exception
    assert run_of(tmp_path / "three")["steps"] == record["steps"]


def test_a_streamed_run_is_not_resumed_in_another_order(
    sets: dict[str, Path], tmp_path: Path
) -> None:
    rest = ("--test", sets["test folder"], "--out", tmp_path / "run", "--workers", 0, *EPOCHS)
    assert call(sets["train tars"], *rest, *SMALL).exception is None
    record = run_of(tmp_path / "run")
    path = tmp_path / "run" / RUN
    path.write_text(json.dumps({**record, "order": "said in other words"}))
    assert call(sets["train tars"], *rest, *SMALL).exception is None  # the digest is compared
    path.write_text(json.dumps({**record, "visits": "0" * 16}))
    assert "in another order" in refusal(sets["train tars"], *rest, *SMALL)
    path.write_text(json.dumps(record))
    said = refusal(sets["train tars"], *rest)
    assert "was streamed; now it would be read from the decoded cache, in another order" in said


def test_what_needs_a_list_of_all_images_is_refused_for_a_streamed_set(
    sets: dict[str, Path], tmp_path: Path
) -> None:
    rest = ("--test", sets["test folder"], "--out", tmp_path / "run", *SMALL, *EPOCHS)
    for option in (("--validation", 0.2), ("--sources", 9), ("--group-by", "(.)")):
        said = refusal(sets["train tars"], *rest, *option)
        assert f"so it is streamed, and {option[0]} needs a list of all images" in said


def test_a_test_set_with_a_source_of_a_streamed_set_is_refused(
    sets: dict[str, Path], tmp_path: Path
) -> None:
    leaky = shutil.copytree(sets["test folder"].parent / "test-src", tmp_path / "test")
    shutil.copy(
        sets["train folder"].parent / "train-src" / "bee" / "003.png", leaky / "bee" / "x.png"
    )
    rest = ("--test", leaky, "--out", tmp_path / "run", *SMALL, *EPOCHS)
    for strategy in ("none", "disk"):
        said = refusal(sets["train tars"], *rest, "--strategy", strategy)
        assert "1 image is in both splits" in said
        assert re.search(
            r'"bee/x.png" is, or was made from, the file of training "00000\d-0.tar/', said
        )


def test_a_damaged_tar_of_a_streamed_set_is_refused_before_training(
    sets: dict[str, Path], tmp_path: Path
) -> None:
    tars = shutil.copytree(sets["train tars"], tmp_path / "tars")
    data = (tars / "000001-0.tar").read_bytes()
    (tars / "000001-0.tar").write_bytes(data[:600] + bytes([data[600] ^ 1]) + data[601:])
    said = refusal(tars, "--test", sets["test folder"], "--out", tmp_path / "run", *SMALL, *EPOCHS)
    assert '/tars/000001-0.tar" is not the file that index.json describes' in said
