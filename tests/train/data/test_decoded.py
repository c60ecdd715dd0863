"""Decoded datasets: correct, reused, whole or absent, limited in size."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from expand import expand
from expand.engines import choose
from expand.engines.engine import Engine
from expand.engines.local import LocalEngine
from expand.engines.threads import ThreadEngine
from expand.errors import BadImageError
from expand.images.decoder import decode
from expand.images.encoder import encode
from expand.images.formats import Encoding
from tests.conftest import Folder, noise_image
from tests.expand.engines.test_choose import USED, Counting
from tests.train.samples import pictures, pixels_of, write_set
from train.data.cache import Cache, TooLargeError
from train.data.decoded import RECORD_BYTES, decode_folder, sample
from train.data.decoded_files import ArrayFile
from train.data.decoding import (
    CHUNK,
    SMALL,
    Files,
    decode_rows,
    fingerprint,
    hash_files,
    read_checked,
)
from train.data.folders.listing import list_folder
from train.data.shape import ANY_SHAPE, Shape, resize_crop
from train.errors import TrainError

PACKING = """
import os, signal, sys
from pathlib import Path
from train.data.cache import Cache
from train.data.folders.listing import list_folder
from train.data.decoded import decode_folder
from train.data.shape import ANY_SHAPE
left = int(sys.argv[3])
def count(images):
    global left
    left -= images
    if left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
