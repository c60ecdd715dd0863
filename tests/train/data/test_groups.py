"""Groups: validation and the leak guard keep them together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expand import expand
from expand.images.pixels import Pixels
from tests.conftest import noise_image
from tests.train.commands import refusal as refused_command
from tests.train.commands import settings_for, train
from tests.train.data.test_dataset import prepared, refusal
from tests.train.samples import write_set
from train.data.folders.folder import Folder
from train.data.folders.groups import with_groups
from train.data.folders.listing import list_folder
from train.data.subsets import validation_sources

PATIENT = r"(p\d+)_"


def patients(count: int, images: int = 3, first: int = 0) -> dict[str, Pixels]:
    """Return images of so many patients, by turns ill and well."""
    return {
        f"{('ill', 'well')[patient % 2]}/p{patient}_{image}.png": noise_image(
            8, 8, 3, seed=100 * patient + image
        )
        for patient in range(first, first + count)
        for image in range(images)
    }


def groups_of(folder: Folder) -> set[str]:
    return {file.split("/")[1].split("_")[0] for file in folder.files}


def test_validation_holds_out_whole_groups(tmp_path: Path) -> None:
    data = prepared(write_set(tmp_path / "src", patients(20)), validation=0.2, group_by=PATIENT)
    assert data.validation
    held, kept = groups_of(data.validation.folder), groups_of(data.train.folder)
    assert not held & kept
    assert len(held) == 4
    assert len(data.validation.folder) == 12
    without = prepared(tmp_path / "src", validation=0.2)
    assert without.validation
    assert groups_of(without.validation.folder) & groups_of(without.train.folder)


def test_a_class_with_a_single_group_is_not_held_out(tmp_path: Path) -> None:
    images = patients(6) | {f"rare/p99_{n}.png": noise_image(8, 8, 3, seed=n) for n in range(4)}
    folder = with_groups(list_folder(write_set(tmp_path / "src", images)), PATIENT)
    held = folder.of_sources(validation_sources(folder, 0.5))
    assert len(held) == 6
    assert "p99" not in groups_of(held)


def test_the_groups_of_a_manifest_count_for_all_copies(tmp_path: Path) -> None:
    src, out = write_set(tmp_path / "src", patients(8)), tmp_path / "out"
    expand(src, out, 2, workers=1)
    manifest = out / "metadata.jsonl"
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    for row in rows:
        row["group"] = row["source"].split("/")[1].split("_")[0]
    manifest.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    data = prepared(out, validation=0.25, copies=True)
    assert data.validation
    assert len(groups_of(data.validation.folder)) == 2
    assert not groups_of(data.validation.folder) & groups_of(data.train.folder)
    assert len(data.train.folder) == 2 * 18
    with_spec = prepared(out, validation=0.25, copies=True, group_by=PATIENT)
    assert with_spec.validation
    assert with_spec.validation.folder.files == data.validation.folder.files


def test_a_group_in_training_and_test_set_is_a_leak(tmp_path: Path) -> None:
    src = write_set(tmp_path / "src", patients(4))
    test = write_set(tmp_path / "test", {"ill/p2_9.png": noise_image(8, 8, 3, seed=999)})
    line = 'test "ill/p2_9.png" is of the group "p2", as is training "ill/p2_2.png"'
    assert line in refusal(src, test, group_by=PATIENT)
    assert prepared(src, test, group_by=PATIENT, allow_leak=True).leaks == [line]
    assert prepared(src, test).leaks == []


def test_a_column_of_a_table_is_the_group(tmp_path: Path) -> None:
    names = write_set(
        tmp_path / "src", {f"{n}.png": noise_image(8, 8, 3, seed=n) for n in range(20)}
    )
    lines = [f"{n}.png,{'cat' if n % 2 else 'dog'},site{n % 5}" for n in range(20)]
    (names / "labels.csv").write_text("\n".join(["file_name,label,site", *lines]) + "\n")
    data = prepared(names, validation=0.2, group_by="site")
    assert data.validation

    def sites(folder: Folder) -> set[int]:
        return {int(file.removesuffix(".png")) % 5 for file in folder.files}

    assert len(sites(data.validation.folder)) == 1
    assert not sites(data.validation.folder) & sites(data.train.folder)
    assert 'The columns are "label", "site"' in refusal(names, group_by="place")
    test = write_set(tmp_path / "test", {"cat/1.png": noise_image(8, 8, 3, seed=99)})
    data = prepared(names, test, group_by="site")
    assert data.test
    assert "groups cannot be compared" in data.test.folder.notes[0]


def test_a_test_set_without_groups_is_said(tmp_path: Path) -> None:
    src = write_set(tmp_path / "src", patients(4))
    test = write_set(tmp_path / "test", {"ill/1.png": noise_image(8, 8, 3, seed=999)})
    data = prepared(src, test, group_by=PATIENT)
    assert data.test
    assert data.test.folder.notes == (
        r'no image has a group by --group-by "(p\d+)_": groups cannot be compared',
    )
    other = write_set(tmp_path / "other", {"ill/x.png": noise_image(8, 8, 3, seed=5)} | patients(4))
    assert "1 image has no group" in prepared(other, group_by=PATIENT).train.folder.notes[0]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("(", "is not a regular expression"),
        ("patient", "captures no group"),
        ("(zebra)", "finds no group for any of 12 images"),
    ],
)
def test_a_bad_expression_is_refused(tmp_path: Path, spec: str, words: str) -> None:
    src = write_set(tmp_path / "src", patients(4))
    assert words in refusal(src, group_by=spec)
    assert words in refused_command(src, "--group-by", spec, "--out", tmp_path / "run")


def test_a_run_records_how_images_were_grouped(tmp_path: Path) -> None:
    src, out = write_set(tmp_path / "src", patients(8)), tmp_path / "run"
    settings = settings_for(src, validation=0.25, group_by=PATIENT, epochs=1)
    train(settings, out)
    assert json.loads((out / "run.json").read_text())["settings"]["group_by"] == PATIENT
