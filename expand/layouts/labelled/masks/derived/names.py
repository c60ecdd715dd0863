"""The names by which a list means images and masks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from expand.layouts.labelled.masks.files import MaskOf
from expand.layouts.names import split_suffix


@dataclass(frozen=True)
class Names:
    """The names by which lines mean images that grow, and their masks."""

    by_name: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    """From a file name, with and without its suffix, to the image's path and the file's."""
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The path of each image, and those of its masks."""

    @classmethod
    def of(cls, images: Iterable[tuple[str, list[MaskOf]]]) -> Names:
        """Return the names of images and of their masks."""
        names = cls()
        for image, masks in images:
            names.files[image] = (image, *(mask.path for mask in sorted(masks)))
            for path in names.files[image]:
                name = path.rpartition("/")[2]
                for each in {name, split_suffix(name)[0]}:
                    names.by_name[each].append((image, path))
        return names

    def meant(self, token: str) -> tuple[str, str] | None:
        """Return the image that a token means, and the file; None if it means none, or several."""
        token = token.removeprefix("./")
        found = {
            (image, path)
            for image, path in self.by_name.get(token.rpartition("/")[2], ())
            if _agree(token, path)
        }
        images = {(image, path) for image, path in found if image == path}
        chosen = images or found
        return next(iter(chosen)) if len(chosen) == 1 else None


def agreeing(token: str, path: str) -> int:
    """Return how many names at the end of two paths agree; the last may lack its suffix."""
    said, known = token.split("/"), path.split("/")
    if said[-1] != known[-1]:
        known[-1] = split_suffix(known[-1])[0]
    count = 0
    for one, other in zip(reversed(said), reversed(known), strict=False):
        if one != other:
            break
        count += 1
    return count


def _agree(token: str, path: str) -> bool:
    """Tell whether one path ends with the other."""
    return agreeing(token, path) == min(token.count("/"), path.count("/")) + 1