decode_folder(list_folder(Path(sys.argv[1])), ANY_SHAPE, Cache(Path(sys.argv[2])), count)
"""


def refusal(root: Path, cache: Cache, shape: Shape = ANY_SHAPE) -> str:
    with pytest.raises(TrainError) as refused:
        decode_folder(list_folder(root), shape, cache)
    assert refused.value.status == 2
    assert cache.datasets() == []
    assert not list(cache.root.glob("*"))
    return str(refused.value)


def start_packing(root: Path, cache: Path, killed_after: int = 10**6) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PACKING, str(root), str(cache), str(killed_after)]
    )


@pytest.mark.parametrize(
    "shape", [ANY_SHAPE, Shape(7), Shape(20, "grey"), Shape(colour="rgb")], ids=str
)
def test_a_pack_has_each_images_pixels_and_hashes(shape: Shape, tmp_path: Path) -> None:
    folder = list_folder(write_set(tmp_path / "src", pictures() | pictures(suffix=".jpg", seed=50)))
    decoded = decode_folder(folder, shape, Cache(tmp_path / "cache"))
    data = [(folder.root / file).read_bytes() for file in folder.files]
    images = [decode(item).pixels for item in data]
    np.testing.assert_array_equal(decoded.pixels, [resize_crop(image, shape) for image in images])
    assert decoded.fingerprints == [fingerprint(image) for image in images]
    assert decoded.hashes == [sha256(item).hexdigest() for item in data]
    assert decoded.whole


def test_a_pack_is_made_by_the_engine_that_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choose, "LocalEngine", Counting)
    USED.clear()
    folder = list_folder(write_set(tmp_path / "src", pictures()))
    decode_folder(folder, ANY_SHAPE, Cache(tmp_path / "cache"))
    sample(folder, ANY_SHAPE)
    assert USED == [1]


@pytest.mark.parametrize(
    ("image", "colour", "channels"),
    [
        (noise_image(6, 5), "keep", 1), (noise_image(6, 5), "rgb", 3), (noise_image(6, 5, 4), "keep", 4),
        (noise_image(6, 5, 4), "rgb", 3), (noise_image(6, 5, 4), "grey", 1), (noise_image(6, 5, depth=np.uint16), "keep", 1),
        (noise_image(6, 5, 3, depth=np.uint16), "grey", 1), (noise_image(6, 5, 2), "keep", 2),
    ],
)  # fmt: skip
def test_grey_colour_alpha_and_16_bits_are_packed(
    image: np.ndarray, colour: str, channels: int, class_folder: Folder, tmp_path: Path
) -> None:
    decoded = decode_folder(
        list_folder(class_folder({"a/1.png": image})),
        Shape(colour=colour),
        Cache(tmp_path / "cache"),
    )
    assert decoded.pixels.dtype == image.dtype
    assert decoded.pixels.shape == (1, 6, 5, channels)
    np.testing.assert_array_equal(decoded.pixels[0], resize_crop(image, Shape(colour=colour)))


def test_images_are_packed_upright(class_folder: Folder, tmp_path: Path) -> None:
    root = class_folder({"a/1.png": noise_image(4, 4, 3)})
    pixels = noise_image(6, 4, 3)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(root / "a/1.png", exif=exif)
    decoded = decode_folder(list_folder(root), ANY_SHAPE, Cache(tmp_path / "cache"))
    np.testing.assert_array_equal(decoded.pixels[0], np.rot90(pixels, -1))


def test_a_pack_is_reused_without_decoding(tmp_path: Path) -> None:
    root, cache, counted = (
        write_set(tmp_path / "src", pictures(suffix=".bmp")),
        Cache(tmp_path / "cache"),
        [],
    )
    first = decode_folder(list_folder(root), ANY_SHAPE, cache, counted.append)
    assert sum(counted) == 8
    again = decode_folder(list_folder(root), ANY_SHAPE, cache, counted.append)
    assert sum(counted) == 8
    np.testing.assert_array_equal(again.pixels, first.pixels)
    assert again[1:] == first[1:]
    assert not again.pixels.flags.writeable


def replaced_in_place(file: Path, data: bytes) -> None:
    file.write_bytes(data)


def replaced_by_rename(file: Path, data: bytes) -> None:
    new = file.with_name("new")
    new.write_bytes(data)
    shutil.copystat(file, new)
    new.replace(file)


def replaced_by_link(file: Path, data: bytes) -> None:
    other = file.parents[2] / "other"
    other.write_bytes(data)
    shutil.copystat(file, other)
    file.unlink()
    os.link(other, file)


@pytest.mark.parametrize("replace", [replaced_in_place, replaced_by_rename, replaced_by_link])
def test_an_image_replaced_by_one_of_the_same_size_and_time_is_decoded_again(
    replace: Callable[[Path, bytes], None], tmp_path: Path
) -> None:
    root, cache = write_set(tmp_path / "src", pictures(suffix=".bmp")), Cache(tmp_path / "cache")
    first = decode_folder(list_folder(root), ANY_SHAPE, cache)
    file, new = root / "cat/0.bmp", noise_image(16, 16, 3, seed=99)
    before = file.stat()
    replace(file, encode(new, Encoding("BMP")))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    again = decode_folder(list_folder(root), ANY_SHAPE, cache)
    np.testing.assert_array_equal(again.pixels[0], new)
    assert again.hashes == [
        sha256((root / name).read_bytes()).hexdigest() for name in sorted(pictures(suffix=".bmp"))
    ]
    assert (again.hashes[0] != first.hashes[0], again.fingerprints[0]) != (
        first.hashes[0],
        first.fingerprints[0],
    )


def test_two_images_that_changed_places_are_seen(tmp_path: Path) -> None:
    root, cache = write_set(tmp_path / "src", pictures(suffix=".bmp")), Cache(tmp_path / "cache")
    one, other = root / "cat/0.bmp", root / "dog/0.bmp"
    for file in (one, other):
        os.utime(file, (1000, 1000))
    first = decode_folder(list_folder(root), ANY_SHAPE, cache)
    one.rename(root / "kept")
    other.rename(one)
    (root / "kept").rename(other)
    again = decode_folder(list_folder(root), ANY_SHAPE, cache)
    np.testing.assert_array_equal(again.pixels[[0, 4]], first.pixels[[4, 0]])
    assert (again.hashes[0], again.hashes[4]) == (first.hashes[4], first.hashes[0])


def test_a_file_that_changes_while_it_is_packed_is_refused(tmp_path: Path) -> None:
    root, cache = write_set(tmp_path / "src", pictures(suffix=".bmp")), Cache(tmp_path / "cache")
    folder = list_folder(root)
    hashes = hash_files(root, folder.files)
    write_set(root, {"dog/1.bmp": noise_image(16, 16, 3, seed=99)})
    with pytest.raises(TrainError) as refused:
        decode_folder(folder, ANY_SHAPE, cache, hashes=hashes)
    assert str(refused.value) == f'{root}: "dog/1.bmp" has changed since the run began'
    assert not list(cache.root.glob("*"))


def test_the_same_images_elsewhere_or_of_another_age_use_the_same_pack(tmp_path: Path) -> None:
    root, cache, counted = write_set(tmp_path / "src"), Cache(tmp_path / "cache"), []
    decode_folder(list_folder(root), ANY_SHAPE, cache)
    shutil.copytree(root, tmp_path / "copy")
    os.utime(root / "cat/0.png")
    os.link(root / "cat/0.png", tmp_path / "link")
    for place in (root, tmp_path / "copy"):
        decode_folder(list_folder(place), ANY_SHAPE, cache, counted.append)
    assert counted == []


def test_a_pack_depends_on_the_versions_of_the_decoders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, cache, counted = write_set(tmp_path / "src"), Cache(tmp_path / "cache"), []
    decode_folder(list_folder(root), ANY_SHAPE, cache)
    monkeypatch.setattr("train.data.decoded._decoders", lambda: "others")
    decode_folder(list_folder(root), ANY_SHAPE, cache, counted.append)
    assert sum(counted) == 8


def test_a_changed_file_a_new_one_or_another_shape_makes_another_pack(tmp_path: Path) -> None:
    root, cache = write_set(tmp_path / "src", pictures(suffix=".bmp")), Cache(tmp_path / "cache")
    decode_folder(list_folder(root), ANY_SHAPE, cache)
    new = noise_image(16, 16, 3, seed=99)
    before = (root / "cat/0.bmp").stat()
    write_set(root, {"cat/0.bmp": new})
    os.utime(root / "cat/0.bmp", ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    changed = decode_folder(list_folder(root), ANY_SHAPE, cache)
    np.testing.assert_array_equal(changed.pixels[0], new)
    assert len(cache.datasets()) == 2
    write_set(root, {"dog/9.bmp": new})
    assert len(decode_folder(list_folder(root), ANY_SHAPE, cache).pixels) == 9
    assert decode_folder(list_folder(root), Shape(8), cache).pixels.shape == (9, 8, 8, 3)
    assert decode_folder(list_folder(root), Shape(8, "grey"), cache).pixels.shape == (9, 8, 8, 1)
    assert len(cache.datasets()) == 5


class Bomb:
    """An object that would be noticed if it was unpickled."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os._exit, (66,)


