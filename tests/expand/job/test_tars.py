"""The output webdataset: the images of a folder run in tars, the same bytes always, resumed and grown."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from expand import ExpandError, expand
from expand.archives.index import Index
from expand.archives.names import INDEX
from expand.archives.samples import Sample, read_samples
from expand.cli.commands.run import run
from expand.cli.messages.finished import format_report
from expand.cli.settings import settings_for
from expand.engines.choose import RayOptions, make_ray_engine
from expand.images.decoder import decode
from expand.images.encoder import encode
from expand.images.formats import Encoding
from expand.job.blocks.keys import block_of
from expand.job.checks.verify import verify
from tests.conftest import Folder, noise_image, tree


def jpegs(class_folder: Folder, count: int = 24, name: str = "src") -> Path:
    """Return a folder of `count` JPEG images in three classes, of two sizes."""
    files: dict[str, object] = {
        f"{('ant', 'bee/young', 'cat')[n % 3]}/{n:03d}.jp{'e' * (n % 2)}g": encode(
            noise_image(14 + n % 2, 11, 3, seed=n), Encoding("JPEG", 90, sampling=0)
        )
        for n in range(count)
    }
    return class_folder(files, name)


def make(src: Path, out: Path, factor: int = 3, **options: object) -> Path:
    """Expand to tars of about 10 samples."""
    settings: dict[str, object] = {"output": "webdataset", "shard_size": 30_000, "workers": 1}
    expand(src, out, factor=factor, **{**settings, **options})  # type: ignore[arg-type]
    return out


def samples(out: Path) -> list[Sample]:
    """Return the samples of all tars, in the order of the index."""
    index = Index.parse((out / INDEX).read_bytes())
    return [
        sample
        for tar in index.tars
        for sample in read_samples(io.BytesIO((out / tar.file).read_bytes()))
    ]


def test_tars_have_the_images_and_rows_of_a_folder_run(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = jpegs(class_folder)
    out = make(src, tmp_path / "out")
    expand(src, tmp_path / "folder", factor=3, workers=1)
    found = samples(out)
    folder = tree(tmp_path / "folder")
    assert {sample.row["file_name"]: sample.image for sample in found} == {
        name: data for name, data in folder.items() if name != "metadata.jsonl"
    }
    assert len({str(sample.key) for sample in found}) == len(found) == 72
    assert (out / "metadata.jsonl").read_bytes() == folder["metadata.jsonl"]
    classes = Index.parse((out / INDEX).read_bytes()).classes
    assert classes == ("ant", "bee", "cat")
    for sample in found:
        assert sample.label is not None
        assert sample.row["label"] == classes[sample.label]
        assert sample.extension == "jpg"


def test_there_is_a_tar_for_each_block_and_view_without_gaps(
    class_folder: Folder, tmp_path: Path
) -> None:
    out = make(jpegs(class_folder), tmp_path / "out")
    index = Index.parse((out / INDEX).read_bytes())
    assert index.blocks > 2
    assert [(tar.block, tar.view) for tar in index.tars] == [
        (block, view) for block in range(index.blocks) for view in range(3)
    ]
    assert min(tar.count for tar in index.tars) > 0
    for sample in samples(out):
        assert sample.key.block == block_of(sample.row["source"], index.blocks)
        assert sample.key.view == sample.row["view"]
    assert {path.name for path in out.iterdir()} == {
        *(tar.file for tar in index.tars),
        "expand.json",
        "index.json",
        "metadata.jsonl",
    }


@pytest.mark.slow
def test_the_bytes_do_not_depend_on_workers(class_folder: Folder, tmp_path: Path) -> None:
    src = jpegs(class_folder)
    one, two, four = (make(src, tmp_path / f"out{n}", workers=n) for n in (1, 2, 4))
    assert tree(one) == tree(two) == tree(four)


def test_growing_adds_tars_and_leaves_the_others(class_folder: Folder, tmp_path: Path) -> None:
    src = jpegs(class_folder)
    out = make(src, tmp_path / "out", factor=2)
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.tar")}
    make(src, out, factor=4)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert tree(out) == tree(make(src, tmp_path / "fresh", factor=4))


def test_a_second_run_writes_nothing(class_folder: Folder, tmp_path: Path) -> None:
    src = jpegs(class_folder)
    out = make(src, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.tar")}
    report = expand(src, out, factor=3, workers=1, output="webdataset", shard_size=30_000)
    assert (report.summary.made, report.summary.files) == (0, 72)
    assert {path: path.stat().st_mtime_ns for path in out.glob("*.tar")} == before


@pytest.mark.parametrize("damage", ["remove", "cut", "at a sample"])
def test_a_tar_that_is_missing_or_cut_off_is_made_again(
    class_folder: Folder, tmp_path: Path, damage: str
) -> None:
    src = jpegs(class_folder)
    out = make(src, tmp_path / "out")
    whole = tree(out)
    tar = out / "000001-1.tar"
    if damage == "remove":
        tar.unlink()
    elif damage == "cut":
        tar.write_bytes(tar.read_bytes()[:-600])
    else:
        data = tar.read_bytes()
        first = next(iter(samples(out))).to_members()
        tar.write_bytes(data[: len(first)] + bytes(1024))
    make(src, out)
    assert tree(out) == whole


def test_a_changed_source_changes_its_block_only(class_folder: Folder, tmp_path: Path) -> None:
    src = jpegs(class_folder)
    out = make(src, tmp_path / "out")
    before = tree(out)
    changed = src / "cat" / "002.jpg"
    changed.write_bytes(encode(noise_image(14, 11, 3, seed=99), Encoding("JPEG", 90, sampling=0)))
    make(src, out)
    blocks = Index.parse((out / INDEX).read_bytes()).blocks
    differing = {name for name, data in tree(out).items() if data != before[name]}
    block = block_of("cat/002.jpg", blocks)
    tars = {f"{block:06d}-{view}.tar" for view in range(3)}
    assert differing == tars | {"index.json", "metadata.jsonl"}
    assert tree(out) == tree(make(src, tmp_path / "fresh"))


def test_a_new_source_is_added_and_one_that_is_gone_is_refused(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = jpegs(class_folder)
    out = make(src, tmp_path / "out")
    (src / "cat" / "zzz.jpg").write_bytes((src / "cat" / "002.jpg").read_bytes())
    make(src, out)
    assert len(samples(out)) == 75
    (src / "cat" / "zzz.jpg").unlink()
    with pytest.raises(ExpandError, match="no longer has"):
        make(src, out)


def test_a_bad_source_is_left_out_until_it_is_mended(class_folder: Folder, tmp_path: Path) -> None:
    src = jpegs(class_folder)
    whole = tree(make(src, tmp_path / "whole"))
    good = (src / "ant" / "000.jpg").read_bytes()
    (src / "ant" / "000.jpg").write_bytes(good[:200])
    out = tmp_path / "out"
    settings = dict(factor=3, workers=1, output="webdataset", shard_size=30_000)
    for _ in range(2):  # it is tried again, and nothing is written again
        report = expand(src, out, **settings)  # type: ignore[arg-type]
        assert (report.status, len(samples(out))) == (1, 69)
        assert [bad.source for bad in report.summary.bad] == ["ant/000.jpg"]
    assert report.summary.made == 0
    (src / "ant" / "000.jpg").write_bytes(good)
    make(src, out)
    assert tree(out) == whole


def test_strict_stops_at_a_bad_source(class_folder: Folder, tmp_path: Path) -> None:
    src = jpegs(class_folder)
    (src / "ant" / "000.jpg").write_bytes(b"\xff\xd8\xff" * 100)
    with pytest.raises(ExpandError, match=r"ant/000.jpg.*--strict"):
        make(src, tmp_path / "out", strict=True)
    assert not list((tmp_path / "out").glob("*.part"))


def test_images_without_labels_have_no_class(class_folder: Folder, tmp_path: Path) -> None:
    src = jpegs(class_folder) / "ant"
    out = make(src, tmp_path / "out")
    assert {sample.label for sample in samples(out)} == {None}
    assert Index.parse((out / INDEX).read_bytes()).classes == ()
    make(src, out)


def test_originals_can_be_left_out(class_folder: Folder, tmp_path: Path) -> None:
    out = make(jpegs(class_folder), tmp_path / "out", originals="none")
    assert {sample.key.view for sample in samples(out)} == {1, 2}


def test_a_format_makes_one_of_several(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder(8)
    with pytest.raises(ExpandError, match=r"8 \.jpg.*8 \.png.*--format|8 \.png.*8 \.jpg.*--format"):
        make(src, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    out = make(src, tmp_path / "out", format="png")
    for sample in samples(out):
        assert sample.image.startswith(b"\x89PNG")
        assert sample.row["file_name"].endswith(".png")
        if sample.key.view == 0:
            original = decode((src / sample.row["source"]).read_bytes())
            assert decode(sample.image).pixels.tobytes() == original.pixels.tobytes()
    whole = tree(out)
    make(src, out, format="png")
    assert tree(out) == whole


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"balance": "max"}, "--balance gives images different numbers of views"),
        ({"originals": "link"}, "--originals link cannot be used"),
        ({"shard_size": 10}, "--tar-size must be"),
        ({"output": "zip"}, "--output must be"),
        ({"output": "folder"}, "--tar-size needs --output webdataset"),
    ],
)
def test_what_does_not_go_together_is_refused(
    class_folder: Folder, tmp_path: Path, options: dict[str, object], message: str
) -> None:
    with pytest.raises(ExpandError, match=message):
        make(jpegs(class_folder), tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "size"), [(["--tar-size", "2MB"], 2_000_000), (["--shard-size", "30kB"], 30_000)]
)
def test_the_size_of_a_tar_has_its_earlier_name_too(options: list[str], size: int) -> None:
    line = ["photos", "bigger", "--output", "webdataset", *options]
    given = run.make_context("run", line).params
    assert settings_for(given, "classic").shard_size == size


def test_another_form_of_output_is_refused_with_what_differs(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = jpegs(class_folder)
    make(src, tmp_path / "out")
    with pytest.raises(ExpandError, match="--output was webdataset, is folder"):
        expand(src, tmp_path / "out", factor=3)
    expand(src, tmp_path / "folder", factor=3, workers=1)
    with pytest.raises(ExpandError, match="--output was folder, is webdataset"):
        make(src, tmp_path / "folder")


def test_a_new_class_is_refused_because_numbers_would_change(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = jpegs(class_folder)
    out = make(src, tmp_path / "out")
    (src / "bat").mkdir()
    (src / "bat" / "1.jpg").write_bytes((src / "cat" / "002.jpg").read_bytes())
    with pytest.raises(ExpandError, match='class "bat" is new'):
        make(src, out)


def test_labelled_layouts_are_refused(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder({"images/1.jpg": noise_image(9, 9, 3), "labels/1.txt": b"0 .5 .5 .2 .2\n"})
    with pytest.raises(ExpandError, match="--output webdataset takes class folders") as error:
        make(src, tmp_path / "out", layout="yolo-detect")
    assert "name one part" not in str(error.value)  # a part of it has no class folders
    parts = class_folder({f"{part}/a/1.jpg": noise_image(9, 9, 3) for part in ("train", "val")})
    with pytest.raises(ExpandError, match=r'or name one part: ".*train"'):
        make(parts, tmp_path / "out", layout="split-folders")


def test_overwrite_removes_tars_and_nothing_else(class_folder: Folder, tmp_path: Path) -> None:
    src = jpegs(class_folder)
    out = make(src, tmp_path / "out", factor=4)
    (out / "ant").mkdir()
    (out / "ant" / "000.jpg").write_text("of the user")
    make(src, out, factor=2, overwrite=True)
    assert (out / "ant" / "000.jpg").read_text() == "of the user"
    assert sorted({path.stem[-1] for path in out.glob("*.tar")}) == ["0", "1"]


@pytest.mark.slow
def test_a_killed_run_ends_like_one_never_killed(class_folder: Folder, tmp_path: Path) -> None:
    src = jpegs(class_folder, 300)
    whole = tree(make(src, tmp_path / "whole", factor=6))
    options = ["--factor", "6", "--output", "webdataset", "--tar-size", "30kB", "-q"]
    command = [sys.executable, "-m", "expand", src, tmp_path / "out", *options, "--workers", "2"]
    kills = 0
    for _ in range(30):
        process = subprocess.Popen(command)
        while process.poll() is None and len(list((tmp_path / "out").glob("*.tar"))) < 40 * kills:
            time.sleep(0.002)
        if kills < 4 and process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        if process.wait() == 0:
            break
    assert kills > 1
    assert tree(tmp_path / "out") == whole
    card = json.loads((tmp_path / "out" / "expand.json").read_text())
    assert card["state"] == "finished"
    assert card["archives"]["classes"] == ["ant", "bee", "cat"]


@pytest.mark.slow
def test_ray_writes_the_tars_of_local_workers(class_folder: Folder, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    src = jpegs(class_folder)
    engine = make_ray_engine(2, RayOptions())
    out = make(src, tmp_path / "ray", workers=None, engine=engine)
    assert tree(out) == tree(make(src, tmp_path / "local"))


def test_a_block_of_bad_images_has_empty_tars_and_is_named(
    class_folder: Folder, tmp_path: Path
) -> None:
    src = jpegs(class_folder)
    blocks = json.loads((make(src, tmp_path / "out") / INDEX).read_text())["blocks"]
    for path in src.rglob("*.jp*g"):
        if block_of(path.relative_to(src).as_posix(), blocks) == 0:
            path.write_bytes(b"\xff\xd8\xff" * 100)
    out = tmp_path / "bad"
    report = expand(src, out, factor=3, workers=1, output="webdataset", shard_size=30_000)
    index = Index.parse((out / INDEX).read_bytes())
    assert index.blocks == blocks
    assert [tar.count for tar in index.of_block(0)] == [0, 0, 0]
    assert verify(out).status == 0
    assert "3 tars without an image (000000-0.tar)" in format_report(report)
