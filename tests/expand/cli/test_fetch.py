"""Fetch: torchvision's datasets as class folders."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from expand import ExpandError, expand
from expand.cli.fetch import class_folder, fetch
from expand.images.decoder import decode
from tests.conftest import noise_image


def write_mnist(root: Path, name: str, counts: tuple[int, int] = (30, 12)) -> dict[str, np.ndarray]:
    """Write a tiny dataset in MNIST's own format."""
    raw = root / name / "raw"
    raw.mkdir(parents=True)
    written = {}
    for part, prefix, count in (("train", "train", counts[0]), ("test", "t10k", counts[1])):
        images = np.stack([noise_image(28, 28, seed=i + 100 * count) for i in range(count)])
        labels = (np.arange(count) % 10).astype(np.uint8)
        (raw / f"{prefix}-images-idx3-ubyte").write_bytes(
            struct.pack(">IIII", 2051, count, 28, 28) + images.tobytes()
        )
        (raw / f"{prefix}-labels-idx1-ubyte").write_bytes(
            struct.pack(">II", 2049, count) + labels.tobytes()
        )
        written[part] = images
    return written


@pytest.mark.parametrize("name", ["FashionMNIST", "MNIST", "KMNIST"])
def test_every_image_comes_into_its_class_folder_bit_for_bit(name: str, tmp_path: Path) -> None:
    pytest.importorskip("torchvision")
    written = write_mnist(tmp_path / "root", name)
    assert fetch(name, tmp_path / "out", tmp_path / "root") == {"train": 30, "test": 12}
    for part, images in written.items():
        files = {path.stem: path for path in (tmp_path / "out" / part).glob("*/*.png")}
        assert len(files) == len(images)
        assert len(list((tmp_path / "out" / part).iterdir())) == 10
        for index, pixels in enumerate(images):
            np.testing.assert_array_equal(decode(files[f"{index:02d}"].read_bytes()).pixels, pixels)
    labels = {path.parent.name for path in (tmp_path / "out/train").glob("*/0?.png")}
    assert len(labels) == 10
    assert expand(tmp_path / "out/train", tmp_path / "bigger", workers=1).summary.files == 120


def test_names_become_folder_names() -> None:
    assert [class_folder(label) for label in ("T-shirt/top", "Ankle boot", "0 - zero", "airplane")] == [
        "T-shirt_top", "Ankle_boot", "0_-_zero", "airplane",
    ]  # fmt: skip


def test_what_cannot_be_fetched_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        ExpandError,
        match='"ImageNet" is not a dataset that can be fetched; choose one of FashionMNIST',
    ):
        fetch("ImageNet", tmp_path / "out", None)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExpandError, match="is a file"):
        fetch("MNIST", tmp_path / "file", None)
    pytest.importorskip("torchvision")
    with pytest.raises(ExpandError, match=r"does not hold MNIST as torchvision stores it"):
        fetch("MNIST", tmp_path / "out", tmp_path / "empty")
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(ExpandError, match=r'needs torchvision: pip install ".\[train\]"'):
        fetch("MNIST", tmp_path / "out", tmp_path)


def test_a_download_that_fails_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("torchvision.datasets")

    def offline(**_: object) -> None:
        raise OSError("network is unreachable")

    monkeypatch.setattr(datasets, "MNIST", offline)
    with pytest.raises(
        ExpandError, match=r"could not be downloaded \(network is unreachable\)"
    ) as error:
        fetch("MNIST", tmp_path / "out", None)
    assert error.value.status == 3
