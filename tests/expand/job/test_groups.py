"""Groups in a run: rows have them, and what gives none is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from expand import ExpandError, expand
from expand.cli.command import command
from expand.job.checks.verify import verify
from expand.records.manifest import read_rows
from expand.splitting.plan import SplitSettings, plan_split
from tests.conftest import Folder, noise_image, tree
from tests.expand.job.test_rules import table_of

PATIENT = r"(p\d)_"


def patients(class_folder: Folder) -> Path:
    return class_folder(
        {
            f"{label}/p{n}_{view}.png": noise_image(8, 8, 3, seed=10 * n + view + ord(label))
            for label in "ab"
            for n in range(4)
            for view in range(2)
        }
    )


def test_rows_have_the_group_of_their_source(class_folder: Folder, tmp_path: Path) -> None:
    src, out, plain = patients(class_folder), tmp_path / "out", tmp_path / "plain"
    line = ["--factor", "2", "--group-by", PATIENT, "--workers", "1"]
    assert CliRunner().invoke(command, [str(src), str(out), *line]).exit_code == 0
    expand(src, plain, 2, workers=1)
    rows = list(read_rows(out))
    assert {row["group"] for row in rows} == {"p0", "p1", "p2", "p3"}
    assert all(row["source"].split("/")[1].startswith(row["group"]) for row in rows)
    images = {name: data for name, data in tree(out).items() if name.endswith(".png")}
    assert images == {name: data for name, data in tree(plain).items() if name.endswith(".png")}
    assert not any("group" in row for row in read_rows(plain))
    assert verify(out).problems == []
    assert expand(src, out, 3, group_by=PATIENT, workers=1).summary.made == 16


def test_a_split_of_an_expanded_folder_keeps_its_groups(
    class_folder: Folder, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    expand(patients(class_folder), out, 2, group_by=PATIENT, workers=1)
    plan = plan_split(out, tmp_path / "parts", SplitSettings())
    assert len(plan.units.units) == 4


def test_a_column_of_a_table_is_the_group(tmp_path: Path) -> None:
    out = tmp_path / "out"
    expand(table_of(tmp_path, "left"), out, 2, group_by="label", workers=1)
    groups = {row["group"] for row in read_rows(out) if "group" in row}
    assert groups == {"left", "stop"}


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("(", "is not a regular expression"),
        ("patient", "captures no group"),
        ("(zebra)", "finds no group for any of 16 images"),
    ],
)
def test_what_gives_no_groups_is_refused(
    class_folder: Folder, tmp_path: Path, spec: str, words: str
) -> None:
    with pytest.raises(ExpandError) as refused:
        expand(patients(class_folder), tmp_path / "out", 2, group_by=spec)
    assert words in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_other_groups_into_an_expanded_folder_are_refused_and_missing_ones_said(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = patients(class_folder), tmp_path / "out"
    report = expand(src, out, 2, group_by=r"(p[0-2])_", workers=1)
    assert any("4 images have no group" in note for note in report.notes)
    with pytest.raises(ExpandError, match="--group-by was"):
        expand(src, out, 2, group_by=PATIENT, workers=1)
    with pytest.raises(ExpandError, match=r"--group-by was \(p\[0-2\]\)_, is not given"):
        expand(src, out, 2, workers=1)
