"""Class folders: sources in order, counted, with names that cannot collide."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand import ExpandError, expand
from expand.layouts.class_folders import list_sources
from expand.layouts.names import copy_name, split_suffix
from expand.records.manifest import order
from tests.conftest import Folder, noise_image
from tests.expand.cli.test_command import call

IMAGE = noise_image(4, 4, 3)


def test_sources_come_sorted_by_path_with_their_class(class_folder: Folder) -> None:
    names = [
        "b/2.png",
        "b/10.png",
        "b/x/1.png",
        "b/x.png",
        "a/ü ä.jpg",
        "a/sub/deep/1.webp",
        "B2/1.TIF",
        "a/A.PNG",
    ]
    root = class_folder(dict.fromkeys(names, IMAGE))
    sources = list(list_sources(root))
    assert [source.id for source in sources] == sorted(names, key=order)
    assert {source.label for source in sources} == {"a", "b", "B2"}
    assert all(source.size == (root / source.id).stat().st_size for source in sources)


def test_files_that_are_no_image_of_a_class_are_ignored_and_counted(class_folder: Folder) -> None:
    root = class_folder(
        {
            "a/1.png": IMAGE,
            "a/notes.txt": b"x",
            "a/.hidden.png": b"x",
            ".git/1.png": b"x",
            "loose.png": IMAGE,
            "readme.md": b"",
        }
    )
    summary = list_sources(root).summary
    assert dict(summary.labels) == {"a": 1}
    assert (summary.hidden, summary.foreign, summary.unlabelled) == (2, 2, 1)
    assert summary.bytes == (root / "a/1.png").stat().st_size


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "has no class folders"),
        ({"loose.png": IMAGE}, "has no class folders"),
        ({"a/readme.md": b""}, "has no images in its folders"),
    ],
)
def test_nothing_to_expand_is_refused(
    files: dict[str, object], message: str, class_folder: Folder
) -> None:
    with pytest.raises(ExpandError, match=message):
        list_sources(class_folder(files))


def test_a_missing_folder_and_a_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExpandError, match="does not exist"):
        list_sources(tmp_path / "nowhere")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExpandError, match="is a file; a folder is needed. Unpack an archive first"):
        list_sources(tmp_path / "file")


@pytest.mark.parametrize(
    ("names", "format_"),
    [
        (["a/A.png", "a/a.png"], "keep"),
        (["a/1.png", "A/1.png"], "keep"),
        (["a/X/1.png", "a/x/1.png", "b/1.png"], "keep"),
        (["a/1.png", "a/1_v1.png"], "keep"),
        (["a/1.png", "a/1_V3.png"], "keep"),
        (["a/1.jpg", "a/1.JPG"], "keep"),
        (["a/1.jpg", "a/1.jpg.png"], "png"),
        (["a/1.png", "a/1_a/x.png", "a/1_v1.png"], "keep"),  # a folder sorted between the two
        (["a/A.png", "a/B/x.png", "a/a.png"], "keep"),
    ],
)
def test_sources_whose_files_would_have_one_name_are_refused(
    names: list[str], format_: str, class_folder: Folder
) -> None:
    with pytest.raises(ExpandError, match="would give files of one name"):
        list_sources(class_folder(dict.fromkeys(names, IMAGE)), 4, format_)


@pytest.mark.parametrize("format_", ["keep", "png", "jpg", "webp"])
def test_stems_alone_never_collide(format_: str, class_folder: Folder) -> None:
    names = [
        "a/1.png",
        "a/1.jpg",
        "a/1.jpeg",
        "a/1.webp",
        "a/1.tif",
        "a/1.tiff",
        "b/1.png",
        "a/1_v4.png",
        "a/1_v.png",
    ]
    assert len(list_sources(class_folder(dict.fromkeys(names, IMAGE)), 4, format_)) == len(names)
    files = [copy_name(name, k, format_).casefold() for name in names for k in range(1, 4)] + names
    assert len(set(files)) == len(files)


@pytest.mark.parametrize(
    ("source", "format_", "name"),
    [
        ("cat/3.png", "keep", "cat/3_v2.png"),
        ("cat/3.JPEG", "keep", "cat/3_v2.JPEG"),
        ("cat/3.JPEG", "jpg", "cat/3_v2.JPEG"),
        ("cat/3.bmp", "jpg", "cat/3.bmp_v2.jpg"),
        ("cat.d/a.b.png", "webp", "cat.d/a.b.png_v2.webp"),
    ],
)
def test_the_name_of_a_copy(source: str, format_: str, name: str) -> None:
    assert copy_name(source, 2, format_) == name


@given(st.text(min_size=1).filter(lambda text: "/" not in text))
def test_a_suffix_splits_as_pathlib_splits_it(name: str) -> None:
    stem, suffix = split_suffix(name)
    assert stem + suffix == name
    if not name.startswith(".") and not name.endswith("."):
        assert (stem, suffix) == (str(Path(name).with_suffix("")), Path(name).suffix)


def test_links_are_followed_but_not_in_circles(class_folder: Folder, tmp_path: Path) -> None:
    elsewhere = class_folder({"1.png": IMAGE}, name="elsewhere")
    root = class_folder({"a/1.png": IMAGE})
    (root / "b").symlink_to(elsewhere)
    (root / "a" / "2.png").symlink_to(elsewhere / "1.png")
    assert [source.id for source in list_sources(root)] == ["a/1.png", "a/2.png", "b/1.png"]
    (root / "a" / "up").symlink_to(root)
    with pytest.raises(ExpandError, match="is a link to a folder that it lies in"):
        list_sources(root)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_refused(class_folder: Folder) -> None:
    root = class_folder({"a/1.png": IMAGE, "b/1.png": IMAGE})
    (root / "b").chmod(0)
    try:
        with pytest.raises(ExpandError, match="cannot be read"):
            list_sources(root)
    finally:
        (root / "b").chmod(0o755)


def test_each_directory_is_read_once(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = class_folder({f"{label}/x/{i}.png": IMAGE for label in "abc" for i in range(3)})
    out = tmp_path / "out"
    scandir, read = os.scandir, Counter[str]()

    def count(path: str | os.PathLike[str]) -> object:
        read[os.fspath(path)] += 1
        return scandir(path)

    monkeypatch.setattr(os, "scandir", count)
    once = {str(root): 1} | {
        str(root / name): 1 for label in "abc" for name in (label, f"{label}/x")
    }
    for factor, made in ((2, 18), (2, 0), (3, 9)):  # a fresh run, a second one, and a larger factor
        read.clear()
        assert expand(root, out, factor, workers=1).summary.made == made
        assert {path: n for path, n in read.items() if Path(path).is_relative_to(root)} == once


def test_links_that_lead_nowhere_and_things_that_are_no_files_are_bad_and_never_opened(
    class_folder: Folder, tmp_path: Path
) -> None:
    root = class_folder({"a/1.png": IMAGE, "b/2.png": IMAGE})
    (root / "a/gone.png").symlink_to(tmp_path / "nowhere")
    (root / "a/me.png").symlink_to(root / "a/me.png")
    (root / "b/gone").symlink_to(tmp_path / "nowhere")
    (root / "b/x.png").mkdir()
    os.mkfifo(root / "a/pipe.png")
    os.mkfifo(root / "b/pipe")
    device = root / "b/device.png"
    device.symlink_to("/dev/zero")
    listing = list_sources(root)
    names = ["a/1.png", "a/gone.png", "a/me.png", "a/pipe.png", "b/2.png", "b/device.png"]
    assert [source.id for source in listing] == names
    assert listing.summary.foreign == 2
    report = expand(root, tmp_path / "out", 2, workers=1)
    assert {bad.source: bad.reason for bad in report.summary.bad}.keys() == {
        "a/gone.png",
        "a/me.png",
        "a/pipe.png",
        "b/device.png",
    }
    assert report.status == 1


def test_what_systems_add_is_hidden_at_every_level(class_folder: Folder) -> None:
    names = [
        "__MACOSX/a/._1.png",
        "a/@eaDir/1.png/thumb.png",
        "a/._1.png",
        "a/.ipynb_checkpoints/1.png",
        "a/1.png",
        "lost+found/1.png",
        "System Volume Information/1.png",
        "Thumbs.db",
        "a/desktop.ini",
        "a/.DS_Store",
    ]
    listing = list_sources(class_folder(dict.fromkeys(names, IMAGE)))
    assert [source.id for source in listing] == ["a/1.png"]
    assert not listing.summary.empty_classes
    assert listing.summary.hidden == 9


@pytest.mark.parametrize(
    "names",
    [
        ["a/caf\u00e9.png", "a/cafe\u0301.png"],
        ["caf\u00e9/1.png", "cafe\u0301/1.png"],
        ["CAF\u00c9/1.png", "cafe\u0301/1.png"],
        ["a/stra\u00dfe/1.png", "a/STRASSE/1.png", "b/1.png"],
    ],
)
def test_names_that_differ_in_how_accents_are_encoded_are_refused(
    names: list[str], class_folder: Folder
) -> None:
    with pytest.raises(ExpandError, match="ignores case and how accents are encoded"):
        list_sources(class_folder(dict.fromkeys(names, IMAGE)))


def test_class_folders_that_come_to_nothing_are_named(class_folder: Folder, tmp_path: Path) -> None:
    root = class_folder(
        {
            "a/1.png": IMAGE,
            "phone/1.heic": b"x",
            "phone/2.HEIC": b"x",
            "phone/deep/t.txt": b"",
            "docs/readme.md": b"",
            "bad/1.png": b"x",
        }
    )
    (root / "empty/deep").mkdir(parents=True)
    (root / "hidden").mkdir()
    (root / "hidden/.x.png").touch()
    listing = list_sources(root)
    assert [each.sentence() for each in listing.summary.empty_classes] == [
        '"docs" has no image of a supported format, so it is not a class: it has 1 file (.md)',
        '"empty" is an empty folder, so it is not a class',
        '"hidden" is an empty folder, so it is not a class',
        '"phone" has no image of a supported format, so it is not a class: it has 3 files (.heic, .txt)',
    ]
    assert listing.summary.unread == {".heic": 2}
    shown = call(root, tmp_path / "out", "--factor", 2)
    assert shown.returncode == 1
    assert 'class "bad" is missing: none of its images could be used' in shown.stdout
    assert '  class "phone" has no image of a supported format' in shown.stdout
    assert "ignored: 1 hidden file, 2 other files, 2 .heic (not supported)" in shown.stdout
    planned = call("plan", root, tmp_path / "out")
    assert 'Note: class "empty" is an empty folder, so it is not a class' in planned.stdout
    card = json.loads((tmp_path / "out/expand.json").read_text())
    assert card["found"]["without_images"][-1] == {"class": "phone", "files": 3}


def test_an_empty_class_folder_alone_is_no_bad_input(class_folder: Folder, tmp_path: Path) -> None:
    root = class_folder({"a/1.png": IMAGE, "b/1.png": IMAGE})
    (root / "c").mkdir()
    assert expand(root, tmp_path / "out", 2, workers=1).status == 0
    (root / "c/notes.gif").touch()
    assert expand(root, tmp_path / "out", 2, workers=1).status == 1


@pytest.mark.parametrize("name", ["expand.json", "metadata.jsonl", "Expand.JSON"])
def test_a_class_with_the_name_of_a_record_is_refused(
    name: str, class_folder: Folder, tmp_path: Path
) -> None:
    root = class_folder({f"{name}/1.png": IMAGE, "b/1.png": IMAGE})
    with pytest.raises(ExpandError, match="has the name of a file that expand writes"):
        expand(root, tmp_path / "out", 2, workers=1)
    assert not (tmp_path / "out").exists()


def test_folders_deeper_than_the_stack_are_walked(class_folder: Folder) -> None:
    root = class_folder({"a/1.png": IMAGE})
    deep = "d/" * 1500
    folders = [root / "a" / deep[: 2 * depth] for depth in range(1, 1501)]
    try:
        for folder in folders:
            folder.mkdir()
        (folders[-1] / "x.png").touch()
        assert [source.id for source in list_sources(root)] == ["a/1.png", f"a/{deep}x.png"]
    finally:  # what removes temporary folders is recursive
        (folders[-1] / "x.png").unlink(missing_ok=True)
        for folder in reversed(folders):
            folder.rmdir()
