"""What the name of a folder or file says: a part of a split, images, labels, or none of these."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+")
PARTS = {
    "train": ("train", "training", "trainval", "trn"),
    "validation": ("val", "valid", "validation", "dev", "eval", "evaluation"),
    "test": ("test", "testing", "tst", "holdout", "heldout"),
}
PART_OF = {word: part for part, words in PARTS.items() for word in words}
IMAGES = _set(
    "image images img imgs jpeg jpegs rgb frame frames picture pictures photo photos input "
    "inputs original originals sat"
)
LABELS = _set(
    "label labels mask masks annotation annotations annotated anno annos annot annots ann "
    "anns gt gts truth groundtruth seg segs segmentation segmentations trimap trimaps target "
    "targets matte mattes manual labelids labelme xml xmls bbox bboxes polygons depth depths "
    "disparity disparities semantic semantics instance instances panoptic stuffthingmaps "
    "matting mattings"
)
MARKS = _set(
    "label labels mask masks annotation annotations annotated anno annot gt gts truth groundtruth "
    "seg segs segmentation segmentations trimap trimaps matte mattes labelids"
)
"""The words for labels that tell a mask from the image beside it."""
SHOWN = _set("label labels mask masks")
"""Those of them that can also be what a photograph shows."""
FILLER = _set(
    "set sets data dataset dir folder folders split png jpg tif tiff raw fine coarse class "
    "object semantic instance color colour binary ground left bit camera final resized tr ts "
    "txt json"
)
GENERIC = _set("data dataset datasets set classes categories all folder dir archive collection")
VERSIONS = _set(
    "raw color colour gray grey grayscale greyscale bw segmented resized cropped augmented "
    "processed preprocessed enhanced normalized normalised part parts batch"
)
"""The words for folders that each hold a whole dataset, or a part of one, with all its classes."""
EXTRAS = _set(
    "unlabeled unlabelled unsupervised extra extras pred prediction predictions sample samples "
    "demo doc docs figures assets scripts src code notebooks models weights checkpoints runs logs "
    "result results outputs csv meta metadata splits backup old tmp temp background"
)
"""The words for folders that lie beside the parts of a split and are not classes."""
TABLES = _set("csv csvs table tables tsv meta metadata list lists split splits partition info")
"""The words for folders of tables."""


class Role(NamedTuple):
    """What a name says, and the words that are left."""

    kind: str
    """"labels", "images" or ""."""
    rest: tuple[str, ...]


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """Split a name into its words, in lower case: "trainImages2017" is "train", "images", "2017".

    A part's name that is written together with what it holds is split too, as in "trainset".
    """
    found: list[str] = []
    for word in WORD.findall(name):
        found += _split_compound(word.lower())
    return tuple(found)


def _split_compound(word: str) -> list[str]:
    known = (IMAGES, LABELS, FILLER)
    for part in PART_OF:
        rest = word.removeprefix(part)
        if rest != word and any(rest in words for words in known):
            return [part, rest]
    return [word]


def part_of(name: str) -> Role | None:
    """Return the part of a split that a name stands for, with the rest of the name; else None."""
    named = words(name)
    joined = "".join(named)
    if joined in PART_OF:
        return Role(PART_OF[joined], ())
    parts = [PART_OF[word] for word in named if word in PART_OF]
    if not parts:
        return None
    ignored = PART_OF.keys() | IMAGES | FILLER
    rest = tuple(word for word in named if word not in ignored and not word.isdigit())
    return Role("train" if "train" in parts else parts[0], rest)


def role_of(name: str) -> Role:
    """Return whether a name stands for labels or images, and the other words that matter."""
    named = words(name)
    kind = "labels" if LABELS & set(named) else "images" if IMAGES & set(named) else ""
    ignored = LABELS | IMAGES | FILLER
    rest = tuple(word for word in named if word not in ignored and not word.isdigit())
    return Role(kind, rest)


def is_plain(role: Role) -> bool:
    """Tell whether a name says nothing else, or only which part of a split it is."""
    return bool(role.kind) and all(word in PART_OF for word in role.rest)


def is_sample_submission(stem: str) -> bool:
    """Tell whether a table is the form of a Kaggle competition: placeholder labels of a test."""
    return {"submission", "sample"} <= set(words(stem))


def is_fold(name: str) -> bool:
    """Tell whether a name is that of a numbered fold: "fold1", "fold_02"."""
    named = words(name)
    return len(named) == 2 and named[0] in ("fold", "split", "cv") and named[1].isdigit()


def is_wrapper(name: str) -> bool:
    """Tell whether a name is not a class but says that there are images: "images", "dataset"."""
    named = words(name)
    return bool(named) and all(word in IMAGES | GENERIC for word in named)


def is_version(name: str) -> bool:
    """Tell whether a name is that of a dataset among several: "resized", "dataset_part2"."""
    named = words(name)
    known = IMAGES | GENERIC | VERSIONS | FILLER
    return bool(named) and all(word in known or word.isdigit() for word in named)


def is_numbered(name: str) -> bool:
    """Tell whether a name is that of a numbered part of the images: "images_001"."""
    named = words(name)
    if len(named) < 2 or not named[-1].isdigit():
        return False
    of_images = IMAGES | {"data", "dataset"}
    return named[-2] in of_images or (named[-2] in ("part", "batch") and bool(of_images & {*named}))


def is_extra(name: str) -> bool:
    """Tell whether a name is that of a folder beside parts of a split: "unlabeled", "docs"."""
    return bool(EXTRAS & set(words(name))) or role_of(name).kind == "labels"


def pair_key(stem: str, dropped: frozenset[str]) -> tuple[str, ...]:
    """Return the words of a file's stem without some, in order."""
    return tuple(word for word in words(stem) if word not in dropped)
