"""`expand split`: what lies where afterwards, and what is refused or left out."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from expand import expand
from expand.cli.command import command
from expand.errors import ExpandError
from expand.layouts.recognition.recognise import recognise
from expand.splitting import split as module
from expand.splitting.plan import SplitSettings, plan_split
from expand.splitting.split import split
from tests.conftest import Folder, noise_image, tree
from train.data.folders.listing import list_folder

PARTS = ("train", "val", "test")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, ["split", *map(str, arguments)], standalone_mode=False)


def status(result: Result) -> int:
    return getattr(result.exception, "status", result.return_value or 0)  # type: ignore[attr-defined,no-any-return]


def many(class_folder: Folder, count: int = 20) -> Path:
    return class_folder(
        {f"{c}/{n:02}.png": f"{c}{n}".encode() for c in ("cat", "dog") for n in range(count)}
    )


def names(out: Path, part: str) -> list[str]:
    return sorted(p.relative_to(out / part).as_posix() for p in (out / part).rglob("*.*"))


def test_each_image_lies_in_one_part_with_its_class(class_folder: Folder, tmp_path: Path) -> None:
    src, out = many(class_folder), tmp_path / "out"
    before = tree(src)
    result = run(src, out)
    assert result.exception is None
    assert re.search(r"cat +16 +2 +2\n", result.output)
    assert re.search(r"all images +32 +4 +4\n", result.output)
    found = {part: names(out, part) for part in PARTS}
    assert sorted(name for each in found.values() for name in each) == sorted(before)
    assert tree(src) == before
    for part, each in found.items():
        for name in each:
            assert (out / part / name).read_bytes() == before[name]
    record = json.loads((out / "split.json").read_text())
    assert record["state"] == "finished"
    assert record["classes"]["dog"] == {"train": 16, "val": 2, "test": 2}
    assert recognise(out).training == "train"
    assert len(list_folder(out / "train")) == 32


def test_the_seed_decides(class_folder: Folder, tmp_path: Path) -> None:
    src = many(class_folder)
    outs = [tmp_path / name for name in "abc"]
    for out, seed in zip(outs, (1, 1, 2), strict=True):
        assert run(src, out, "--seed", seed).exception is None
    first, again, other = map(tree, outs)
    assert first == again
    assert first.keys() != other.keys()


def test_groups_stay_together(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder(
        {f"{c}/p{n % 12:02}_{c}{n}.png": f"{c}{n}".encode() for c in "ab" for n in range(60)}
    )
    out = tmp_path / "out"
    result = run(src, out, "--group-by", r"(p\d+)_")
    assert result.exception is None
    assert "12 groups are kept whole" in result.output
    parts: dict[str, set[str]] = {}
    for part in PARTS:
        for name in names(out, part):
            parts.setdefault(name[2:5], set()).add(part)
    assert len(parts) == 12
    assert all(len(each) == 1 for each in parts.values())
    assert set().union(*parts.values()) == set(PARTS)


def test_images_without_a_group_are_counted_and_single(
    class_folder: Folder, tmp_path: Path
) -> None:
    result = run(many(class_folder), tmp_path / "out", "--group-by", r"(\d)[0-4]\.png")
    assert "20 images have no group by" in result.output
    refused = run(many(class_folder), tmp_path / "other", "--group-by", "(zebra)")
    assert status(refused) == 2
    assert "finds no group for any of 40 images" in str(refused.exception)
    assert not (tmp_path / "other").exists()


def test_equal_files_are_in_one_part(class_folder: Folder, tmp_path: Path) -> None:
    large = os.urandom(6000)
    files: dict[str, object] = {f"cat/{n:02}.png": large[:-1] + bytes([n]) for n in range(20)}
    files |= {f"dog/{n:02}.png": large[:-1] + bytes([n % 10]) for n in range(20)}
    out = tmp_path / "out"
    result = run(class_folder(files), out)
    assert "20 images have the bytes of another one" in result.output
    where = Counter[bytes]()
    for part in PARTS:
        where.update({(out / part / name).read_bytes()[-1:] for name in names(out, part)})
    assert set(where.values()) == {1}


def test_a_flat_folder_is_split_without_classes(class_folder: Folder, tmp_path: Path) -> None:
    src, out = class_folder({f"{n}.png": bytes([n]) for n in range(10)}), tmp_path / "out"
    result = run(src, out, "--parts", "a=0.7,b=0.3")
    assert result.exception is None
    assert "10 images; seed 0" in result.output
    assert (len(names(out, "a")), len(names(out, "b"))) == (7, 3)


def test_copies_stay_with_their_source(class_folder: Folder, tmp_path: Path) -> None:
    images = {
        f"{c}/{n}.png": noise_image(8, 8, 3, seed=n + 9 * ord(c)) for c in "ab" for n in range(5)
    }
    expanded, out = tmp_path / "expanded", tmp_path / "out"
    expand(class_folder(images), expanded, 3, workers=1)
    result = run(expanded, out, "--parts", "train=0.6,val=0.4")
    assert result.exception is None
    assert "30 images in 2 classes; 10 groups are kept whole" in result.output
    assert "the folder holds copies" in result.output
    for part, count in (("train", 18), ("val", 12)):
        found = names(out, part)
        assert len(found) == count
        sources = {re.sub(r"(_v\d)?\.png", "", name) for name in found}
        assert len(sources) * 3 == count


def test_links_take_no_space(class_folder: Folder, tmp_path: Path) -> None:
    src, out = many(class_folder), tmp_path / "out"
    assert run(src, out, "--originals", "link").exception is None
    for part in PARTS:
        for name in names(out, part):
            assert (out / part / name).samefile(src / name)


def test_the_same_command_resumes(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    src, whole, out = many(class_folder), tmp_path / "whole", tmp_path / "out"
    plan = plan_split(src, whole, SplitSettings())
    assert split(plan).made == 40
    left = iter(range(15))

    def killed() -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr(module.interrupts, "check", killed)
    with pytest.raises(KeyboardInterrupt):
        split(plan_split(src, out, SplitSettings()))
    monkeypatch.undo()
    (out / "train/.writing-0123456789abcdef-0.part").write_bytes(b"half")
    assert json.loads((out / "split.json").read_text())["state"] == "unfinished"
    assert split(plan_split(src, out, SplitSettings())).made == 25
    assert tree(out) == tree(whole)
    assert split(plan_split(src, out, SplitSettings())).made == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--seed", 1), "--seed was 0, is 1"),
        (("--originals", "link"), "--originals was copy, is link"),
        (
            ("--parts", "train=0.5,val=0.5"),
            "--parts was train=0.8,val=0.1,test=0.1, is train=0.5,val=0.5",
        ),
        (("--group-by", "(.)"), "--group-by was not given, is"),
    ],
)
def test_other_settings_into_a_split_are_refused(
    class_folder: Folder, tmp_path: Path, options: tuple[object, ...], words: str
) -> None:
    src, out = many(class_folder), tmp_path / "out"
    assert run(src, out).exception is None
    before = tree(out)
    if options[0] == "--group-by":
        options = ("--group-by", r"/(\d+)")
    refused = run(src, out, *options)
    assert status(refused) == 2
    assert words in str(refused.exception)
    assert tree(out) == before


def test_a_split_of_other_images_is_refused(class_folder: Folder, tmp_path: Path) -> None:
    src, out = many(class_folder), tmp_path / "out"
    assert run(src, out).exception is None
    (src / "cat/new.png").write_bytes(b"new")
    refused = run(src, out)
    assert status(refused) == 2
    assert "was split from other images" in str(refused.exception)


def test_what_cannot_be_split_is_refused(class_folder: Folder, tmp_path: Path) -> None:
    src = many(class_folder)
    full, rooted = tmp_path / "full", tmp_path / "rooted"
    full.mkdir()
    (full / "mine.txt").write_text("x")
    (rooted / "train/a").mkdir(parents=True)
    (rooted / "train/a/1.png").write_bytes(b"1")
    (rooted / "val/a").mkdir(parents=True)
    (rooted / "val/a/2.png").write_bytes(b"2")
    cases = [
        (run(src, src / "cat/out"), "lies inside the input"),
        (run(src, src), "is the input folder"),
        (run(src / "cat", src), "does not contain it"),
        (run(src, full), "is not empty and has no split.json"),
        (run(tmp_path / "none", tmp_path / "o"), "does not exist"),
        (run(rooted, tmp_path / "o"), "is a dataset in parts"),
        (run(full, tmp_path / "o"), "has no class folders"),
        (run(src, tmp_path / "o", "--seed", -1), "--seed must be 0"),
    ]
    for result, words in cases:
        assert status(result) == 2, words
        assert words in str(result.exception)
    assert not (tmp_path / "o").exists()
    assert sorted(os.listdir(full)) == ["mine.txt"]


def test_a_folder_with_nothing_but_what_file_managers_add_counts_as_empty(
    class_folder: Folder, tmp_path: Path
) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/.DS_Store").write_text("x")
    assert status(run(many(class_folder), tmp_path / "parts")) == 0


def test_tars_are_refused(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder({f"{label}/{n}.png": noise_image(8, 8, 3) for label in "ab" for n in "123"})
    expand(src, tmp_path / "tars", 2, workers=1, output="webdataset")
    result = run(tmp_path / "tars", tmp_path / "parts")
    assert status(result) == 2
    assert "split the folder that they were made from" in str(result.exception)


def test_too_few_images_are_refused_with_the_class(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder({"a/1.png": b"1", "a/2.png": b"2", "b/1.png": b"3", "b/2.png": b"4"})
    refused = run(src, tmp_path / "out")
    assert status(refused) == 2
    assert 'class "a" (and 1 more) has 2 images, too few for 3 parts' in str(refused.exception)


def test_a_bad_image_is_noted_and_the_rest_is_split(class_folder: Folder, tmp_path: Path) -> None:
    src, out = many(class_folder), tmp_path / "out"
    (src / "cat/broken.png").symlink_to(tmp_path / "nothing")
    os.mkfifo(src / "cat/pipe.png")
    (src / os.fsdecode(b"cat/\xff.png")).write_bytes(b"x")
    (src / "cat/notes.txt").write_text("x")
    (src / "empty").mkdir()
    for originals in ("copy", "link"):
        result = run(src, out / originals, "--originals", originals)
        assert status(result) == 1
        assert "3 images could not be used" in result.output
        assert '"cat/pipe.png" is not a regular file' in result.output
        assert '"cat/broken.png" cannot be read' in result.output
        assert "name that is not UTF-8" in result.output
        assert "left out: 1 file that is not an image" in result.output
        assert 'class "empty" is an empty folder' in result.output
        assert sum(len(names(out / originals, part)) for part in PARTS) == 40


def test_a_dry_run_writes_nothing(class_folder: Folder, tmp_path: Path) -> None:
    result = run(many(class_folder), tmp_path / "out", "--dry-run")
    assert "all images" in result.output
    assert not (tmp_path / "out").exists()


def test_many_classes_are_shown_in_part(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder(
        {f"{c:02}/{n}.png": f"{c} {n}".encode() for c in range(30) for n in range(4)}
    )
    result = run(src, tmp_path / "out")
    assert "… 10 more" in result.output
    assert len(json.loads((tmp_path / "out/split.json").read_text())["classes"]) == 30


def test_a_record_of_another_kind_is_refused(class_folder: Folder, tmp_path: Path) -> None:
    src, out = many(class_folder), tmp_path / "out"
    out.mkdir()
    for text in ("{", "[]", '{"settings": 1}'):
        (out / "split.json").write_text(text)
        refused = run(src, out)
        assert isinstance(refused.exception, ExpandError)
        assert "choose another folder" in str(refused.exception)
