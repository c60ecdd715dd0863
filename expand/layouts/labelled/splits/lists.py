"""Lists of images: the line of an image that has copies gives way to one for each of its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from expand.layouts.spooled.sets import TextSet

ENDS = ("\n", "\r")


def join_lines(lines: Iterable[tuple[str, Sequence[str] | None]]) -> str:
    """Return the text of a list, from its lines with their ends, and what each is replaced by.

    None stands for a line that stays. The last line has an end if the last one of the list had it.
    """
    parts, last = list[str](), ""
    for last, new in lines:
        parts += [last] if new is None else [_ended(line) for line in new]
    text = "".join(parts)
    return text if last.endswith(ENDS) else text.removesuffix("\n")


def images_in(folders: set[str] | TextSet, images: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each image in one of some folders, after the folder.

    Videos have a folder each, and their lists name these: "bear" for "JPEGImages/480p/bear/1.jpg".
    """
    for image in images if len(folders) else ():
        names = image.split("/")[:-1]
        for last in range(len(names)):
            for first in range(last + 1):
                if (folder := "/".join(names[first : last + 1])) in folders:
                    yield folder, image


def _ended(line: str) -> str:
    return line if line.endswith(ENDS) else f"{line}\n"
