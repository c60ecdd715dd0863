"""Lists of images: the line of an image that has copies gives way to one for each of its files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

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


def images_in(folders: Collection[str], images: Iterable[str]) -> dict[str, set[str]]:
    """Return the images in each of some folders, of those that have any.

    Videos have a folder each, and their lists name these: "bear" for "JPEGImages/480p/bear/1.jpg".
    """
    found: dict[str, set[str]] = {}
    for image in images if folders else ():
        names = image.split("/")[:-1]
        for last in range(len(names)):
            for first in range(last + 1):
                if (folder := "/".join(names[first : last + 1])) in folders:
                    found.setdefault(folder, set()).add(image)
    return found


def _ended(line: str) -> str:
    return line if line.endswith(ENDS) else f"{line}\n"
