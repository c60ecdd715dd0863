"""Why a dataset of images with masks has none that can be used, and what to do."""

from __future__ import annotations

import shlex
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.labelled.masks.files import File, Files
from expand.layouts.labelled.opening import Opening
from expand.layouts.layout import Kind
from expand.layouts.names import split_suffix
from expand.layouts.recognition.recognise import recognise
from expand.layouts.recognition.unread.packed import describe_packed
from expand.layouts.recognition.words import role_of

UNREAD = (".mat", ".npy", ".npz")
"""Suffixes of masks that are not read."""


def no_pair(opening: Opening, images: Files, others: Files) -> ExpandError:
    """Return why no image has a mask."""
    root, masks = opening.root, next((file for file in images if file.place.labels), None)
    other = next((file for file in others if file.suffix.lower() in UNREAD), None)
    image = next((file for file in images if not file.place.labels), None)
    if image and other and not masks:
        return unread(root, other)
    if not image and not masks and (packed := describe_packed(root)):
        return ExpandError(f'"{root}" has no images: {packed}')
    if masks and not image and (above := _holds_all(images)):
        inner = shlex.quote(str(root / above))
        return ExpandError(
            f'"{root}" has no image with a mask: "{above}" is called as a folder of labels, and '
            f"all images lie in it. If it holds images with masks: expand {inner} OUT"
        )
    override = ". If its folders are classes: --as folders" if opening.seen else ""
    if image and masks:
        what = (
            f'the names of "{image.path}" and "{masks.path}" do not belong together. They must be '
            'the same, or differ in a word such as "mask" only'
        )
    else:
        what = (
            'masks are images in a folder such as "masks", with the names of the images; or '
            'beside them, called "x_mask.png" for "x.png"'
        )
        seen = opening.seen or recognise(root)
        if seen.kind is Kind.MASKS and not _is_named(seen.evidence[-1]):
            what = _say_unnamed(root, *seen.evidence)
            override = ". If its folders are classes: --as folders. If it has no classes: --as flat"
    return ExpandError(f'"{root}" has no image with a mask: {what}{override}')


def _holds_all(images: Files) -> str:
    """Return the first folder of all images, if each lies in one folder more; else ""."""
    first = {file.folders[0] if len(file.folders) > 1 else "" for file in images}
    return first.pop() if len(first) == 1 else ""


def _is_named(path: str) -> bool:
    """Tell whether the name of a folder says that it holds labels."""
    return role_of(Path(path).name).kind == "labels" and path.endswith("/")


def _say_unnamed(root: Path, image: str, *masks: str) -> str:
    """Say that files show what masks show, and how to call them so."""
    shown = " and ".join(f'"{name}"' for name in masks)
    said = ("shows", "is") if len(masks) == 1 else ("show", "are")
    if masks[0].endswith("/"):
        paths = [root / name for name in masks]
        moves = (shlex.join(("mv", str(path), f"{path}_mask")) for path in paths)
        rename = f"rename the folder{'s' if masks[1:] else ''}: {'; '.join(moves)}"
    else:
        stem, (named, suffix) = split_suffix(image)[0], split_suffix(masks[0])
        rename = f'call all of them as "{stem}_mask{named.removeprefix(stem)}{suffix}"'
    return (
        f'{shown} {said[0]} what masks of "{image}" show, but {said[1]} not called so. '
        f"If they are masks, {rename}"
    )


def unread(root: Path, file: File) -> ExpandError:
    """Return that masks have a format that is not read."""
    kind = file.suffix[1:].upper()
    return ExpandError(
        f'"{root}" has masks in {kind} files, such as "{file.path}", which are not supported: '
        "convert them to PNG, or move them to another folder if they are not needed"
    )
