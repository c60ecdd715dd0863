"""TIFF tags: what a file says of its pixels, and the refusal of what is not understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from expand.errors import BadImageError
from expand.images.channels import ALPHA, UNSPECIFIED
from expand.images.readers.picture import DAMAGED_HEADER, ORIENTATION

PROFILE, SUBFILE_KIND, INK_SET, PLANES_OF_STACK, DEPTH = 34675, 254, 332, 33629, 32997
WHITE, BLACK, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6
COLOUR_CHANNELS = {WHITE: 1, BLACK: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3}
OTHER_KINDS = {
    4: "a transparency mask", 8: "CIELab", 9: "ICCLab", 10: "ITULab", 32803: "raw sensor data",
    32844: "LogL", 32845: "LogLuv", 34892: "raw sensor data",
}  # fmt: skip
REDUCED = 1
"""The flag of a page that shows the same picture in a smaller size."""
MOST_PAGES = 1000


@dataclass(frozen=True)
class Tags:
    """What the tags of a TIFF file's picture say."""

    width: int
    height: int
    kind: int
    bits: int
    channels: int
    extra: tuple[int, ...]
    compression: int
    compression_name: str
    planar: bool
    orientation: int
    profile: bytes | None
    page: Any
    """tifffile's page, which reads the pixels."""

    @property
    def colours(self) -> int:
        """The number of channels that are colours."""
        return COLOUR_CHANNELS[self.kind]


def read_tags(file: Any) -> Tags:
    """Return the tags of an opened file's picture; refuse kinds that are not supported."""
    page = cast(Any, file.pages[0])
    _check_kind(page)
    kind, channels = int(page.photometric), int(page.samplesperpixel)
    extra = tuple(int(each) for each in page.extrasamples or ())
    missing = channels - COLOUR_CHANNELS[kind] - len(extra)
    if missing < 0 or (kind == CMYK and channels != COLOUR_CHANNELS[kind]):
        raise BadImageError(f"has {channels} channels of a kind that is not supported")
    orientation = page.tags.valueof(ORIENTATION, 1)
    return Tags(
        width=int(page.imagewidth),
        height=int(page.imagelength),
        kind=kind,
        bits=_bits(page),
        channels=channels,
        extra=(*_unnamed(kind, missing), *extra),
        compression=int(page.compression),
        compression_name=getattr(page.compression, "name", str(page.compression)),
        planar=channels > 1 and int(page.planarconfig) == 2,
        orientation=int(orientation) if orientation in range(1, 9) else 1,
        profile=page.tags.valueof(PROFILE),
        page=page,
    )


def _unnamed(kind: int, count: int) -> tuple[int, ...]:
    """Return the kinds of channels of which a file says nothing: alpha, for one beside RGB."""
    return (ALPHA,) if kind == RGB and count == 1 else (UNSPECIFIED,) * count


def _check_kind(page: Any) -> None:
    """Refuse colours that are not understood."""
    kind = page.tags.valueof(262)
    if kind is None or int(page.imagewidth) < 1 or int(page.imagelength) < 1:
        raise BadImageError(DAMAGED_HEADER)
    if int(kind) not in COLOUR_CHANNELS:
        name = OTHER_KINDS.get(int(kind), f"colours of kind {int(kind)}")
        raise BadImageError(f"holds {name}, which is not supported")
    if int(kind) == CMYK and int(page.tags.valueof(INK_SET, 1)) != 1:
        raise BadImageError("holds inks other than CMYK, which is not supported")
    if int(page.tags.valueof(DEPTH, 1)) != 1:
        raise BadImageError("holds a volume, which is not supported")


def _bits(page: Any) -> int:
    """Return the bits of a channel; refuse numbers that are not whole, and other depths."""
    bits, form = page.bitspersample, page.sampleformat
    if isinstance(bits, tuple):
        raise BadImageError("has channels of different depths, which is not supported")
    names = {2: "int", 3: "float", 5: "complex int", 6: "complex"}
    if form in names or int(bits) not in (1, 2, 4, 8, 16):
        name = f"{names.get(form, 'uint')}{bits}"
        raise BadImageError(f"has pixels of type {name}; 8 and 16 bits are supported")
    if form != 1:
        raise BadImageError(f"has pixels of the format {form}, which is not supported")
    return int(bits)


def check_single(file: Any) -> bool:
    """Refuse several pictures in one file; the same picture in a smaller size is not another one.

    Return whether the pages are the rows of one array (see `is_rows`).
    """
    first = file.pages[0]
    if first.tags.valueof(SUBFILE_KIND, 0) & REDUCED:
        raise BadImageError("begins with a thumbnail, which is not supported")
    others = [page for page in _pages(file)[1:] if not _is_reduced(page)]
    if others and is_rows(file):
        return True
    if others or _stacked(file):
        raise BadImageError("holds several pages; give single images")
    return False


def _pages(file: Any) -> list[Any]:
    """Return the first pages, and those below the first one."""
    pages = [file.pages[i] for i in range(min(len(file.pages), MOST_PAGES))]
    below = pages[0].pages if pages[0].subifds else None
    return [*pages, *(below[i] for i in range(min(len(below), MOST_PAGES)))] if below else pages


def _is_reduced(page: Any) -> bool:
    return bool(page.tags.valueof(SUBFILE_KIND, 0) & REDUCED)


def _stacked(file: Any) -> bool:
    """Whether one page stands for several, as some microscopes and ImageJ write them."""
    page = file.pages[0]
    stack = page.tags.get(PLANES_OF_STACK)
    if stack is not None and stack.count > 1:
        return True
    described = file.shaped_metadata[0] if file.shaped_metadata else {}
    imagej = file.imagej_metadata or {}
    return bool(described.get("truncated")) or int(imagej.get("images", 1)) > 1


def is_rows(file: Any) -> bool:
    """Whether pages are the rows of one image, as tifffile writes an array H×W×C by default.

    A stack of pages looks the same; pages are taken for rows only if they are at most `NARROW`
    wide, and at least twice as tall, and twice as many.
    """
    if not file.shaped_metadata or len(file.series) != 1:
        return False
    shape = file.series[0].shape
    if len(shape) != 3 or int(file.pages[0].photometric) != BLACK:
        return False
    rows, columns, channels = shape
    return bool(channels <= NARROW and min(rows, columns) >= 2 * channels)


NARROW = 16
