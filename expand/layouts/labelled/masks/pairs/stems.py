"""How the names of an image and its mask belong together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from expand.images.formats import SUFFIXES
from expand.layouts.labelled.masks.places import BITS, IMAGE_WORDS, LABEL_WORDS, MASK_WORDS
from expand.layouts.names import split_suffix
from expand.layouts.recognition.words import FILLER, IMAGES, WORD, words

EDGE = " _-.(+"
"""What stands between the common part of two names and the rest."""

CHANNEL = re.compile(r"(?<=.)_\d{4}$")
"""The number of a channel at the end of a stem, in nnU-Net."""
STARTS = (
    "ann",
    "depth",
    "dispar",
    "gt",
    "instance",
    "label",
    "mask",
    "matte",
    "seg",
    "tri",
    "truth",
)
"""Each of `MASK_WORDS` contains one of these."""


class Try(NamedTuple):
    """A name that the image of a mask may have."""

    by: str
    """"stem": its stem; "head": what its stem begins with; "words": the words in it."""
    name: str
    at: int
    """Where the number of a copy belongs in the stem of the mask."""


def tries(stem: str, *, elsewhere: bool) -> Iterator[Try]:
    """Yield the names that the image of a mask may have, the likeliest first.

    `elsewhere` says that images and masks are in different folders, so that their names may be the
    same, or that of the mask longer.
    """
    if elsewhere:
        yield Try("stem", stem, len(stem))
        yield Try("head", stem, len(stem))
        before, suffix = split_suffix(stem)
        if suffix.lower() in SUFFIXES:  # "x.jpg.png"
            yield Try("stem", before, len(before))
    for at in _marks(stem):
        for head in _without_edge(stem[:at]):
            yield Try("stem", head, len(head))
            yield Try("head", head, len(head))
    yield Try("words", mask_words(stem), len(stem))
    if elsewhere:
        for head in _beginnings(stem):
            yield Try("stem", head, len(head))
            yield Try("head", head, len(head))


def has_mark(stem: str, said: set[str]) -> bool:
    """Tell whether a stem has a word that masks have in their names, and folders have not `said`.

    There it is what the images show.
    """
    lower = stem.lower()
    if not any(start in lower for start in STARTS):
        return False
    return not (MASK_WORDS - said).isdisjoint(words(stem))


def heads(stem: str) -> Iterator[str]:
    """Yield what the stem of an image begins with, before words such as "image" or "sat"."""
    if CHANNEL.search(stem):
        yield stem[: -len("_0000")]
    spans = list(WORD.finditer(BITS.sub(" " * len("8bit"), stem)))
    for span in reversed(spans):
        if not all(word in IMAGE_WORDS for word in words(span[0])):
            return
        if head := next(_without_edge(stem[: span.start()]), ""):
            yield head


def image_words(stem: str) -> str:
    """Return the words of an image's stem that its mask has too."""
    return _without(stem, IMAGES | FILLER)


def mask_words(stem: str) -> str:
    """Return the words of a mask's stem that its image has too."""
    return _without(stem, IMAGES | FILLER | LABEL_WORDS | {"ids"})


def _without(stem: str, dropped: frozenset[str]) -> str:
    return " ".join(word for word in words(BITS.sub("", stem)) if word not in dropped)


def _marks(stem: str) -> Iterator[int]:
    """Yield where a word for labels begins in a stem."""
    for span in WORD.finditer(stem):
        if LABEL_WORDS & {*words(span[0])}:
            yield span.start()


def _without_edge(text: str) -> Iterator[str]:
    """Yield the beginning of a name: without the last separator, with it, without more of them."""
    shorter = text.rstrip(EDGE)
    ends = [len(text) - 1, len(text), *range(len(text) - 2, 0, -1)]
    yield from (text[:end] for end in ends if end >= max(1, len(shorter)))


def _beginnings(stem: str) -> Iterator[str]:
    """Yield what a stem begins with, the longest first, without words at its end: "x_L".

    A number at the end tells one image from another, so it is not left out.
    """
    end = len(stem)
    for at in range(len(stem) - 1, 0, -1):
        if stem[at] in EDGE:
            if not any(letter.isalpha() for letter in stem[at:end]):
                return
            end = at
            if stem[at - 1] not in EDGE:
                yield stem[:at]
