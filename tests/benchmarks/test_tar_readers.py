"""The readers of tars find what expand writes equal, and say what is wrong in anything else."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.environments import ROOT
from benchmarks.readers.readers import TAR_READERS
from expand import expand
from expand.archives.index import Index
from expand.archives.members import end
from tests.conftest import Folder
from tests.expand.job.test_tars import jpegs

READERS = {reader.script: reader for reader in TAR_READERS}


def read(script: str, src: Path, out: Path) -> tuple[int, dict[str, Any], str]:
    python = ROOT / READERS[script].environment.name / "bin" / "python"
    if not python.exists():
        pytest.skip("python -m benchmarks.readers --install makes the environments")
    status, line, said = READERS[script].run(str(python), [str(src), str(out), "3"])
    return status, json.loads(line) if line.startswith("{") else {}, said


def tars(src: Path, out: Path, **options: Any) -> Path:
    expand(src, out, 3, workers=1, output="webdataset", shard_size=30_000, **options)
    return out


@pytest.mark.slow
@pytest.mark.parametrize("script", READERS)
@pytest.mark.parametrize("kind", ["classes", "no labels", "png"])
def test_they_find_what_expand_writes_equal(
    class_folder: Folder, tmp_path: Path, script: str, kind: str
) -> None:
    src = jpegs(class_folder)
    (src / "ant" / "000.jpg").rename(src / "ant" / "v1.0.JPG")
    src = src / "ant" if kind == "no labels" else src
    out = tars(src, tmp_path / "out", format="png" if kind == "png" else "keep")
    status, found, said = read(script, src, out)
    assert (status, found.get("faults")) == (0, []), said


def cut(out: Path) -> None:
    """Cut a tar between two samples: readers do not notice, the number of samples tells."""
    tar = out / "000001-1.tar"
    first = 512 * 3 + sum(-(-size // 512) * 512 for size in _sizes(tar)[:3])
    tar.write_bytes(tar.read_bytes()[:first] + end(first))


def _sizes(tar: Path) -> list[int]:
    with tarfile.open(tar) as archive:
        return [member.size for member in archive.getmembers()]


def flip(out: Path) -> None:
    tar = out / "000001-1.tar"
    data = bytearray(tar.read_bytes())
    data[512 + 300] ^= 1
    tar.write_bytes(data)


def swap(out: Path) -> None:
    """Give the classes another order."""
    text = (out / "index.json").read_bytes()
    index = Index.parse(text)
    values = {**vars(index), "classes": index.classes[::-1]}
    (out / "index.json").write_bytes(Index(*[*values.values()][:5]).to_json())


@pytest.mark.slow
@pytest.mark.parametrize("script", READERS)
@pytest.mark.parametrize(("spoil", "words"), [(cut, "samples"), (flip, "image"), (swap, "class")])
def test_they_say_what_is_wrong(
    class_folder: Folder,
    tmp_path: Path,
    script: str,
    spoil: Callable[[Path], None],
    words: str,
) -> None:
    src = jpegs(class_folder)
    out = tars(src, tmp_path / "out")
    spoil(out)
    status, found, said = read(script, src, out)
    assert status, said
    assert words in str(found)


@pytest.mark.slow
def test_hugging_face_reads_a_folder_with_a_manifest_in_parquet(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = jpegs(class_folder)
    expand(src, tmp_path / "out", 3, workers=1, manifest="parquet")
    python = ROOT / READERS["tars.datasets"].environment.name / "bin" / "python"
    if not python.exists():
        pytest.skip("python -m benchmarks.readers --install makes the environments")
    program = (
        "import os, sys, tempfile; os.environ['HF_HOME'] = tempfile.mkdtemp(); "
        "os.environ['HF_DATASETS_OFFLINE'] = '1'; from datasets import load_dataset; "
        "d = load_dataset('imagefolder', data_dir=sys.argv[1], split='train'); "
        "print(len(d), sorted(set(d['label'])), sum(1 for row in d if row['image'].size))"
    )
    done = subprocess.run(
        [python, "-c", program, tmp_path / "out"], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "72 ['ant', 'bee', 'cat'] 72", done.stderr
