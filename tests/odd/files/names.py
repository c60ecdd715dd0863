"""Odd names of files, all of the same small image."""

from __future__ import annotations

from collections.abc import Iterator

from tests.odd.files.case import Case, by_pillow, picture, read

NAMES = (
    "a b.png",
    " leading.png",
    "trailing .png",
    "-dash.png",
    "--factor.png",
    "quote'\".png",
    "back\\slash.png",
    "new\nline.png",
    "tab\t.png",
    "bell\x07\x1b[31m.png",
    "percent%20%s{}.png",
    "dollar$HOME`id`.png",
    "star*?[a].png",
    "emoji-😀.png",
    "accent-é.png",
    "accent-e\u0301-decomposed.png",
    "right-to-left-\u202e.png",
    "no-break\u00a0space.png",
    "UPPER.PNG",
    "Mixed.PnG",
    "two.dots.png",
    "dots....png",
    "a_v0.png",
    "b_v1_v2.png",
    "c_v01.png",
    "semi;colon&and|pipe.png",
    "comma,colon:.png",
    "~tilde.png",
    "#hash.png",
    "con.png",
    "x" * 200 + ".png",
)


def cases() -> Iterator[Case]:
    pixels = picture(8, 9, 3)
    data = by_pillow(pixels, "PNG")
    for name in NAMES:
        yield read(name, data, f"A PNG named {name!r}.", pixels)
