"""Tars: the same images, rows and order as the folder that they were made from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from expand import expand
from tests.train.samples import pictures, write_set
from tests.train.tar_sets import write_tars
from train.data.cache import Cache
from train.data.dataset import Data, DataRequest, prepare
from train.data.shape import ANY_SHAPE, Shape


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return an expanded folder, the same as tars, and a test set."""
    root = tmp_path_factory.mktemp("sets")
    images = pictures(9, (12, 10, 3))
    expand(write_set(root / "src", images), root / "folder", 3, seed=5)
    test = write_set(root / "test", pictures(3, (12, 10, 3), seed=100))
    return {
        "folder": root / "folder",
        "tars": write_tars(root / "folder", root / "tars"),
        "test": test,
    }


def read(data: Path, test: Path, *, copies: bool = True, shape: Shape = ANY_SHAPE) -> Data:
    request = DataRequest(data, test, shape, 0.2, allow_leak=False, copies=copies)
    return prepare(request, Cache(), lambda _set: lambda _images: None)


@pytest.mark.parametrize("copies", [True, False])
def test_tars_are_read_as_the_folder_that_they_were_made_from(
    sets: dict[str, Path], copies: bool
) -> None:
    folder, tars = (read(sets[name], sets["test"], copies=copies) for name in ("folder", "tars"))
    for name, one in folder.splits.items():
        other = tars.splits[name]
        np.testing.assert_array_equal(one.pixels(), other.pixels())
        assert one.fingerprints() == other.fingerprints()
        assert one.file_hashes() == other.file_hashes()
        for column in ("sources", "classes", "source_hashes", "file_hashes", "groups", "names"):
            assert getattr(one.folder, column) == getattr(other.folder, column)
        np.testing.assert_array_equal(one.folder.views, other.folder.views)
    assert folder.normalise == tars.normalise
