"""The title of a dataset, what the first line of a command says of it; and counts in sentences."""

from __future__ import annotations

from collections.abc import Sequence


def format_title(
    kind: str, classes: int | None, split: str, images: int, parts: Sequence[str] = ()
) -> str:
    """Return, for example, "YOLO detect, 3 classes, train split 128 images; val left as it is".

    `classes` is None if the dataset does not name any; `parts` are all parts, with that which
    grows; `split` is empty if there are none.
    """
    said = [kind]
    if classes is not None:
        said.append(counted(classes, "class", "classes"))
    count = counted(images, "image")
    said.append(f"{split} split {count}" if split else count)
    return ", ".join(said) + left([part for part in parts if part != split])


def left(parts: Sequence[str]) -> str:
    """Return, for example, "; val and test left as they are"; empty without parts."""
    if not parts:
        return ""
    return f"; {listed(parts)} left as {'it is' if len(parts) == 1 else 'they are'}"


def counted(count: int, one: str, several: str = "") -> str:
    """Return a count with its words: "1 image has", "1,234 images have".

    `several` is `one` with an s if it is not given.
    """
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def listed(names: Sequence[str]) -> str:
    """Return one name or more as a list in a sentence: "a, b and c"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