def flip_bit(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)


def zero(path: Path) -> None:
    """Make a file what a crash of the machine leaves of one that was not on the disk yet."""
    data = path.read_bytes()
    path.write_bytes(data[:128] + bytes(len(data) - 128))


def relink(path: Path, target: Path) -> None:
    path.unlink()
    path.symlink_to(target)


def refifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def refolder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "record cut off": lambda dataset: os.truncate(dataset / "pack.json", 20),
    "record is none": lambda dataset: (dataset / "pack.json").write_text("[]"),
    "record not text": lambda dataset: (dataset / "pack.json").write_bytes(b"\xff\xfe"),
    "record of another format": lambda dataset: (dataset / "pack.json").write_text('{"format": 0}'),
    "record of fewer images": lambda dataset: (dataset / "pack.json").write_text('{"format": 2, "fingerprints": [], "hashes": []}'),
    "record without hashes": lambda dataset: (dataset / "pack.json").write_text('{"format": 2, "fingerprints": [1, 2, 3, 4, 5, 6, 7, 8]}'),
    "record gone": lambda dataset: (dataset / "pack.json").unlink(),
    "pixels cut off": lambda dataset: os.truncate(dataset / "pixels.npy", 1000),
    "pixels empty": lambda dataset: os.truncate(dataset / "pixels.npy", 0),
    "pixels of other images": lambda dataset: np.save(dataset / "pixels.npy", np.zeros((2, 16, 16, 3), np.uint8)),
    "pixels gone": lambda dataset: (dataset / "pixels.npy").unlink(),
    "a bit of the pixels": lambda dataset: flip_bit(dataset / "pixels.npy", -100),
    "a bit of the header": lambda dataset: flip_bit(dataset / "pixels.npy", 70),
    "a bit of the record": lambda dataset: flip_bit(dataset / "pack.json", -20),
    "pixels of zeros": lambda dataset: zero(dataset / "pixels.npy"),
    "pixels longer": lambda dataset: os.truncate(dataset / "pixels.npy", 10**6),
    "pixels are pickles": lambda dataset: np.save(dataset / "pixels.npy", np.array([Bomb()]), allow_pickle=True),
    "record deep": lambda dataset: (dataset / "pack.json").write_text("[" * 800),
    "record huge": lambda dataset: os.truncate(dataset / "pack.json", 10**12),
    "record is a link": lambda dataset: relink(dataset / "pack.json", Path("/dev/zero")),
    "pixels are a link": lambda dataset: relink(dataset / "pixels.npy", Path("/dev/zero")),
    "record is a FIFO": lambda dataset: refifo(dataset / "pack.json"),
    "pixels are a FIFO": lambda dataset: refifo(dataset / "pixels.npy"),
    "pixels are a folder": lambda dataset: refolder(dataset / "pixels.npy"),
    "dataset is a file": lambda dataset: (shutil.rmtree(dataset), dataset.write_bytes(b"x")),
    "dataset is a FIFO": lambda dataset: (shutil.rmtree(dataset), os.mkfifo(dataset)),
    "dataset is a dangling link": lambda dataset: (shutil.rmtree(dataset), dataset.symlink_to("nowhere")),
    "dataset is a link to a folder": lambda dataset: (shutil.rmtree(dataset), dataset.symlink_to("/usr")),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_pack_is_replaced(damage: str, tmp_path: Path) -> None:
    root, cache, counted = write_set(tmp_path / "src"), Cache(tmp_path / "cache"), []
    first = decode_folder(list_folder(root), ANY_SHAPE, cache)
    (path,) = cache.root.iterdir()
    DAMAGE[damage](path)
    again = decode_folder(list_folder(root), ANY_SHAPE, cache, counted.append)
    assert sum(counted) == 8
    np.testing.assert_array_equal(
        again.pixels, np.stack([pixels_of(root / file) for file in pictures()])
    )
    assert again._replace(note="")[1:] == first[1:]
    assert again.note.startswith(f'The decoded images of "{root}" in the cache were damaged (')
    assert again.note.endswith("); decoded again.")
    assert cache.datasets() == [path] == list(cache.root.iterdir())
    assert decode_folder(list_folder(root), ANY_SHAPE, cache).note == ""


