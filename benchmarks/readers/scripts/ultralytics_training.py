"""Ultralytics trains its smallest model for two epochs, from random weights, without a warning."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import warnings

os.environ["YOLO_CONFIG_DIR"] = tempfile.mkdtemp()  # before the import, which writes settings there
os.environ["YOLO_OFFLINE"] = "true"
from ultralytics import YOLO
from ultralytics.utils import LOGGER, YAML

from benchmarks.readers.scripts.findings import Findings, Sets, run
from benchmarks.readers.scripts.yolo_files import data_file, task_of

MODELS = {
    "detect": "yolo11n.yaml",
    "segment": "yolo11n-seg.yaml",
    "pose": "yolo11n-pose.yaml",
    "obb": "yolo11n-obb.yaml",
}
EPOCHS, PIXELS = 2, 64


class Warned(logging.Handler):
    """Keeps warnings."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message of a warning."""
        self.messages.append(record.getMessage())


def check(sets: Sets, findings: Findings) -> None:
    """Train from the expanded dataset, in its folder."""
    os.chdir(sets.out)
    file = data_file(sets.out)
    handler = Warned()
    LOGGER.addHandler(handler)
    model = YOLO(MODELS[task_of(sets.out, YAML.load(file))])
    with warnings.catch_warnings(record=True) as caught, tempfile.TemporaryDirectory() as project:
        warnings.simplefilter("always")
        model.train(
            data=str(file),
            epochs=EPOCHS,
            imgsz=PIXELS,
            batch=8,
            workers=0,
            device="cpu",
            amp=False,
            plots=False,
            pretrained=False,
            project=project,
        )
    said = [*handler.messages, *(str(each.message) for each in caught)]
    findings.equal("warnings", said, [])
    trainer = model.trainer
    findings.equal("epochs", trainer.epoch + 1, EPOCHS)
    findings.facts["images an epoch"] = len(trainer.train_loader.dataset)
    findings.facts["metrics"] = {key: float(value) for key, value in trainer.metrics.items()}


if __name__ == "__main__":
    sys.exit(run(check, sys.argv[1:]))
