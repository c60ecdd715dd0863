"""The long checks: `make slow`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from expand import expand
from expand.engines.local import LocalEngine
from expand.job.checks.verify import verify
from tests import signalled
from tests.conftest import Folder, tree
from tests.expand.job.test_run import COMMAND, many

pytestmark = pytest.mark.slow


def test_ten_thousand_images_the_same_whatever_the_workers_and_the_kills(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = many(class_folder, 10_000)
    expand(src, tmp_path / "1", workers=1)
    whole = tree(tmp_path / "1")
    assert len(whole) == 40_001
    for workers in (2, 5):
        expand(src, tmp_path / str(workers), workers=workers)
        assert tree(tmp_path / str(workers)) == whole
    out = tmp_path / "killed"
    for count in (2_500, 5_000, 5_000):
        done = signalled.run("SIGKILL", count, src, out, "--workers", 2, "--quiet")
        assert done.returncode == -signal.SIGKILL
    assert expand(src, out, workers=2).summary.made < 40_000
    assert tree(out) == whole
    assert verify(out, LocalEngine(2)).problems == []


def test_hugging_face_reads_the_manifest(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    datasets = pytest.importorskip(
        "datasets", reason="needs Hugging Face datasets (pip install datasets)"
    )
    expand(many(class_folder, 30), tmp_path / "out", workers=1)
    rows = datasets.load_dataset("imagefolder", data_dir=str(tmp_path / "out"))["train"]
    assert len(rows) == 120
    assert rows[5]["label"] == "ant"
    assert set(rows[5]["params"]) == {"flip", "rotate", "translate", "scale", "noise"}
    assert rows[5]["image"].size == (rows[5]["width"], rows[5]["height"])


def test_memory_does_not_grow_with_the_number_of_images(
    class_folder: Folder, tmp_path: Path
) -> None:
    peaks = []
    for count in (500, 8_000):
        src = many(class_folder, count, f"src{count}")
        process = subprocess.Popen(
            [*COMMAND, str(src), str(tmp_path / f"out{count}"), "--workers", "1", "--quiet"]
        )
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0
        peaks.append(usage.ru_maxrss)
    assert peaks[1] < peaks[0] * 1.1


def test_memory_does_not_grow_with_the_number_of_names_in_one_folder(
    class_folder: Folder, tmp_path: Path
) -> None:
    images = sorted(many(class_folder, 40).rglob("*.png"))
    peaks = []
    for count in (1_000, 100_000):
        folder = tmp_path / f"src{count}" / "cat"
        folder.mkdir(parents=True)
        for number in range(count):  # file systems allow a file some 65,000 names
            os.link(images[number % len(images)], folder / f"IMG_{number * 7919 % 100_003:06d}.PNG")
        command = [*COMMAND, "plan", str(folder.parent), str(tmp_path / "out")]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0
        peaks.append(usage.ru_maxrss)
    assert peaks[1] < peaks[0] * 1.1


@pytest.mark.parametrize(
    "kind", ["masks", "voc", "voc-folders", "table", "metadata.csv", "metadata.jsonl", "yolo"]
)
def test_memory_of_a_plan_does_not_grow_with_the_number_of_labelled_images(
    kind: str, tmp_path: Path
) -> None:
    peaks = []
    for count in (2_000, 40_000):  # file systems allow a file some 65,000 names
        src = draw_many(kind, tmp_path / f"src{count}", count)
        command = [*COMMAND, "plan", str(src), str(tmp_path / "out")]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0
        peaks.append(usage.ru_maxrss)
    assert peaks[1] < peaks[0] * 1.15


def test_memory_does_not_grow_with_what_is_added_to_a_coco_file(tmp_path: Path) -> None:
    src, ring = tmp_path / "src", [0.123456 + (i % 7) / 10 for i in range(80)]
    (src / "train").mkdir(parents=True)
    images = [{"id": i, "file_name": f"{i}.png", "width": 4, "height": 4} for i in range(1_000)]
    for image in images:
        cv2.imwrite(str(src / "train" / str(image["file_name"])), np.eye(4) * 255)
    box = {"bbox": [0, 0, 4, 4], "category_id": 1, "segmentation": [[0, 0, 4, 0, 4, 4, *ring]]}
    annotations = [{"id": i, "image_id": i % 1_000, "note": ring, **box} for i in range(4_000)]
    text = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "cat"}]}
    (src / "train.json").write_text(json.dumps(text))
    peaks, sizes = [], []
    for factor in (2, 14):
        out = tmp_path / f"out{factor}"
        command = [*COMMAND, str(src), str(out), "--factor", str(factor), "--recipe", "detect"]
        process = subprocess.Popen([*command, "--workers", "1", "--quiet"])
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0
        peaks.append(usage.ru_maxrss)
        sizes.append((out / "train.json").stat().st_size)
    assert sizes[1] > sizes[0] + 60_000_000
    assert peaks[1] < peaks[0] * 1.15


def draw_many(kind: str, src: Path, count: int) -> Path:
    """Draw a labelled dataset of so many images of 4×4 pixels, of which all files are two."""
    names = [f"IMG_{number * 7919 % 100_003:06d}" for number in range(count)]
    source = src.parent / f"{src.name}.files"
    source.mkdir()

    def link(name: str, data: bytes, folder: str) -> None:
        """Write a file for each image, under the name of the image."""
        (source / name).write_bytes(data)
        (src / folder).mkdir(parents=True)
        for each in names:
            os.link(source / name, src / folder / f"{each}{Path(name).suffix}")

    def png(pixels: np.ndarray) -> bytes:
        """Return the bytes of a PNG file."""
        return cv2.imencode(".png", pixels.astype(np.uint8))[1].tobytes()

    image = {"masks": "images", "voc": "JPEGImages", "voc-folders": "train/images"}
    image |= {"table": "photos", "yolo": "images/train"}
    link("image.png", png(np.arange(48).reshape(4, 4, 3)), image.get(kind, "train"))
    if kind == "masks":
        link("mask.png", png(np.eye(4)), "masks")
    elif kind.startswith("voc"):
        box = "<xmin>1</xmin><ymin>1</ymin><xmax>3</xmax><ymax>3</ymax>"
        size = "<size><width>4</width><height>4</height><depth>3</depth></size>"
        text = f"<annotation>{size}<object><name>cat</name><bndbox>{box}</bndbox></object></annotation>"
        link("box.xml", text.encode(), "Annotations" if kind == "voc" else "train/Annotations")
    elif kind == "yolo":
        link("box.txt", b"0 0.5 0.5 0.5 0.5\n", "labels/train")
    lines = {
        "voc": ("ImageSets/Main/train.txt", "", "{name}\n"),
        "table": ("labels.csv", "image,xmin,ymin,xmax,ymax,label\n", "{name}.png,1,1,3,3,cat\n"),
        "metadata.csv": ("train/metadata.csv", "file_name,label\n", "{name}.png,cat\n"),
        "metadata.jsonl": ("train/metadata.jsonl", "", '{{"file_name": "{name}.png", "a": 1}}\n'),
        "yolo": ("train.txt", "", "./images/train/{name}.png\n"),
    }
    if kind in lines:
        file, heading, line = lines[kind]
        (src / file).parent.mkdir(parents=True, exist_ok=True)
        (src / file).write_text(heading + "".join(line.format(name=name) for name in names))
    if kind == "yolo":
        (src / "data.yaml").write_text("train: train.txt\nval: train.txt\nnames: [cat]\n")
    return src


@pytest.mark.parametrize("campaign", ["kills", "disks", "train-kills", "compare-kills"])
def test_whatever_is_killed_or_runs_out_of_room_ends_like_a_run_without_faults(
    campaign: str,
) -> None:
    command = [sys.executable, "-m", "benchmarks.faults", campaign, "--times", "5"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "not allowed here" in done.stderr:
        pytest.skip("mounting a small file system is not allowed here")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "TRACEBACK" not in done.stdout
    assert "HANG" not in done.stdout
