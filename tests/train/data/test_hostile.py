"""Decoded datasets from untrusted users: decoded again, in bounded time, and no code runs."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import struct
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.train.samples import pictures, write_set
from train.data.cache import Cache
from train.data.decoded import decode_folder
from train.data.decoded_files import ARRAY, BLOCK, RECORD
from train.data.folders.listing import list_folder
from train.data.shape import ANY_SHAPE
from train.fit import precision


class Running:
    """Creates a folder when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("code-was-run",)


def header(text: str, body: bytes = b"") -> bytes:
    """Return an array file with a header of one's own."""
    line = text + " " * (63 - (len(text) + 10) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(line)) + line.encode() + body


def shaped(shape: str, dtype: str = "'|u1'", *, fortran: bool = False) -> bytes:
    text = f"{{'descr': {dtype}, 'fortran_order': {fortran}, 'shape': {shape}, }}"
    return header(text, bytes(8 * 16 * 16 * 3))


def saved(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def zipped() -> bytes:
    """Return an archive of arrays that is a thousand times larger when it is read."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pixels.npy", bytes(10 * 2**20))
    return file.getvalue()


ARRAYS: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "noise": lambda: bytes(range(256)) * 25,
    "a trillion images": lambda: shaped("(1000000000000, 16, 16, 3)"),
    "below 0": lambda: shaped("(-1, 16, 16, 3)"),
    "overflowing": lambda: shaped("(8, 4294967296, 4294967296, 3)"),
    "no pixels": lambda: shaped("(8, 0, 16, 3)"),
    "of another size": lambda: shaped("(8, 8, 32, 3)"),
    "of columns": lambda: shaped("(8, 16, 16, 3)", fortran=True),
    "of a record": lambda: shaped("(8, 16, 16)", "[('a', '|u1', 3)]"),
    "of floats": lambda: shaped("(8, 16, 12)", "'<f4'"),
    "a set as shape": lambda: shaped("{8, 16}"),
    "code as header": lambda: header("__import__('os').mkdir('code-was-run')", bytes(6144)),
    "open brackets": lambda: header("(" * 800, bytes(6144)),
    "objects": lambda: saved(np.array([Running()] * 8, dtype=object)),
    "a pickle": lambda: pickle.dumps(Running()) + bytes(6144),
    "an archive": zipped,
}
RECORDS: dict[str, Any] = {
    "numbers": [1] * 8,
    "lists": [[["x"]]] * 8,
    "a text": "x" * 8,
    "a dictionary": {str(number): "x" for number in range(8)},
    "too few": ["x"],
    "nothing": None,
}


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Cache, Path]:
    """Return a set, its cache, and the folder of its decoded dataset."""
    monkeypatch.chdir(tmp_path)
    root, cache = write_set(tmp_path / "src"), Cache(tmp_path / "cache")
    decode_folder(list_folder(root), ANY_SHAPE, cache)
    (folder,) = cache.datasets()
    return root, cache, folder


def sign(folder: Path, **changes: Any) -> None:
    """Change the record of a decoded dataset, and make it fit its files."""
    body = json.loads((folder / RECORD).read_text()) | changes
    body.pop("checksum")
    data = (folder / ARRAY).read_bytes()
    blocks = [data[start : start + BLOCK] for start in range(0, len(data), BLOCK)]
    body["pixels"] = sha256(b"".join(sha256(each).digest() for each in blocks)).hexdigest()
    checksum = sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    (folder / RECORD).write_text(json.dumps({"checksum": checksum, **body}))


def check_decoded_again(root: Path, cache: Cache) -> None:
    decoded = decode_folder(list_folder(root), ANY_SHAPE, cache)
    np.testing.assert_array_equal(decoded.pixels, np.stack(list(pictures().values())))
    assert "in the cache were damaged" in decoded.note
    assert not Path("code-was-run").exists()


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_of_a_stranger_is_not_used(name: str, made: tuple[Path, Cache, Path]) -> None:
    root, cache, folder = made
    (folder / ARRAY).write_bytes(ARRAYS[name]())
    sign(folder)
    check_decoded_again(root, cache)


@pytest.mark.parametrize("name", RECORDS)
def test_hashes_of_a_stranger_are_not_used(name: str, made: tuple[Path, Cache, Path]) -> None:
    root, cache, folder = made
    sign(folder, fingerprints=RECORDS[name])
    check_decoded_again(root, cache)


def test_an_array_file_of_a_terabyte_is_not_read(made: tuple[Path, Cache, Path]) -> None:
    root, cache, folder = made
    with open(folder / ARRAY, "r+b") as file:
        file.truncate(2**40)
    check_decoded_again(root, cache)


@pytest.mark.parametrize("name", ["deep", "pipe", "large", "list", "link", "loop"])
def test_measured_precisions_of_a_stranger_are_measured_again(name: str, tmp_path: Path) -> None:
    path = tmp_path / "precision.json"
    if name == "pipe":
        os.mkfifo(path)
    elif name == "large":
        path.touch()
        os.truncate(path, 2**40)
    elif name in ("link", "loop"):
        path.symlink_to("/dev/zero" if name == "link" else path)
    else:
        path.write_text({"deep": "[" * 100_000, "list": "[[]]"}[name])
    assert precision._read(path) == {}


def test_a_link_in_the_place_of_a_pack_is_not_followed(made: tuple[Path, Cache, Path]) -> None:
    root, cache, folder = made
    outside = folder.parent.parent / "outside"
    shutil.move(folder, outside)
    before = {path.name: path.read_bytes() for path in outside.iterdir()}
    folder.symlink_to(outside)
    check_decoded_again(root, cache)
    assert {path.name: path.read_bytes() for path in outside.iterdir()} == before
