"""The names by which a list means images and masks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from expand.layouts.labelled.masks.files import MaskOf
from expand.layouts.names import split_suffix
from expand.layouts.spooled.index import TextIndex


@dataclass(frozen=True)
class Names:
    """The names by which lines mean images that grow, and their masks."""

    by_name: TextIndex = field(default_factory=TextIndex)
    """From a file name, with and without its suffix, to the image's path and the file's."""
    _files: TextIndex = field(default_factory=TextIndex)
    """The path of each image, and those of its masks."""

    @classmethod
    def of(cls, images: Iterable[tuple[str, list[MaskOf]]]) -> Names:
        """Return the names of images and of their masks."""
        names = cls()
        for image, masks in images:
            files = (image, *(mask.path for mask in sorted(masks)))
            names._files.add(image, "\0".join(files))
            for path in files:
                name = path.rpartition("/")[2]
                for each in {name, split_suffix(name)[0]}:
                    names.by_name.add(each, f"{image}\0{path}")
        return names

    def images(self) -> Iterator[str]:
        """Yield the paths of the images."""
        return (image for image, _ in self._files)

    def files(self, image: str) -> list[str]:
        """Return the path of an image, and those of its masks."""
        return self._files.last(image).split("\0")

    def _named(self, name: str) -> Iterator[tuple[str, str]]:
        for text in self.by_name.of(name):
            image, _, path = text.partition("\0")
            yield image, path

    def meant(self, token: str) -> tuple[str, str] | None:
        """Return the image that a token means, and the file; None if it means none, or several."""
        token = token.removeprefix("./")
        found = {
            (image, path)
            for image, path in self._named(token.rpartition("/")[2])
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
