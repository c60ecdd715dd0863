"""A layout: what kind of dataset a folder holds, what shows it, and how to say so."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from expand.errors import ExpandError

AUTO, FOLDERS = "auto", "folders"
LAYOUTS = (AUTO, FOLDERS)
"""How the layout of a folder is chosen: recognised, or class folders whatever they look like."""
LABELLED = (
    "split-folders",
    "flat",
    "yolo",
    "yolo-detect",
    "yolo-segment",
    "yolo-pose",
    "yolo-obb",
    "coco",
    "voc",
    "masks",
    "huggingface",
    "table",
)
"""The names of all other layouts that are read."""


class Kind(Enum):
    """The kinds of layout that are told apart; each value says what the dataset is."""

    CLASS_FOLDERS = "class folders"
    SPLIT = "a dataset in parts (training, validation, test)"
    NAMED_PARTS = "a dataset in parts that only the names of its images tell"
    FOLDS = "a dataset in folds for cross-validation"
    NUMBERED = "a dataset in numbered folders"
    WRAPPED = "class folders inside one more folder"
    EXPANDED = "an expanded dataset"
    YOLO = "a YOLO dataset"
    COCO = "a COCO dataset"
    VOC = "a Pascal VOC dataset"
    MASKS = "a segmentation dataset"
    COUNTERPARTS = "a dataset of images before and after"
    ANNOTATED = "a dataset with annotations"
    METADATA = "a Hugging Face dataset with metadata"
    TABLE = "a dataset with labels in a table"


@dataclass(frozen=True)
class Layout:
    """A kind of layout with its evidence: names, relative to the folder, that show it."""

    kind: Kind
    evidence: tuple[str, ...] = ()
    training: str = ""
    """The folder below that holds the class folders to expand; empty if there is none."""
    test: str = ""
    """The folder below that holds class folders to test on; empty if there is none."""
    advice: str = ""
    """What is not read, and what to do; empty if nothing more is known than the kind says."""

    @property
    def has_masks(self) -> bool:
        """Whether some of its images are labels of others."""
        return self.kind is Kind.MASKS or any("Segmentation" in name for name in self.evidence)

    def below(self, name: str) -> Layout:
        """Return the layout as seen from the folder that holds this one as `name`."""
        return replace(
            self,
            evidence=tuple(f"{name}/{each}" for each in self.evidence),
            training=self.training and f"{name}/{self.training}",
            test=self.test and f"{name}/{self.test}",
        )


CLASS_FOLDERS = Layout(Kind.CLASS_FOLDERS)


class LayoutError(ExpandError):
    """A folder that holds something else than class folders."""

    def __init__(self, root: Path, layout: Layout) -> None:
        self.root, self.layout = root, layout
        super().__init__(describe(root, layout, f"expand {_quote(root, layout.training)} OUT"))


def describe(root: Path, layout: Layout, command: str) -> str:
    """Say what a folder holds, what shows it, and what to do.

    `command` is the one for its training part.
    """
    *first, last = (f'"{name}"' for name in layout.evidence)
    shown = f"{', '.join(first)} and {last}" if first else last
    override = "If its folders are classes: --as folders"
    if layout.kind is Kind.EXPANDED:
        written = (root / layout.evidence[0]).parent
        advice = "expand the folder that it was made from, with a larger --factor for more copies"
        if written != root:
            advice = f'it is not a part of a class; move it out of "{root}"'
        return (
            f'"{written}" was written by expand (it has {shown}), so it holds copies; {advice}. '
            "To take each file as a source of its own: --as folders"
        )
    what = f'"{root}" is {layout.kind.value}, not class folders: it has {shown}.'
    if layout.training:
        return f"{what} Use the class folders in it: {command}. {override}"
    if layout.advice:
        return (
            f"{what} {layout.advice}. {override}; to grow all its images, without labels: --as flat"
        )
    return f"{what} It cannot be used here: its labels or its parts would be lost. {override}"


def train_command(root: Path, layout: Layout) -> str:
    """Return the command that trains on the training part of a dataset in parts."""
    tested = f" --test {_quote(root, layout.test)}" if layout.test else ""
    return f"train {_quote(root, layout.training)}{tested}"


def _quote(root: Path, below: str) -> str:
    """Return a path as it is typed in a shell, where it cannot be taken for an option."""
    path = str(root / below)
    return shlex.quote(f"./{path}" if path.startswith("-") else path)
