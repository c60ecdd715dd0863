"""Lists of the images of each part of a split, beside the images: train.txt, val.txt."""

from __future__ import annotations

from expand.layouts.directory import Directory
from expand.layouts.layout import Kind, Layout
from expand.layouts.recognition.evidence import FILES
from expand.layouts.recognition.splits import look_into
from expand.layouts.recognition.tables import SUFFIX, is_list
from expand.layouts.recognition.words import TABLES, part_of, words


def find_lists(directory: Directory) -> Layout | None:
    """Return the layout of a directory with lists of the images of each part: train.txt, val.txt.

    They lie in it, or in a folder of lists.
    """
    folders = [name for name in directory.folders if TABLES & {*words(name)}]
    inner = [(name, found) for name in folders if (found := look_into(directory, name))]
    for prefix, each in (("", directory), *((f"{name}/", found) for name, found in inner)):
        above = directory if prefix else None
        lists = [name for name in each.others if name.lower().endswith(SUFFIX)]
        named = [(role.kind, name) for name in lists if (role := part_of(name.rpartition(".")[0]))]
        if len({part for part, _ in named}) < 2 or "train" not in {part for part, _ in named}:
            continue
        shown = [name for _, name in named[:FILES] if is_list(each, name, above)]
        if len(shown) > 1:
            return Layout(Kind.TABLE, tuple(f"{prefix}{name}" for name in shown[:3]))
    return None
