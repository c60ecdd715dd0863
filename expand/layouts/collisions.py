"""Collisions: no two files of the expanded dataset get the same name, on any file system.

Memory does not grow with the number of names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.names import COPY, copy_name, fold
from expand.layouts.spooled.lists import RUN, Sorter

HAS, TAKES = "0", "1"
"""What a record says of a name: it has copies of this name, or is itself called like one."""
LIKE_COPY = re.compile(r"_v[1-9]\d*\.[^.\0]+(\0|$)")


def check_images(directory: str, names: Sequence[str], factor: int, format_: str) -> None:
    """Refuse images of a directory if two files would get one name, as `fold` compares them."""
    if format_ == "keep" and _differ(names):
        return
    if found := _first_collision(Sorter(_records(names, factor, format_))):
        raise _same_name(directory, *found)


def check_exchanged(
    root: Path, sources: Iterable[tuple[str, str]], factor: int, format_: str
) -> None:
    """Refuse sources if a copy that gets another class would have the name of another file.

    `sources` are pairs of what files are named after, and the source: most are the same twice.
    """
    names, owners = dict[str, list[str]](), dict[str, str]()
    for name, source in sources:
        if (other := owners.setdefault(fold(name), source)) != source:
            raise _same_name(str(root), other, source)
        folder, _, last = name.rpartition("/")
        names.setdefault(fold(folder), []).append(last)
    for folder, listed in sorted(names.items()):
        if found := _first_collision(Sorter(_records(listed, factor, format_))):
            raise _same_name(str(root / folder), *found)


def check_folders(directory: str, names: Sequence[str]) -> None:
    """Refuse folders of a directory that have the same name, as `fold` compares them."""
    taken: dict[str, str] = {}
    for name in names:
        if (other := taken.setdefault(fold(name), name)) != name:
            raise _same_name(directory, other, name)


def _differ(names: Sequence[str]) -> bool:
    """Tell quickly whether names surely do not collide; most are ASCII and not called like copies.

    With the format "keep", names that are folded to different ones have copies of different names.
    """
    lower = True
    remaining = iter(names)
    while together := "\0".join(islice(remaining, RUN)):
        folded = together.lower()
        if not together.isascii() or LIKE_COPY.search(folded):
            return False
        lower = lower and folded == together
    if lower:
        return True
    return all(one != other for one, other in pairwise(Sorter(map(str.lower, names))))


def _records(names: Sequence[str], factor: int, format_: str) -> Iterator[str]:
    """Yield the first copy of each name, and of each that is called like a copy, its first one.

    The first copy stands for all copies of its source. Two originals that are folded alike have
    copies that are, too.
    """
    for name in names:
        yield f"{fold(copy_name(name, 1, format_))}\0{HAS}{name}"
        match = COPY.match(fold(name))
        if match and int(match["view"]) < factor:
            yield f"{match['stem']}_v1{match['suffix']}\0{TAKES}{name}"


def _first_collision(records: Iterable[str]) -> tuple[str, str] | None:
    """Return the two names of sorted records that collide, first in the order of the second one."""
    alike: tuple[str, str] | None = None
    taken: tuple[str, str] | None = None
    key, owner = "", ""
    for record in records:
        this, _, said = record.partition("\0")
        says, name = said[0], said[1:]
        if this != key:
            key, owner = this, name if says == HAS else ""
        elif owner:
            if says == HAS and (alike is None or name < alike[1]):
                alike = owner, name
            elif says == TAKES and (taken is None or name < taken[1]):
                taken = owner, name
            owner = ""  # the second record of a key is the first collision
    return alike or taken


def _same_name(directory: str, first: str, second: str) -> ExpandError:
    return ExpandError(
        f'"{directory}/{first}" and "{directory}/{second}" would give files of one name, here or '
        "on a file system that ignores case and how accents are encoded; rename one of them"
    )
