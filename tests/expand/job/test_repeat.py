"""Balance of datasets whose images have several objects: MMEngine's ClassBalancedDataset."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from expand import ExpandError, Recipe, expand
from expand.cli.command import command
from expand.job.balance import Balance
from expand.job.checks.verify import verify
from expand.records.manifest import read_rows
from tests.conftest import tree
from tests.expand.job.test_exchanges import (
    SOURCES,
    draw_coco,
    draw_huggingface,
    draw_table,
    draw_voc,
    draw_yolo,
    save,
)

RECIPE = Recipe.parse("techniques: [rotate, translate]")
RULE, SHARE = "repeat=0.9", 0.9


def views_of(factor: int, share: float = SHARE) -> dict[str, int]:
    """Return the views of each image of SOURCES, by MMEngine's rule."""
    images = Counter(kind for kinds in SOURCES.values() for kind in set(kinds))
    repeat = {k: max(1.0, math.sqrt(share / (n / len(SOURCES)))) for k, n in images.items()}
    return {
        name: math.ceil(factor * max(repeat[kind] for kind in kinds) - 1e-9)
        for name, kinds in SOURCES.items()
    }


def counts_of(out: Path) -> dict[str, int]:
    rows = (row for row in read_rows(out) if not row.get("kept"))
    return dict(Counter(Path(row["source"]).stem for row in rows))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, list(map(str, arguments)), standalone_mode=False)


@pytest.mark.parametrize("draw", [draw_yolo, draw_coco, draw_voc, draw_huggingface, draw_table])
def test_an_image_takes_the_most_of_its_classes(
    draw: Callable[[Path], Path], tmp_path: Path
) -> None:
    root, out, plain = draw(tmp_path / "src"), tmp_path / "out", tmp_path / "plain"
    assert expand(root, out, 3, RECIPE, balance=RULE, workers=1).status == 0
    expand(root, plain, 6, RECIPE, workers=1)
    assert counts_of(out) == views_of(3) == {"a": 4, "b": 5, "c": 4}
    files, others = tree(out), tree(plain)
    assert all(files[name] == others[name] for name in files if name.endswith(".png"))
    assert verify(out).problems == []


def test_images_without_objects_get_the_factor_and_a_cap_holds_for_all() -> None:
    balance = Balance("repeat=0.5").complete_objects(2, {"a": 100, "b": 1}, 100)
    assert balance.by_label == {"": 2, "a": 2, "b": 15}
    assert balance.of_objects
    capped = Balance("repeat=0.5", 1).complete_objects(2, {"a": 100, "b": 1}, 100)
    assert capped.by_label == {"": 1, "a": 1, "b": 1}
    assert not Balance("repeat=0.5").complete(2, {"a": 100}).of_objects


def test_workers_kills_and_growth_end_in_the_same_files(tmp_path: Path) -> None:
    root, whole, out = draw_yolo(tmp_path / "src"), tmp_path / "whole", tmp_path / "out"
    save(root / "images/train/none.png", 9)
    expand(root, whole, 3, RECIPE, balance=RULE, workers=2)
    assert counts_of(whole) == {"a": 5, "b": 6, "c": 5, "none": 3}
    expand(root, out, 2, RECIPE, balance=RULE, workers=1)

    def stop(_files: int, seen: list[int] = []) -> None:  # noqa: B006
        seen.append(1)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        expand(root, out, 3, RECIPE, balance=RULE, workers=1, progress=stop)
    (out / "images/train/b_v5.png").write_bytes(b"half")
    report = expand(root, out, 3, RECIPE, balance=RULE, workers=1)
    assert 0 < report.summary.made < report.summary.files
    assert tree(out) == tree(whole)
    for factor, balance in ((2, RULE), (3, "repeat=0.1"), (3, None)):
        with pytest.raises(ExpandError, match="a folder can grow, not shrink"):
            expand(root, out, factor, RECIPE, balance=balance, workers=1)


def test_shards_have_the_views_of_the_whole_dataset(tmp_path: Path) -> None:
    root, whole, out = draw_yolo(tmp_path / "src"), tmp_path / "whole", tmp_path / "out"
    arguments = ("--factor", 3, "--balance", RULE, "--seed", 1)
    assert run(root, whole, *arguments).exit_code == 0
    for shard in ("1/2", "2/2"):
        assert run(root, out, *arguments, "--shard", shard).exit_code == 0
    assert run("merge", out).exit_code == 0
    assert counts_of(out) == counts_of(whole) == views_of(3)


def test_the_plan_shows_the_objects_of_each_class(tmp_path: Path) -> None:
    root = draw_yolo(tmp_path / "src")
    save(root / "images/train/none.png", 9)
    shown = run("plan", root, tmp_path / "out", "--factor", 3, "--balance", RULE).output
    lines = [line.split() for line in shown.splitlines()]
    assert ["left", "2", "5", "2", "10"] in lines
    assert ["right", "1", "6", "2", "12"] in lines
    assert ["(no", "objects)", "1", "3", "0", "0"] in lines
    assert "20 files, about" in shown  # data.yaml is one
    assert "1 of them is copied as it is; label files are not counted" in shown
    assert "Requested: 3 … 6 per image." in shown


def test_an_image_whose_labels_cannot_be_read_is_bad_and_has_no_classes(tmp_path: Path) -> None:
    root, out = draw_yolo(tmp_path / "src"), tmp_path / "out"
    (root / "labels/train/b.txt").write_text("left 0.5 0.5 0.1 0.1\n")
    report = expand(root, out, 2, RECIPE, balance=RULE, workers=1)
    assert [bad.source for bad in report.summary.bad] == ["images/train/b.png"]
    card = json.loads((out / "expand.json").read_text())
    assert card["settings"]["balance"]["factors"].keys() == {"", "left", "stop"}


def test_other_rules_and_labels_without_classes_are_refused(tmp_path: Path) -> None:
    root, out = draw_coco(tmp_path / "src"), tmp_path / "out"
    with pytest.raises(ExpandError, match="no single class; use --balance repeat=SHARE if"):
        expand(root, out, 2, RECIPE, balance="max")
    flat = tmp_path / "flat"
    save(flat / "1.png", 1)
    with pytest.raises(ExpandError, match="has no single class; leave it out"):
        expand(flat, out, 2, RECIPE, balance=RULE)
    assert not out.exists()


def test_what_a_killed_run_left_is_removed_by_overwrite(tmp_path: Path) -> None:
    root, out = draw_yolo(tmp_path / "src"), tmp_path / "out"

    def stop(_files: int) -> None:
        raise KeyboardInterrupt

    expand(root, out, 2, RECIPE, balance=RULE, workers=1)
    with pytest.raises(KeyboardInterrupt):
        expand(root, out, 3, RECIPE, balance=RULE, workers=1, progress=stop)
    assert (out / "images/train/b_v4.png").exists()
    report = expand(root, out, 2, RECIPE, overwrite=True, workers=1)
    assert report.status == 0
    assert not (out / "images/train/b_v4.png").exists()
    assert verify(out).problems == []
