"""Evidence inside files: what annotations of each format begin with. At most a few kB are read."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from expand.layouts.layout import Kind

PEEK = 1 << 16
FILES = 8
"""Files of one kind in a directory that are looked into."""
YAML_NAMES = re.compile(r"^(names|nc)\s*:", re.MULTILINE)
YAML_PARTS = re.compile(r"^(train|val|test)\s*:(.*)", re.MULTILINE)
JSON_KINDS = (
    (re.compile(r'"images"\s*:\s*\[.*"file_name"', re.DOTALL), Kind.COCO),
    (re.compile(r'"annotations"\s*:\s*\[.*"image_id"', re.DOTALL), Kind.COCO),
    (re.compile(r'"images"\s*:\s*\[.*"annotations"\s*:\s*\[', re.DOTALL), Kind.COCO),
    (re.compile(r'"annotations"\s*:\s*\[.*"images"\s*:\s*\[', re.DOTALL), Kind.COCO),
    (re.compile(r'"shapes"\s*:\s*\[.*"points"', re.DOTALL), Kind.ANNOTATED),
    (re.compile(r'"imagePath"'), Kind.ANNOTATED),
    (re.compile(r'"(shape_attributes|from_name|classTitle|box2d)"\s*:'), Kind.ANNOTATED),
    (re.compile(r'"image"\s*:.*"annotations"\s*:\s*\[', re.DOTALL), Kind.ANNOTATED),
    (re.compile(r'"imgHeight".*"objects"', re.DOTALL), Kind.MASKS),
)
XML_KINDS = (
    (re.compile(r"<annotation[\s>].*<(object|filename|size|folder)[\s>]", re.DOTALL), Kind.VOC),
    (re.compile(r"<annotations[\s>].*<(image|meta|version)[\s>]", re.DOTALL), Kind.ANNOTATED),
    (re.compile(r"<dataset[\s>].*<image\s[^>]*file=|<PcGts[\s>]", re.DOTALL), Kind.ANNOTATED),
)
NUMBERS = re.compile(r"\d+(\s+-?[\d.]+(e-?\d+)?){4,}", re.IGNORECASE)


def peek(path: str, most: int = PEEK) -> str:
    """Return the beginning of a regular file, and its end if it is longer; "" if unreadable."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return ""
            data = file.read(most)
            size = os.fstat(handle).st_size
            if size > most:
                file.seek(max(most, size - most))
                data += file.read(most)
    except OSError:
        return ""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return data.decode(encoding, "replace")


def kind_of_json(path: str) -> Kind | None:
    """Return the kind of dataset that a JSON file belongs to; None for any other JSON file."""
    if path.lower().endswith((".coco.json", "_annotations.json")):
        return Kind.COCO
    text = peek(path)
    return next((kind for pattern, kind in JSON_KINDS if pattern.search(text)), None)


def kind_of_xml(path: str) -> Kind | None:
    """Return the kind of dataset that an XML file belongs to; None for any other XML file."""
    text = peek(path, 4096)
    return next((kind for pattern, kind in XML_KINDS if pattern.search(text)), None)


def is_yolo_yaml(path: str, *, among_classes: bool) -> bool:
    """Tell whether a YAML file names the classes of a YOLO dataset.

    One `among_classes`, that is, beside folders that are named as classes are, must name one of
    them as a part: a dataset that was made into class folders still has its old file.
    """
    text = peek(path)
    if not YAML_NAMES.search(text):
        return False
    folder, name = os.path.split(path)
    parts = YAML_PARTS.findall(text)
    if among_classes:
        named = [part.strip(" []'\"\r").removeprefix("./") for _, part in parts]
        return any(each and ".." not in each and _exists(folder, each) for each in named)
    return bool(parts) or name.lower().rpartition(".")[0] in ("data", "dataset")


def _exists(folder: str, name: str) -> bool:
    return "\0" not in name and Path(folder, name).exists()


def is_yolo_text(path: str) -> bool:
    """Tell whether a text file holds boxes or polygons: a class number and four or more numbers."""
    lines = [line.strip() for line in peek(path, 4096).splitlines()[:20]]
    filled = [line for line in lines if line]
    if len(filled) > 1:
        filled = filled[:-1]  # the last one may be cut off
    return bool(filled) and all(NUMBERS.fullmatch(line) for line in filled)
