"""What the parent finds out about an image with masks, and the names of its copies."""

from __future__ import annotations

import json
from typing import NamedTuple

from expand.errors import BadImageError
from expand.layouts.labelled.masks.files import MaskOf
from expand.layouts.names import copy_name, split_suffix
from expand.layouts.source import Source

ENCODER = json.JSONEncoder(separators=(",", ":"))


class Masks(NamedTuple):
    """The masks of an image, each with the place of a copy's number in its name."""

    masks: tuple[tuple[str, int], ...]
    """The path of each mask, and where the number belongs in its stem."""
    tail: str = ""
    """What the stem of the image ends with, behind the number: "_leftImg8bit"."""
    sample: str = ""
    """The folder that has the number instead, as it holds nothing but the image and its masks."""


def write_masks(masks: list[MaskOf]) -> str:
    """Return what is known of an image's masks, as JSON text."""
    tail = max((mask.tail for mask in masks), key=len, default="")
    sample = "" if not all(mask.sample for mask in masks) else masks[0].sample
    known = {"masks": [[mask.path, _at(mask, tail)] for mask in sorted(masks)], "tail": tail}
    return ENCODER.encode(known | {"sample": sample})


def _at(mask: MaskOf, tail: str) -> int:
    """Return where the number belongs in the stem of a mask: before the `tail` of its image.

    The tail can be in the name of one mask and not in that of another one: "21_training.tif" has
    "21_training_mask.gif" and "21_manual1.gif".
    """
    further = tail.removesuffix(mask.tail)
    stem = split_suffix(mask.path.rpartition("/")[2])[0][: mask.at]
    return len(stem.removesuffix(further))


def write_reason(reason: str) -> str:
    """Return why an image cannot be used, as JSON text."""
    return json.dumps({"reason": reason})


def read_masks(source: Source) -> Masks:
    """Return what is known of an image's masks; raise BadImageError if it cannot be used."""
    read = json.loads(source.annotation)
    if "reason" in read:
        raise BadImageError(read["reason"])
    masks = tuple((path, at) for path, at in read["masks"])
    return Masks(masks, read["tail"], read["sample"])


def image_name(source: Source, k: int, format_: str) -> str:
    """Return the name of a copy: its number is where names of the image and its masks agree.

    So the copy and its masks are found by the same rule as the originals: "x_v1_leftImg8bit.png"
    has the mask "x_v1_gtFine_labelIds.png", "x_v1.jpg" the mask "x_v1_mask.png".
    """
    known = _read(source)
    named = copy_name(source.id, k, format_)
    if known.sample:
        return (
            _in_sample(known.sample, split_suffix(source.id)[0], f"_v{k}") + split_suffix(named)[1]
        )
    if not known.tail:
        return named
    stem, suffix = split_suffix(source.id)
    named, kind = split_suffix(copy_name(stem.removesuffix(known.tail) + suffix, k, format_))
    return f"{named}{known.tail}{kind}"


def mask_names(source: Source, image: str) -> tuple[str, ...]:
    """Return the names of the masks of a view whose image is called so."""
    known = _read(source)
    if image == source.id:
        return tuple(path for path, _ in known.masks)
    if known.sample:
        added = image[len(known.sample) :].partition("/")[0]
        parted = [split_suffix(path) for path, _ in known.masks]
        return tuple(_in_sample(known.sample, stem, added) + suffix for stem, suffix in parted)
    begin = len(split_suffix(source.id)[0]) - len(known.tail)
    added = split_suffix(image)[0].removesuffix(known.tail)[begin:]
    return tuple(_insert(path, at, added) for path, at in known.masks)


def _in_sample(sample: str, stem: str, added: str) -> str:
    """Return the path of a file without its suffix, in the folder of a copy.

    Files that are called as their folder stay so.
    """
    below = stem[len(sample) :]
    same = stem.rpartition("/")[2] == sample.rpartition("/")[2]
    return f"{sample}{added}{below}{added if same else ''}"


def _insert(path: str, at: int, added: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{name[:at]}{added}{name[at:]}"


def _read(source: Source) -> Masks:
    try:
        return read_masks(source)
    except BadImageError:
        return Masks(())