def test_a_killed_run_leaves_no_pack_and_blocks_no_other_run(tmp_path: Path) -> None:
    root, cache = write_set(tmp_path / "src"), Cache(tmp_path / "cache")
    killed = start_packing(root, cache.root, killed_after=5)
    assert killed.wait() == -signal.SIGKILL
    (left,) = cache.root.iterdir()
    assert left.suffix == ".part"
    name = left.name.partition(".")[0]
    assert (cache.datasets(), cache.size()) == ([], 0)
    decoded = decode_folder(list_folder(root), ANY_SHAPE, cache)
    np.testing.assert_array_equal(
        decoded.pixels, np.stack([pixels_of(root / file) for file in pictures()])
    )
    assert list(cache.root.iterdir()) == cache.datasets() == [left.with_name(name)]


def test_two_processes_may_pack_the_same_set_at_once(tmp_path: Path) -> None:
    root, cache = write_set(tmp_path / "src"), Cache(tmp_path / "cache")
    with cache.held():  # until both are there
        both = [start_packing(root, cache.root) for _ in range(2)]
        with pytest.raises(subprocess.TimeoutExpired):
            both[0].wait(1.5)
    assert [process.wait(300) for process in both] == [0, 0]
    assert list(cache.root.iterdir()) == cache.datasets()
    decoded = decode_folder(list_folder(root), ANY_SHAPE, cache)
    np.testing.assert_array_equal(decoded.pixels, np.stack(list(pictures().values())))


