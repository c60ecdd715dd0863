"""Files of other formats, and files that are not images, under suffixes of images."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.odd.files.case import Case, by_pillow, picture, refused

LFS = (
    b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d7a2146" * 8 + b"\nsize 12345\n"
)
ISO = struct.pack(">I", 24) + b"ftyp%s" + bytes(4) + b"mif1%s" + bytes(200)


def cases() -> Iterator[Case]:
    yield from formats()
    yield from no_images()


def formats() -> Iterator[Case]:
    """Yield files of formats that are not read, under suffixes of images that are."""
    image = Image.fromarray(picture(16, 16, 3))
    frames = [Image.fromarray(picture(16, 16, 3, seed=i)) for i in range(3)]
    files = {
        "GIF": by_pillow(image, "GIF"),
        "GIF-animated": by_pillow(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "JPEG2000": by_pillow(image, "JPEG2000"),
        "AVIF": by_pillow(image, "AVIF"),
        "ICO": by_pillow(image, "ICO"),
        "ICNS": by_pillow(Image.fromarray(picture(32, 32, 4)), "ICNS"),
        "TGA": by_pillow(image, "TGA"),
        "PCX": by_pillow(image, "PCX"),
        "SGI": by_pillow(image, "SGI"),
        "DDS": by_pillow(Image.fromarray(picture(16, 16, 4)), "DDS"),
        "QOI": by_pillow(image, "QOI"),
        "EPS": by_pillow(image, "EPS"),
        "PDF": by_pillow(image, "PDF", creationDate=None, modDate=None),
        "XBM": by_pillow(Image.new("1", (16, 16), 1), "XBM"),
        "DIB": by_pillow(image, "DIB"),
        "IM": by_pillow(image, "IM"),
        "HEIC": ISO % (b"heic", b"heic"),
        "HEIF": ISO % (b"mif1", b"heic"),
        "JXL": b"\xff\x0a" + bytes(100),
        "JXL-box": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(100),
        "EXR": b"\x76\x2f\x31\x01\x02" + bytes(200),
        "HDR": b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 16 +X 16\n" + bytes(1024),
        "PSD": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 16, 16, 8, 3) + bytes(800),
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "PAM": b"P7\nWIDTH 2\nHEIGHT 2\nDEPTH 1\nMAXVAL 255\nENDHDR\n\0\1\2\3",
        "DICOM": bytes(128) + b"DICM" + bytes(100),
        "FITS": b"SIMPLE  =                    T" + b" " * 2850,
        "NPY": _numpy(),
        "WAV": b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + bytes(28),
        "MP4": ISO % (b"isom", b"mp42"),
    }
    dds = files["DDS"]
    files["DDS-no-flags"] = dds[:80] + bytes(4) + dds[84:]
    avif = files["AVIF"]
    files["AVIF-no-items"] = avif.replace(b"pitm", b"pitx").replace(b"iloc", b"ilox")
    for name, data in files.items():
        for suffix in ("png", "jpg"):
            yield refused(f"other-{name}.{suffix}", data, f"A {name} file named .{suffix}.", "")


def _numpy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, picture(4, 4, 3))
    return buffer.getvalue()


def no_images() -> Iterator[Case]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.txt"), "hello")
    noise = np.random.default_rng(0).integers(0, 256, 5000).astype(np.uint8).tobytes()
    files = {
        "empty": b"",
        "one-byte": b"\0",
        "newline": b"\n",
        "zeros": bytes(10_000),
        "ones": b"\xff" * 10_000,
        "noise": noise,
        "text": b"this is not an image\n",
        "utf16": "not an image".encode("utf-16"),
        "control": b"\x1b[2J\x07\x1b]0;title\x07",
        "html": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
        "json": b'{"error": "access denied"}',
        "xml": b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
        "lfs": LFS,
        "zip": buffer.getvalue(),
        "gzip": b"\x1f\x8b\x08" + bytes(50),
        "elf": b"\x7fELF" + bytes(200),
        "python": b"#!/usr/bin/env python\nprint('hello')\n",
        "pickle": b"\x80\x04cos\nsystem\n.",
        "html-then-png": b"<html>" + by_pillow(picture(8, 8, 3), "PNG"),
    }
    for name, data in files.items():
        words = "empty" if name == "empty" else "LFS" if name == "lfs" else ""
        for suffix in ("png", "jpg", "tif", "webp", "bmp", "ppm"):
            if suffix in ("png", "jpg") or name in ("empty", "zeros", "noise"):
                yield refused(
                    f"none-{name}.{suffix}", data, f"A file of {name} named .{suffix}.", words
                )
