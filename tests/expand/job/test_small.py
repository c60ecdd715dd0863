"""Small images are rendered together: what is wrong with one of them touches no other."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from expand import expand
from expand.errors import BadImageError
from expand.images.decoder import decode
from tests.conftest import Folder, noise_image, tree

SAVED: dict[str, dict[str, object]] = {
    "jpg": {},
    "png": {},
    "webp": {"lossless": True},
    "bmp": {},
    "ppm": {},
    "tif": {"compression": "tiff_lzw"},
}


def saved(kind: str, seed: int, mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    format_ = {"jpg": "JPEG", "ppm": "PPM", "tif": "TIFF"}.get(kind, kind.upper())
    image = Image.fromarray(noise_image(20, 20, 3, seed=seed)).convert(mode)
    image.save(file, format_, **SAVED[kind])
    return file.getvalue()


def damaged(data: bytes) -> bytes:
    """Return a file with wrong bytes where its pixels begin, and the right length."""
    return data[:250] + b"\xff" * 60 + data[310:]


def reason(data: bytes) -> str:
    with pytest.raises(BadImageError) as caught:
        decode(data)
    return str(caught.value)


@pytest.mark.parametrize("kind", SAVED)
@pytest.mark.parametrize("hurt", [lambda data: data[:-100], damaged], ids=["cut", "damaged"])
def test_damaged_images_among_small_ones_are_bad_and_the_others_unchanged(
    kind: str, hurt: object, class_folder: Folder, tmp_path: Path
) -> None:
    assert callable(hurt)
    good: dict[str, object] = {f"a/{index}.{kind}": saved(kind, index) for index in range(4)}
    bad = {f"a/bad{index}.{kind}": hurt(saved(kind, 9 + index)) for index in range(2)}
    try:
        reasons = {name: reason(data) for name, data in bad.items()}
    except pytest.fail.Exception:
        pytest.skip("such damage gives other pixels, no error")
    report = expand(class_folder({**good, **bad}), tmp_path / "out", factor=3, workers=1)
    assert {each.source: each.reason for each in report.summary.bad} == reasons
    expand(class_folder(good, "good"), tmp_path / "alone", factor=3, workers=1)
    assert tree(tmp_path / "out") == tree(tmp_path / "alone")


def test_damaged_palettes_of_tiff_are_bad(class_folder: Folder, tmp_path: Path) -> None:
    files: dict[str, object] = {f"a/{i}.tif": saved("tif", i, "P") for i in range(3)}
    files["a/1.tif"] = damaged(saved("tif", 1, "P"))
    report = expand(class_folder(files), tmp_path / "out", factor=2, workers=1)
    assert [each.source for each in report.summary.bad] == ["a/1.tif"]
    assert report.summary.files == 4
