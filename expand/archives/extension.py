"""The one image extension of a set of tars.

Readers take the columns of the first samples for those of all: where some images are .jpg and
others .png, Hugging Face gives None for the others, without an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from expand.errors import ExpandError
from expand.images.formats import FORMATS, OPTIONS
from expand.layouts.names import split_suffix

EXTENSIONS = {suffix: kind.suffixes[0][1:] for kind in FORMATS.values() for suffix in kind.suffixes}
"""The extension of the images in tars, by the suffix of a file: one for each format."""


def extension_of(name: str) -> str:
    """Return the extension that an image file gets in a tar."""
    suffix = split_suffix(name)[1].lower()
    return EXTENSIONS.get(suffix, suffix[1:])


def common_extension(names: Iterable[str], format_: str) -> str:
    """Return the extension of all images of a set, made from files of these names.

    `format_` is the --format that they are written in. Raise ExpandError if they have several.
    """
    if format_ in OPTIONS:
        return OPTIONS[format_].suffixes[0][1:]
    counts, first = Counter[str](), dict[str, str]()
    for name in names:
        extension = extension_of(name)
        counts[extension] += 1
        first.setdefault(extension, name)
    if len(counts) > 1:
        listed = ", ".join(
            f'{count:,} .{extension} ("{first[extension]}")'
            for extension, count in counts.most_common(4)
        )
        raise ExpandError(
            "--output webdataset needs images of one format, because readers expect the format of "
            f"the first image in all; there are {listed}. Choose one for all with --format, for "
            "example --format png (no loss)"
        )
    return next(iter(counts), "png")
