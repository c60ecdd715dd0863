"""Lists of images: the line of an image that has copies gives way to one for each of its files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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


def _ended(line: str) -> str:
    return line if line.endswith(ENDS) else f"{line}\n"
