"""Datasets with one class for each image; others are refused, with what learns from them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from expand.layouts.labelled.dataset import Dataset
from expand.layouts.layout import AUTO, FOLDERS
from expand.storage.stores.url import Place
from train.errors import TrainError

CLASSIFIED = (FOLDERS, "split-folders", "huggingface", "table", AUTO)
"""Layouts that can have one class for each image."""
YOLO = "yolo-"
COCO = 'torchvision.datasets.CocoDetection("IMAGES", "ANNOTATIONS.json")'


def check_classified(root: Place, dataset: Dataset) -> None:
    """Raise TrainError unless every image of a dataset has one class."""
    if dataset.layout == "flat":
        raise TrainError(
            f'"{root}" has no class folders; images are expected as {root.name}/<class>/<image>'
        )
    unlabelled = dataset.listing.summary.labels[""]
    if dataset.layout not in CLASSIFIED or unlabelled == len(dataset.listing):
        raise TrainError(_no_classes(root, dataset.layout, dataset.title))
    if unlabelled:
        first = next(source.id for source in dataset.listing if not source.label)
        raise TrainError(_some_without(root, unlabelled, first))


def refuse_expanded(root: Place, layout: str, files: Sequence[str], labels: Sequence[str]) -> None:
    """Raise TrainError unless every image of an expanded dataset has a class."""
    if layout not in CLASSIFIED or not any(labels):
        raise TrainError(_no_classes(root, layout, f"a dataset of the layout {layout}"))
    if without := [file for file, label in zip(files, labels, strict=True) if not label]:
        raise TrainError(_some_without(root, len(without), without[0]))


def _some_without(root: Place, count: int, first: str) -> str:
    have = "1 image has" if count == 1 else f"{count:,} images have"
    return f'"{root}": {have} no class, the first is "{first}"; give every image one class'


def _no_classes(root: Place, layout: str, title: str) -> str:
    """Say that a dataset has no classes of images, and what trains from it."""
    kind = title.partition(";")[0]  # without what happens to its parts when it is expanded
    said = f'"{root}" is {kind}: its images do not have one class each, which train needs.'
    if layout.startswith(YOLO):
        data = shlex.quote(str(root / "data.yaml"))
        task = layout.removeprefix(YOLO)
        return f"{said} To train from it: yolo {task} train data={data} model=yolo11n.pt"
    if line := _torchvision(root, layout):
        return f"{said} To read it with PyTorch: {line}"
    return said


def _torchvision(root: Place, layout: str) -> str:
    """Return the call that reads a dataset; "" if torchvision would not find its files."""
    if layout == "coco":
        return COCO
    if layout != "voc" or not isinstance(root, Path):
        return ""
    # torchvision looks for VOCdevkit/VOC<year> in the folder that it is given
    above = root.parent if root.name == "VOCdevkit" else root
    years = sorted(above.glob("VOCdevkit/VOC20??"))
    if not years:
        return ""
    return f'torchvision.datasets.VOCDetection("{above}", year="{years[-1].name[3:]}")'
