"""The leak check: no source, no picture and no group may be in two splits."""

from __future__ import annotations

from train.data.split import Split
from train.errors import TrainError

SHOWN = 3


def find_leaks(one: Split, other: Split) -> list[str]:
    """Return a line for each image of `other` whose source, file, pixels or group `one` has."""
    pixels = {fingerprint: row for row, fingerprint in enumerate(one.fingerprints())}
    files = {key: row for row, keys in enumerate(hashes_of(one)) for key in keys}
    groups = {group: row for row, group in enumerate(one.folder.groups) if group}
    lines = []
    own = other.folder.groups or [""] * len(other.folder)
    images = zip(other.folder.files, other.fingerprints(), hashes_of(other), own, strict=True)
    for file, fingerprint, keys, group in images:
        name = f'{other.name} "{file}"'
        same_file = next((files[key] for key in keys if key in files), None)
        if same_file is not None:
            same = f'{one.name} "{one.folder.files[same_file]}"'
            lines.append(f"{name} is, or was made from, the file of {same}")
        elif fingerprint and fingerprint in pixels:
            same = f'{one.name} "{one.folder.files[pixels[fingerprint]]}"'
            lines.append(f"{name} has the pixels of {same}")
        elif group in groups:
            same = f'{one.name} "{one.folder.files[groups[group]]}"'
            lines.append(f'{name} is of the group "{group}", as is {same}')
    return lines


def hashes_of(split: Split) -> list[set[str]]:
    """Return the hashes of each image's file and of its source's file."""
    files, sources = split.file_hashes(), split.folder.source_hashes
    if not sources:
        return [{file} for file in files]
    return [{file, source} for file, source in zip(files, sources, strict=True)]


def check_leaks(one: Split, other: Split, *, allowed: bool) -> list[str]:
    """Return the leaks between two splits; raise TrainError unless they are allowed."""
    return judge(find_leaks(one, other), allowed=allowed)


def judge(leaks: list[str], *, allowed: bool) -> list[str]:
    """Return leaks between two splits; raise TrainError if there are any, unless allowed."""
    if leaks and not allowed:
        count = f"{len(leaks):,} images are" if len(leaks) > 1 else "1 image is"
        more = f"; and {len(leaks) - SHOWN:,} more" if len(leaks) > SHOWN else ""
        raise TrainError(
            f"{count} in both splits: {'; '.join(leaks[:SHOWN])}{more}. "
            "Results on images that the model has seen do not carry over to new images; "
            "--allow-leak trains anyway and records the leaks"
        )
    return leaks
