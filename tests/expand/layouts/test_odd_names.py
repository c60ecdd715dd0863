"""Odd names: every name that a file system allows goes the whole way, or is refused in words."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand import expand
from expand.job.checks.verify import verify
from expand.layouts.names import compose, fold
from tests.conftest import Folder, noise_image
from tests.expand.cli.test_command import call, run

NAMES = [
    " a  b ", "a'b\"c`d$e", "a\nb", "a\tb", "a\rb", "👨\u200d👩 猫", "-rf", "--help", "caf\u00e9", "cafe\u0301",
    "a..b", "a. ", "CON", "nul.png", "\u202egnp", "a\u200bb", "\x1b[31m", "*?[a]", "%s{}", "a\\b", "a:b", "a;b",
    "\ufeffx", "@x", "#x", "&x<y>", "a|b", "=1+1", "~x", "a,b", "x" * 240, "é" * 120, "\x7f", "0", "1e5", "null",
]  # fmt: skip
IMAGES = [noise_image(9, 9, 3, seed=seed) for seed in range(2)]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_goes_the_whole_way(name: str, class_folder: Folder, tmp_path: Path) -> None:
    files = [f"{name}/{name}.png", f"{name}/{name}/{name}.png", f"other/{name}.jpg"]
    src, out = class_folder(dict.fromkeys(files, IMAGES[0])), tmp_path / "out"
    report = expand(src, out, 2, workers=1)
    assert (report.status, report.summary.files) == (0, 6)
    assert verify(out).problems == []
    rows = [
        json.loads(line) for line in (out / "metadata.jsonl").read_text("utf-8").split("\n") if line
    ]
    assert {row["source"] for row in rows} == set(files)
    assert {row["label"] for row in rows} == {name, "other"}
    assert all((out / row["file_name"]).is_file() for row in rows)
    assert expand(src, out, 2, workers=1).summary.made == 0


def test_names_that_are_not_utf_8_are_bad_images(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder(
        {f"a/{os.fsdecode(name)}.png": IMAGES[0] for name in (b"good", b"caf\xe9", b"\xed\xa0\x80")}
    )
    done = call(src, tmp_path / "out", "--factor", 2)
    assert done.returncode == 1
    assert '    "a/caf\\udce9.png" has a name that is not UTF-8\n' in done.stdout
    assert '"a/\\udced\\udca0\\udc80.png" has a name that is not UTF-8' in done.stdout


def test_folders_whose_names_are_like_options_can_be_given(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_folder({"a/1.png": IMAGES[0]}, "-x")
    monkeypatch.chdir(tmp_path)
    assert run("--factor", 2, "--", "-x", "--out").exception is None
    assert run("./-x", "./-y", "--factor", 2).exception is None
    assert (tmp_path / "--out/a/1_v1.png").read_bytes() == (tmp_path / "-y/a/1_v1.png").read_bytes()


@given(st.text(), st.text())
def test_names_that_are_folded_alike_are_one_name_elsewhere(one: str, other: str) -> None:
    assert fold(one) == fold(fold(one))
    assert fold(compose(one)) == fold(one)
    assert (fold(one) == fold(other)) >= (compose(one) == compose(other))