def test_images_of_different_shapes_are_named(class_folder: Folder, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    root = class_folder(
        {
            "a/1.png": noise_image(6, 5),
            "a/2.png": noise_image(7, 5),
            "b/1.png": noise_image(6, 5, 3),
        }
    )
    sizes = '"a/2.png" is 5×7 pixels, others are 5×6; give all one size with --image-size'
    channels = '"b/1.png" has 3 channels, others have 1; --colour rgb (or grey) gives all the same'
    assert refusal(root, cache) == f"{root}: {sizes}; {channels}"
    assert refusal(root, cache, Shape(5)) == f"{root}: {channels}"
    assert refusal(root, cache, Shape(colour="grey")) == f"{root}: {sizes}"
    assert decode_folder(list_folder(root), Shape(5, "rgb"), cache).pixels.shape == (3, 5, 5, 3)


def test_at_most_three_bad_images_are_named(class_folder: Folder, tmp_path: Path) -> None:
    files: dict[str, object] = {"a/1.png": noise_image(6, 5, 3), "a/2.png": noise_image(6, 5, 3)}
    root = class_folder(files)
    data = (root / "a/2.png").read_bytes()
    (root / "a/2.png").write_bytes(data[: len(data) // 2])
    first = '"a/2.png" cannot be decoded: the file is truncated'
    assert refusal(root, Cache(tmp_path / "cache")) == f"{root}: {first}"
    class_folder({"a/3.png": b"", "a/4.png": b"hello", "a/5.png": b"", "b/6.png": b""})
    others = '"a/3.png" is empty; "a/4.png" is not an image (and 2 more)'
    assert refusal(root, Cache(tmp_path / "cache")) == f"{root}: {first}; {others}"


def test_a_bad_first_image_does_not_decide_the_size(class_folder: Folder, tmp_path: Path) -> None:
    root = class_folder({"a/1.png": b"", "a/2.png": noise_image(6, 5, 3)})
    assert refusal(root, Cache(tmp_path / "cache")) == f'{root}: "a/1.png" is empty'


def test_a_set_without_a_good_image_is_refused(class_folder: Folder, tmp_path: Path) -> None:
    root = class_folder({"a/1.png": b"", "b/2.png": b"hello"})
    words = f'none of the first images of "{root}" can be used: "b/2.png" is not an image'
    assert refusal(root, Cache(tmp_path / "cache")) == words


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    src, out, cache = write_set(tmp_path / "src"), tmp_path / "out", Cache(tmp_path / "cache")
    expand(src, out, factor=2, workers=1)
    for root, hint in ((src, ""), (out, "; `expand verify` checks the folder")):
        folder = list_folder(root)
        (root / "dog/3.png").unlink()
        with pytest.raises(TrainError) as refused:
            decode_folder(folder, ANY_SHAPE, cache)
        assert (
            str(refused.value)
            == f'{root}: "dog/3.png" cannot be read (No such file or directory){hint}'
        )


def test_the_least_recently_used_pack_is_removed_when_the_cache_is_full(tmp_path: Path) -> None:
    folders = [
        list_folder(write_set(tmp_path / name, pictures(seed=seed)))
        for name, seed in (("a", 0), ("b", 20), ("c", 40))
    ]
    cache = Cache(tmp_path / "cache", limit=2 * 8 * (16 * 16 * 3 + RECORD_BYTES) + 800)
    made = []
    for index in (0, 1, 0, 2, 0, 2, 1, 0):
        counted: list[int] = []
        decode_folder(folders[index], ANY_SHAPE, cache, counted.append)
        made.append(sum(counted))
        assert cache.size() <= cache.limit
        time.sleep(0.02)  # longer than the resolution of file times
    assert made == [8, 8, 0, 8, 0, 0, 8, 8]


def test_a_set_larger_than_the_cache_is_refused_with_both_sizes(tmp_path: Path) -> None:
    root, cache = write_set(tmp_path / "src"), Cache(tmp_path / "cache", limit=6000)
    with pytest.raises(TooLargeError) as refused:
        decode_folder(list_folder(root), ANY_SHAPE, cache)
    assert str(refused.value) == f'"{root}" takes 6,944 bytes when decoded, --cache-size is 6,000'
    assert list(cache.root.iterdir()) == []
    assert len(decode_folder(list_folder(root), Shape(8), cache).pixels) == 8


@pytest.mark.parametrize("engine", [LocalEngine(2), ThreadEngine(2)])
def test_workers_give_the_same_pack(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.data.decoded.make_engine", lambda *_: engine)
    images = pictures(4 * CHUNK + 10, (3, 2, 3))
    decoded = decode_folder(
        list_folder(write_set(tmp_path / "src", images)), ANY_SHAPE, Cache(tmp_path / "cache")
    )
    assert len(images) > 8 * CHUNK
    np.testing.assert_array_equal(
        decoded.pixels, np.stack([images[name] for name in sorted(images)])
    )
    assert decoded.fingerprints == [fingerprint(images[name]) for name in sorted(images)]


def test_a_sample_has_every_files_hash_and_every_nth_images_pixels(tmp_path: Path) -> None:
    folder = list_folder(write_set(tmp_path / "src"))
    found = sample(folder, Shape(8), count=3)
    data = [(folder.root / file).read_bytes() for file in folder.files]
    assert found.hashes == [sha256(item).hexdigest() for item in data]
    np.testing.assert_array_equal(
        found.pixels, [resize_crop(decode(item).pixels, Shape(8)) for item in data[::2]]
    )
    assert (found.fingerprints, found.whole) == ([""] * 8, False)


def test_problems_with_a_sample_are_reported(class_folder: Folder, tmp_path: Path) -> None:
    root = class_folder({"a/1.png": noise_image(6, 5), "b/2.png": noise_image(7, 5)})
    with pytest.raises(TrainError) as refused:
        sample(list_folder(root), ANY_SHAPE)
    words = "images have different sizes or channels; give them one with --image-size and --colour"
    assert str(refused.value) == words
    (root / "b/2.png").write_bytes(b"hello")
    with pytest.raises(TrainError) as refused:
        sample(list_folder(root), ANY_SHAPE)
    assert str(refused.value) == f'"{root / "b/2.png"}" is not an image'
    (root / "b/2.png").unlink()
    os.mkfifo(root / "b/2.png")
    with pytest.raises(TrainError) as refused:
        sample(list_folder(root), ANY_SHAPE)
    assert str(refused.value) == f'"{root / "b/2.png"}" is not a regular file'


def test_a_fingerprint_depends_on_the_pixels_and_not_on_the_file() -> None:
    pixels = noise_image(6, 4, 3)
    assert fingerprint(pixels) == fingerprint(np.asfortranarray(pixels))
    assert (
        len({fingerprint(pixels), fingerprint(pixels[::-1]), fingerprint(pixels.reshape(4, 6, 3))})
        == 3
    )


def test_a_file_is_read_if_it_has_its_hash_and_only_then(tmp_path: Path) -> None:
    for size in (0, 100, SMALL - 1, SMALL, SMALL + 1, 3 * SMALL):
        data = np.random.default_rng(size).bytes(size)
        (tmp_path / "1.png").write_bytes(data)
        assert read_checked(tmp_path / "1.png", sha256(data).hexdigest()) == data
        with pytest.raises(BadImageError, match="has changed since the run began"):
            read_checked(tmp_path / "1.png", sha256(data + b"1").hexdigest())
    with pytest.raises(BadImageError, match=r"cannot be read \(No such file or directory\)"):
        read_checked(tmp_path / "2.png", sha256(b"2").hexdigest())


def test_rows_that_cannot_be_used_leave_the_others_as_they_are(tmp_path: Path) -> None:
    images = pictures(6, (3, 2, 3))
    folder = list_folder(write_set(tmp_path / "src", images))
    hashes = hash_files(folder.root, folder.files)
    (folder.root / folder.files[5]).write_bytes(b"hello")
    array = ArrayFile(tmp_path / "rows.npy", 12, (3, 2, 3), "|u1")
    array.create()
    for start in (0, 6):
        some = slice(start, start + 6)
        files = Files(folder.path, start, folder.files[some], hashes[some])
        decoded = decode_rows(array, ANY_SHAPE, files)
        bad = {folder.files[5]: "has changed since the run began"}
        assert decoded.problems == (bad if start == 0 else {})
        assert [not each for each in decoded.fingerprints] == [start + i == 5 for i in range(6)]
    expected = np.stack([images[file] for file in folder.files])
    expected[5] = 0
    np.testing.assert_array_equal(np.load(array.path), expected)
