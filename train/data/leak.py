"""The leak guard: no source, and no picture, may stand on both sides of a split."""

from __future__ import annotations

from train.data.split import Split
from train.errors import TrainError

SHOWN = 3


def find_leaks(one: Split, other: Split) -> list[str]:
    """Return a line for each image of `other` whose source, file or decoded pixels `one` has as well."""
    lines = []
    pixels = {one.pack.fingerprints[place]: row for row, place in enumerate(one.folder.places)}
    files = {key: row for row in range(len(one.folder)) for key in _hashes(one, row)}
    for row, place in enumerate(other.folder.places):
        name = f'{other.name} "{other.folder.files[row]}"'
        same_file = next((files[key] for key in _hashes(other, row) if key in files), None)
        if same_file is not None:
            lines.append(
                f'{name} is, or was made from, the file of {one.name} "{one.folder.files[same_file]}"'
            )
        elif (mine := other.pack.fingerprints[place]) and (same := pixels.get(mine)) is not None:
            lines.append(f'{name} has the pixels of {one.name} "{one.folder.files[same]}"')
    return lines


def _hashes(side: Split, row: int) -> set[str]:
    """Return the hashes of an image's file and of its source's."""
    own = side.pack.hashes[side.folder.places[row]]
    return {own, side.folder.source_hashes[row]} if side.folder.source_hashes else {own}


def check_leaks(one: Split, other: Split, *, allowed: bool) -> list[str]:
    """Return the leaks between two sides; refuse them unless they are allowed."""
    leaks = find_leaks(one, other)
    if leaks and not allowed:
        found = f"{len(leaks):,} images stand" if len(leaks) > 1 else "1 image stands"
        more = f"; and {len(leaks) - SHOWN:,} more" if len(leaks) > SHOWN else ""
        raise TrainError(
            f"{found} on both sides: {'; '.join(leaks[:SHOWN])}{more}. What is measured on them is not "
            "what the model would do on new images; --allow-leak goes on all the same, and records it"
        )
    return leaks
