"""Lists of images: their lines, and the lines of copies.

VOC has ImageSets/<task>/<part>.txt and <class>_<part>.txt.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from expand.layouts.directory import is_image
from expand.layouts.labelled.splits.lists import join_lines
from expand.layouts.names import split_suffix
from expand.layouts.recognition.words import PART_OF, words

NUMBERED = ("layout", "action")
"""Tasks whose lists have the number of an object in their second column."""
FOLDER = "ImageSets"
BOM = "\ufeff"
NUMBER = re.compile(r"([ \t]+)(-?\d+)")
LAST_COLUMN = re.compile(r"[ \t]+(?:-?\d+|[^\s]+\.(?:xml|png))\Z", re.IGNORECASE)
MOST_COLUMNS = 4
TRAINVAL = "trainval"
Find = Callable[[str], str]
"""Returns the path in the dataset of the image that an id tells, "" if there is none."""


class Copy(NamedTuple):
    """A file of the expanded dataset, as a list names it."""

    name: str
    """The name of its file; its folder is that of its image."""
    annotation: Any
    """What the view shows less than its source: see `writer`; None if it shows all objects."""


CopiesOf = Callable[[str], Sequence[Copy] | None]
"""Returns the files of an image; None if it gets no copies."""


@dataclass(frozen=True)
class ImageList:
    """A list of images."""

    path: str
    """Its path in the dataset."""
    home: str
    """The folder that holds ImageSets, with a slash at its end; "" for the dataset itself."""
    task: str
    """Main, Segmentation, Layout, Action; "" for a list directly in ImageSets, or elsewhere."""
    part: str
    """train, val, test, trainval or the like; its whole name if that has no such word."""
    of_class: str = ""
    """The class or action that its last column tells of; "" for a list of images alone."""
    is_elsewhere: bool = False
    """Whether it is in no folder called ImageSets: then it names images by their paths."""

    @classmethod
    def of(cls, path: str) -> ImageList:
        """Return the list that a path in the dataset tells."""
        before, found, inside = f"/{path}".rpartition(f"/{FOLDER}/")
        *tasks, name = inside.split("/")
        stem = split_suffix(name)[0]
        if not found:
            parts = [word for word in words(stem) if word in PART_OF]
            home = path.removesuffix(name)
            return cls(path, home, "", parts[0] if parts else stem, is_elsewhere=True)
        ends = [word for word in PART_OF if stem == word or stem.endswith(f"_{word}")]
        part = max(ends, key=len, default=stem)
        home = before[1:] and f"{before[1:]}/"
        return cls(path, home, "/".join(tasks), part, stem.removesuffix(part).rstrip("_"))

    @property
    def of_task(self) -> tuple[str, str]:
        """Its home and task."""
        return self.home, self.task

    @property
    def kind(self) -> str:
        """train, validation, test or trainval; "" for any other list."""
        return self.part if self.part == TRAINVAL else PART_OF.get(self.part, "")

    def entries(self, text: str, find: Find) -> Iterator[Entry]:
        """Yield the lines of the list."""
        lines = io.StringIO(text.removeprefix(BOM), newline="")
        return (read_entry(line, find) for line in lines)

    def written(self, text: str, find: Find, copies: CopiesOf) -> str:
        """Return the list with all files of each image that has copies, in its place."""

        def lines(entry: Entry) -> list[str] | None:
            """Return the lines of an image's files; None if it has no copies."""
            found = copies(entry.image) if entry.image else None
            if found is None:
                return None
            return [line for copy in found if (line := self._line(entry, copy))]

        entries = self.entries(text, find)
        joined = join_lines((entry.line, lines(entry)) for entry in entries)
        return f"{BOM if text.startswith(BOM) else ''}{joined}"

    def _line(self, entry: Entry, copy: Copy) -> str:
        """Return the line of a copy in the style of a line; "" if it is of an object not shown."""
        if not copy.annotation or not (numbers := entry.numbers):
            return entry.of_copy(copy.name)
        objects, flags = copy.annotation["objects"], copy.annotation["flags"]
        if self.task.lower() in NUMBERED:
            if int(numbers[0]) not in objects:
                return ""
            numbers[0] = str(objects.index(int(numbers[0])) + 1)
        elif self.of_class in flags:
            numbers[-1] = str(flags[self.of_class])
        return entry.of_copy(copy.name, numbers)


class Entry(NamedTuple):
    """A line of a list."""

    line: str
    before: str
    """What stands before the name of the image: folders, a quote."""
    name: str
    """The name of the image, with or without suffix."""
    after: str
    """The columns after it, and the end of the line."""
    image: str
    """The path of the image in the dataset; "" if there is none."""

    @property
    def numbers(self) -> list[str]:
        """The columns of numbers."""
        return [match[2] for match in NUMBER.finditer(self.after)]

    def of_copy(self, name: str, numbers: Sequence[str] = ()) -> str:
        """Return the line for a copy; new numbers keep their width, paths of labels their folder.

        There are as many numbers as there were, or none to keep them.
        """
        remaining = iter(numbers)

        def number(match: re.Match[str]) -> str:
            """Return the next number, as wide as the old one."""
            new = next(remaining)
            if new == match[2]:
                return match[0]
            return f"{match[1][0]}{new.rjust(len(match[0]) - 1)}"

        stem, after, suffixed = split_suffix(name)[0], self.after, is_image(self.name)
        if numbers:
            after = NUMBER.sub(number, after)
        if "." in after:
            own = re.escape(split_suffix(self.name)[0] if suffixed else self.name)
            label = rf"(?i)(?<=[\s/\\]){own}(?=\.(?:xml|png)(?:\s|\Z))"
            after = re.sub(label, lambda _: stem, after)
        return f"{self.before}{name if suffixed else stem}{after}"


def read_entry(line: str, find: Find) -> Entry:
    """Parse a line: an id, which may have spaces, and columns of numbers or paths of labels."""
    text = line.strip()
    begin = len(line) - len(line.lstrip()) if text else 0
    before, after = line[:begin], line[begin + len(text) :]
    for _ in range(MOST_COLUMNS + 1):
        quote = '"' if len(text) > 2 and text[0] == text[-1] == '"' else ""
        id_ = text[1:-1] if quote else text
        if image := find(id_):
            name = re.split(r"[/\\]", id_)[-1]
            folders = id_[: len(id_) - len(name)]
            return Entry(line, before + quote + folders, name, quote + after, image)
        if not (column := LAST_COLUMN.search(text)):
            break
        text, after = text[: column.start()], column[0] + after
    return Entry(line, before, text, after, "")
