"""Datasets whose images are inside other files, which are to be unpacked first."""

from __future__ import annotations

import os
import re
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.directory import read_directory

ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2", ".7z", ".rar")
RECORDS = {
    ".tfrecord": "TFRecord",
    ".tfrecords": "TFRecord",
    ".h5": "HDF5",
    ".hdf5": "HDF5",
    ".mdb": "LMDB",
    ".lmdb": "LMDB",
    ".parquet": "Parquet",
    ".arrow": "Arrow",
    ".npz": "NumPy",
    ".npy": "NumPy",
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".mat": "MATLAB",
    ".rec": "RecordIO",
    ".beton": "FFCV",
    ".mds": "MosaicML",
    ".nii": "NIfTI",
    ".mha": "MetaImage",
    ".nrrd": "NRRD",
}
"""Files that hold images, by suffix."""
FETCHED = (
    (re.compile(r"(train|t10k)-(images|labels)[-.]idx\d-ubyte(\.gz)?"), "MNIST or FashionMNIST"),
    (re.compile(r"(data_batch|test_batch)(_\d)?(\.bin|\.mat)?"), "CIFAR10"),
)
"""Files of datasets that `expand fetch` writes as class folders."""
TFRECORD = re.compile(r".+-\d{5}-of-\d{5}")
DEPTH, FOLDERS = 3, 16


def describe_packed(root: Path) -> str:
    """Say which files below a folder can hold its images, and what to do; "" if there are none."""
    level = [""]
    for _ in range(DEPTH):
        below: list[str] = []
        for path in level[:FOLDERS]:
            try:
                directory = read_directory(os.path.join(root, path))
            except ExpandError:
                continue
            for name in directory.others:
                if said := _describe(name):
                    return f'it has "{path}{name}". {said}'
            below += [f"{path}{name}/" for name in directory.folders]
        level = below
    return ""


def _describe(name: str) -> str:
    lower = name.lower()
    for pattern, title in FETCHED:
        if pattern.fullmatch(lower):
            return f"To download this dataset as class folders: expand fetch NAME FOLDER ({title})"
    if lower.endswith(ARCHIVES):
        return "Archives are not read: unpack it into a folder first"
    suffix = os.path.splitext(lower.removesuffix(".gz"))[1]  # noqa: PTH122  # of a name
    kind = RECORDS.get(suffix, "TFRecord" if TFRECORD.fullmatch(lower) else "")
    if not kind:
        return ""
    return f"Images inside {kind} files are not read: write them as image files first"
