"""The readers: which environment each of them needs, and which datasets it reads."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.environments import Environment
from benchmarks.readers.scripts.findings import SPLIT

REPOSITORY = Path(__file__).parents[2]
PYTORCH = ("torch==2.14.1", "torchvision==0.29.1", "pycocotools==2.0.11")
ULTRALYTICS = Environment("ultralytics", ("ultralytics==8.4.190", *PYTORCH))
"""Ultralytics is under the AGPL, so it is installed nowhere else. torchvision's readers run here
too: PyTorch takes 5 GB."""
COCO = Environment("pycocotools", ("pycocotools==2.0.11", "pillow==13.0.0"))
SUPERVISION = Environment("supervision", ("supervision==0.31.2",))
DATASETS = Environment("datasets", ("datasets==5.2.0", "pillow==13.0.0"))
WEBDATASET = Environment("webdataset", ("webdataset==1.0.2", "pillow==13.0.0"))
ENVIRONMENTS = (ULTRALYTICS, COCO, SUPERVISION, DATASETS, WEBDATASET)


def is_yolo(root: Path) -> bool:
    """Whether a dataset has a YAML file at its top and label files."""
    return any(root.glob("*.y*ml")) and any(root.rglob("labels"))


def is_coco(root: Path) -> bool:
    """Whether a dataset has a JSON file with annotations."""
    paths = (path for path in root.rglob("*.json") if path.name not in ("expand.json", SPLIT))
    return any('"annotations"' in path.read_text("utf-8", "replace") for path in paths)


def is_voc(root: Path) -> bool:
    """Whether a dataset has the folders of Pascal VOC."""
    return any(root.rglob("JPEGImages")) and any(root.rglob("ImageSets"))


def has_xml(root: Path) -> bool:
    """Whether a dataset has XML files."""
    return any(root.rglob("*.xml"))


def is_cityscapes(root: Path) -> bool:
    """Whether a dataset has the folders of Cityscapes."""
    return (root / "leftImg8bit").is_dir() and (root / "gtFine").is_dir()


def is_image_folder(root: Path) -> bool:
    """Whether a dataset is nothing of the above: Hugging Face reads class folders and metadata."""
    others = (is_yolo, is_coco, has_xml, is_voc, is_cityscapes)
    return not any(check(root) for check in others)


@dataclass(frozen=True)
class Reader:
    """A script of `scripts`, which runs in its environment."""

    script: str
    environment: Environment
    reads: Callable[[Path], bool]

    def run(self, python: str, arguments: list[str]) -> tuple[int, str, str]:
        """Run it; return its exit status, its last line, and what it said of faults."""
        module = f"benchmarks.readers.scripts.{self.script}"
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        done = subprocess.run(
            [python, "-m", module, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        last = (done.stdout.strip().splitlines() or [""])[-1]
        return done.returncode, last, done.stderr


READERS = (
    Reader("ultralytics_labels", ULTRALYTICS, is_yolo),
    Reader("ultralytics_training", ULTRALYTICS, is_yolo),
    Reader("pycocotools_json", COCO, is_coco),
    Reader("torchvision_coco", ULTRALYTICS, is_coco),
    Reader("torchvision_voc", ULTRALYTICS, is_voc),
    Reader("torchvision_cityscapes", ULTRALYTICS, is_cityscapes),
    Reader("supervision_detections", SUPERVISION, lambda root: _detects(root)),
    Reader("datasets_folder", DATASETS, is_image_folder),
)
"""Those of folders."""
TAR_READERS = (
    Reader("tars.webdataset", WEBDATASET, is_image_folder),
    Reader("tars.datasets", DATASETS, is_image_folder),
)
"""Those of tars, which an output folder with an index has."""


def _detects(root: Path) -> bool:
    return is_yolo(root) or is_coco(root) or has_xml(root)


def factor_of(out: Path) -> int:
    """Return the factor that a run card says; a split has each file once."""
    if (out / SPLIT).is_file():
        return 1
    card: dict[str, Any] = json.loads((out / "expand.json").read_text("utf-8"))
    return int(card["settings"]["factor"])
