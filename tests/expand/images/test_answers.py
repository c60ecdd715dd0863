"""What a file is decoded to depends on its bytes alone, not on other files."""

from __future__ import annotations

import io
import os
import signal
import struct
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import numpy as np
import pytest
from PIL import Image

from expand.errors import BadImageError
from expand.images.decoder import decode, open_image
from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.images.quiet import quiet
from expand.images.readers import jpeg
from expand.images.readers import png as png_reader
from tests.conftest import noise_image
from tests.expand.images.files import cmyk_profile, saved

RGB = noise_image(24, 36, 3)
PNG = encode(RGB, Encoding("PNG"))


def answer(data: bytes) -> str:
    """Return what a file is decoded to, or why it is refused."""
    try:
        decoded = decode(data, 1_000_000)
        return f"{sha256(decoded.pixels).hexdigest()} {decoded.encoding} {decoded.turned}"
    except BadImageError as error:
        return str(error)


def headers(kind: str) -> list[bytes]:
    """Return files with headers of many kinds."""
    exif, image = Image.Exif(), Image.fromarray(RGB)
    exif[0x0112] = 6
    tagged: list[dict[str, object]] = [{}, {"exif": exif.tobytes()}, {"dpi": (72, 72)}]
    own = {"JPEG": {"progressive": True, "comment": b"x"}, "PNG": {"transparency": (1, 2, 3)}}
    modes = ("L", "RGB", "CMYK") if kind == "JPEG" else ("L", "RGB", "RGBA", "P", "1")
    files = [saved(image.convert(mode), kind, **each) for mode in modes for each in tagged]
    return [*files, saved(image, kind, **own[kind])]


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_header_that_is_remembered_is_read_as_pillow_reads_it(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator, originals = np.random.default_rng(0), headers(kind)
    files = [*originals]
    for _ in range(400):
        data = bytearray(originals[generator.integers(len(originals))])
        if kind == "JPEG" and (at := data.find(b"\xff\xc0") + 5) > 4:
            data[at : at + 4] = struct.pack(">HH", *generator.integers(0, 36, 2))
        for at in generator.integers(2, min(300, len(data)), generator.integers(0, 3)):
            data[at] = generator.choice([data[at] ^ 1, 0, 255])
        if kind == "PNG":
            data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
        files.append(bytes(data[: generator.integers(1, 4 * len(data))]))
    answers = [answer(data) for data in files]
    for module, name in ((jpeg, "_by_bytes"), (jpeg, "_by_segments"), (png_reader, "_by_bytes")):
        monkeypatch.setattr(module, name, lambda *_: None)
    assert answers == [answer(data) for data in files]
    assert len(set(answers)) > 15


def test_threads_get_the_answers_of_one_thread_whatever_else_is_decoded() -> None:
    good = [saved(Image.fromarray(noise_image(60, 80, 3, seed=seed)), "JPEG") for seed in (0, 1)]
    missing = [data[: len(data) // 2] + b"\xff\xd9" for data in good]  # libjpeg makes up the rest
    places = [(data, len(data) // part) for data in good for part in (2, 3)]
    damaged = [data[:at] + bytes([data[at] ^ 8]) + data[at + 1 :] for data, at in places]
    grey = encode(noise_image(60, 80), Encoding("JPEG", 90))
    odd = [good[0].replace(b"\xff\xda", b"\xff\0\x12\x34\xff\xda", 1), PNG[:-20]]
    colours = Image.fromarray(RGB)
    others = [
        saved(colours.convert("CMYK"), "JPEG", icc_profile=cmyk_profile()),
        saved(colours.quantize(16), "PNG", transparency=3),
        saved(colours, "TIFF", compression="tiff_lzw"),
        saved(colours, "WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0"),
        saved(colours, "GIF"),
    ]
    files = [*good * 4, *missing, *damaged, grey, *odd, grey[:-60], PNG, *others]
    expected = [answer(data) for data in files]
    assert len(set(expected)) == 9 + len(others)
    order = np.random.default_rng(0).integers(0, len(files), 4000).tolist()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: answer(files[number]), order))
    assert answers == [expected[number] for number in order]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that are forked")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_process_that_is_forked_while_a_thread_decodes_can_decode() -> None:
    leave = threading.Event()
    entered = threading.Event()

    def stay() -> None:
        with quiet, quiet.lock:
            entered.set()
            leave.wait()

    thread = threading.Thread(target=stay)
    thread.start()
    entered.wait()
    child = os.fork()
    if not child:
        signal.alarm(20)
        os._exit(0 if decode(PNG).pixels.shape == RGB.shape else 1)
    leave.set()
    thread.join()
    assert os.waitpid(child, 0)[1] == 0


def test_a_damaged_image_is_damaged_at_each_try() -> None:
    buffer = io.BytesIO()
    Image.fromarray(noise_image(40, 40, 3)).save(buffer, "TIFF", compression="tiff_adobe_deflate")
    data = buffer.getvalue()
    image = open_image(data[:1000] + bytes(100) + data[1100:])
    for _ in range(3):
        with pytest.raises(BadImageError, match="cannot be decoded"):
            image.decode()
    whole = open_image(buffer.getvalue())
    assert np.array_equal(whole.decode().pixels, whole.decode().pixels)
