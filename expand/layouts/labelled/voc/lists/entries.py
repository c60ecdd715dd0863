"""Lists of images: ImageSets/<task>/<part>.txt and <class>_<part>.txt; read, and written anew."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from expand.layouts.directory import is_image
from expand.layouts.names import split_suffix
from expand.layouts.recognition.words import PART_OF

NUMBERED = ("layout", "action")
"""Tasks whose lists have the number of an object in their second column."""
MOST_COLUMNS = 2
FOLDER = "ImageSets"
BOM = "\ufeff"
LINE = re.compile(r"([^\S\r\n]*)(.*?)(\s*)", re.DOTALL)
LINE_END = re.compile(r"[\r\n]\Z")
COLUMN = re.compile(r"([ \t]+)(-?\d+)")
LAST_COLUMN = re.compile(r"(.*?)([ \t]+-?\d+)", re.DOTALL)
IN_FOLDER = re.compile(r"(\./)?(JPEGImages|images?)/", re.IGNORECASE)
TRAINVAL = "trainval"


class Copy(NamedTuple):
    """A file of the expanded dataset, as a list names it."""

    name: str
    """Its path in the folder of images."""
    annotation: Any
    """What the view shows less than its source: see `writer`; None if it shows all objects."""


@dataclass(frozen=True)
class ImageList:
    """A list of images."""

    path: str
    """Its path in the dataset."""
    home: str
    """The folder that holds ImageSets, with a slash at its end; "" for the dataset itself."""
    task: str
    """Main, Segmentation, Layout, Action; "" for a list directly in ImageSets."""
    part: str
    """train, val, test, trainval or the like; its whole name if that has no such word."""
    of_class: str
    """The class or action that its last column tells of; "" for a list of images alone."""

    @classmethod
    def of(cls, path: str) -> ImageList:
        """Return the list that a path in the dataset tells."""
        before, _, inside = f"/{path}".rpartition(f"/{FOLDER}/")
        *tasks, name = inside.split("/")
        stem = split_suffix(name)[0]
        ends = [word for word in PART_OF if stem == word or stem.endswith(f"_{word}")]
        part = max(ends, key=len, default=stem)
        home = before[1:] and f"{before[1:]}/"
        return cls(path, home, "/".join(tasks), part, stem.removesuffix(part).rstrip("_"))

    @property
    def kind(self) -> str:
        """train, validation, test or trainval; "" for any other list."""
        return self.part if self.part == TRAINVAL else PART_OF.get(self.part, "")

    def entries(self, text: str, known: Mapping[str, str]) -> Iterator[Entry]:
        """Yield the lines of the list; `known` are the images of its home, by their ids."""
        lines = io.StringIO(text.removeprefix(BOM), newline="")
        return (read_entry(line, known) for line in lines)

    def written(
        self, text: str, known: Mapping[str, str], copies: Mapping[str, Sequence[Copy]]
    ) -> str:
        """Return the list with all files of each image that has copies, in its place."""
        parts: list[str] = []
        for entry in self.entries(text, known):
            if entry.image not in copies:
                parts.append(entry.line)
                continue
            end = LINE_END.search(entry.line)
            lines = (self._line(entry, copy) for copy in copies[entry.image])
            parts += [line if end else f"{line}\n" for line in lines if line]
        joined = f"{BOM if text.startswith(BOM) else ''}{''.join(parts)}"
        return joined if LINE_END.search(text) else joined.removesuffix("\n")

    def _line(self, entry: Entry, copy: Copy) -> str:
        """Return the line of a copy in the style of a line; "" if it is of an object not shown."""
        name = copy.name if is_image(entry.id) else split_suffix(copy.name)[0]
        columns = entry.columns
        if copy.annotation and columns:
            objects, flags = copy.annotation["objects"], copy.annotation["flags"]
            if self.task.lower() in NUMBERED:
                if int(columns[0]) not in objects:
                    return ""
                columns[0] = str(objects.index(int(columns[0])) + 1)
            elif self.of_class in flags:
                columns[-1] = str(flags[self.of_class])
        return entry.with_name(name, columns)


class Entry(NamedTuple):
    """A line of a list."""

    line: str
    before: str
    """What stands before the id, such as the folder of images."""
    id: str
    after: str
    """The columns after the id, and the end of the line."""
    image: str
    """The path of the image in the dataset; "" if there is none."""

    @property
    def columns(self) -> list[str]:
        """The numbers after the id."""
        return [match[2] for match in COLUMN.finditer(self.after)]

    def with_name(self, name: str, columns: Sequence[str]) -> str:
        """Return the line for another image; its columns keep their width."""
        numbers = iter(columns)

        def column(match: re.Match[str]) -> str:
            number = next(numbers)
            if number == match[2]:
                return match[0]
            return f"{match[1][0]}{number.rjust(len(match[0]) - 1)}"

        return f"{self.before}{name}{COLUMN.sub(column, self.after)}"


def read_entry(line: str, known: Mapping[str, str]) -> Entry:
    """Parse a line: an id, which may have spaces, and up to two numbers."""
    match = LINE.fullmatch(line)
    assert match
    before, text, after = match.groups()
    for _ in range(MOST_COLUMNS + 1):
        quote = '"' if len(text) > 2 and text[0] == text[-1] == '"' else ""
        id_ = text[1:-1] if quote else text
        folder = IN_FOLDER.match(id_)
        start = folder[0] if folder and id_ not in known else ""
        id_ = id_.removeprefix(start)
        named = id_ if id_ in known or not is_image(id_) else split_suffix(id_)[0]
        if named in known:
            return Entry(line, before + quote + start, id_, quote + after, known[named])
        if not (column := LAST_COLUMN.fullmatch(text)):
            break
        text, after = column[1], column[2] + after
    return Entry(line, before, text, after, "")
