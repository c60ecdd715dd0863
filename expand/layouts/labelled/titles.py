"""The title of a dataset: what the first line of a command says of it."""

from __future__ import annotations

from collections.abc import Sequence


def format_title(
    kind: str, classes: int | None, split: str, images: int, parts: Sequence[str] = ()
) -> str:
    """Return, for example, "YOLO detect, 3 classes, train split 128 images; val left as it is".

    `classes` is None if the dataset does not name any; `parts` are all parts, with that which
    grows; `split` is empty if there are none.
    """
    counted = "1 image" if images == 1 else f"{images:,} images"
    said = [kind]
    if classes is not None:
        said.append("1 class" if classes == 1 else f"{classes:,} classes")
    said.append(f"{split} split {counted}" if split else counted)
    others = [part for part in parts if part != split]
    kept = f"; {', '.join(others)} left as {'it is' if len(others) == 1 else 'they are'}"
    return ", ".join(said) + (kept if others else "")
