"""Balanced arms: every class has as many copies, and an epoch as many images as any other arm's."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from expand import expand
from expand.job.balance import Balance
from expand.job.settings import Settings as Expansion
from expand.recipes.recipe import Recipe
from tests.train.cli.test_config import parse
from tests.train.commands import CLASSES, call, draw_set, settings_for
from tests.train.compare.studies import context_of, study_for, trial_of
from tests.train.data.test_tables import write_table
from tests.train.samples import pixels_of
from train.data.cache import Cache
from train.data.dataset import prepare
from train.data.folders.listing import list_folder
from train.data.shape import ANY_SHAPE
from train.data.split import Split
from train.errors import TrainError
from train.feed.sampler import Sampler
from train.feed.strategies import Strategy
from train.trials.context import hide_decoding
from train.trials.copies import render_copies
from train.trials.trial import assemble

COUNTS = dict(zip(CLASSES, (8, 4, 2), strict=True))


def draw_long_tail(root: Path) -> Path:
    for label, count in COUNTS.items():
        draw_set(root, count, classes=(label,), seed=len(label) + count)
    return root


def copies_of(root: Path, format_: str = "png") -> Split:
    data = prepare(settings_for(root).data_request(), Cache(), hide_decoding)
    recipe = Recipe.load("classic")
    expansion = Expansion(recipe, 2, 7, format=format_, balance=Balance("max"))
    return render_copies(data.train, expansion, ANY_SHAPE, encoded=format_ != "png")


@pytest.mark.parametrize("format_", ["png", "webp"])
def test_copies_in_memory_are_the_files_of_a_balanced_expansion(
    format_: str, tmp_path: Path
) -> None:
    root = draw_long_tail(tmp_path / "set")
    split = copies_of(root, format_)
    out = tmp_path / "out"
    expand(root, out, 2, "classic", seed=7, format=format_, balance="max", workers=1)
    written = list_folder(out)
    assert (split.folder.sources, split.folder.views.tolist()) == (
        written.sources,
        written.views.tolist(),
    )
    assert Counter(split.folder.names) == dict.fromkeys(CLASSES, 16)
    pixels = [pixels_of(out / name) for name in written.files]
    assert np.array_equal(split.pixels(), np.stack(pixels))


def test_disk_all_shuffles_all_files_and_takes_as_many_steps_as_the_others(tmp_path: Path) -> None:
    context = context_of(study_for(draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 2, seed=1), "disk,disk-all", (4,)))  # fmt: skip
    alone, together = context.study.arms
    setups = [assemble(context, trial_of(arm, 8))[1] for arm in (alone, together)]
    assert setups[0].trainer.steps == setups[1].trainer.steps == 16
    sampler, items = setups[1].feed.sampler, np.arange(24)
    first = np.concatenate([sampler.rows(items, epoch) for epoch in range(4)])
    assert sorted(first.tolist()) == list(range(96))
    assert "shuffled together" in together.describe(context.study.balancing)


def test_an_epoch_has_as_many_images_as_sources_and_files_take_turns(tmp_path: Path) -> None:
    folder = copies_of(draw_long_tail(tmp_path / "set")).folder
    sampler = Sampler(folder, Strategy("disk", view_seed=3, pools_files=True))
    assert (len(sampler), len(folder)) == (14, 48)
    items = np.arange(14)
    shown = np.concatenate([sampler.rows(items, epoch) for epoch in range(24)])
    assert all(len(set(part.tolist())) == 48 for part in np.split(shown, 7))
    assert not np.array_equal(shown[:48], shown[48:96])
    labels = sampler.labels_of(items, 5)
    assert labels.tolist() == folder.labels[sampler.rows(items, 5)].tolist()
    later = Sampler(folder, sampler.strategy)
    assert later.rows(items, 23).tolist() == shown[-14:].tolist()


def test_a_cap_and_another_rule_decide_the_views_of_a_comparison(tmp_path: Path) -> None:
    study = study_for(tmp_path, tmp_path, "disk,disk-balanced", balance="median", most=3)
    settings = study.expansion(study.arms[1], 0)
    assert settings.balance == Balance("median", 3)
    assert settings.balance.complete(2, COUNTS).by_label == dict(
        zip(CLASSES, (1, 2, 3), strict=True)
    )
    assert study.expansion(study.arms[0], 0).balance is None
    assert (
        study.arms[1]
        .describe(study.balancing)
        .startswith("copies on disk as expand --factor 2 --balance median --most 3 writes them")
    )


def test_balances_of_a_comparison_are_refused_in_words(tmp_path: Path) -> None:
    root = draw_long_tail(tmp_path / "set")
    arms = ("--arms", "disk,disk-balanced")
    cases: dict[str, tuple[object, ...]] = {
        "--balance is for the arm disk-balanced, which --arms does not name": ("--balance", "max"),
        "--most is for the arm disk-balanced, which --arms does not name": ("--most", 9),
        "--most must be at least 1, got 0": (*arms, "--most", 0),
        "--balance must be max, median, a number of files or repeat=SHARE, got 'min'": (
            *arms,
            *("--balance", "min"),
        ),
        "--balance must be max, median or repeat=SHARE, which follow the factor of an arm, "
        "got 40": (*arms, "--balance", 40),
    }
    for message, options in cases.items():
        out = ("--test", root, "--out", tmp_path / "out")
        refused = call("compare", root, *out, *options)
        assert isinstance(refused.exception, TrainError)
        assert str(refused.exception) == message
    assert not (tmp_path / "out").exists()


def test_a_balance_is_read_from_the_record_of_a_comparison(tmp_path: Path) -> None:
    study = study_for(
        tmp_path, tmp_path, "disk,disk-balanced", balance="repeat=0.1", most=50, threads=1
    )
    record = tmp_path / "study.json"
    record.write_text(json.dumps(study.to_dict()), "utf-8")
    again = parse("compare", "--config", record)
    assert (again.balance, again.most) == ("repeat=0.1", 50)


def test_a_strategy_without_pools_is_recorded_as_before() -> None:
    assert "pools_files" not in Strategy("disk").to_dict()
    assert Strategy("disk", pools_files=True).to_dict()["pools_files"]


@pytest.mark.slow
@pytest.mark.parametrize("table", [False, True])
def test_a_comparison_has_balanced_arms_of_equal_steps(table: bool, tmp_path: Path) -> None:
    root, test = draw_long_tail(tmp_path / "set"), draw_set(tmp_path / "test", 2, seed=9)
    if table:
        rows = []
        for label in CLASSES:
            for file in sorted((root / label).iterdir()):
                file.rename(root / f"{label[0]}{file.name}")
                rows.append((f"{label[0]}{file.name}", label))
            (root / label).rmdir()
        write_table(root / "metadata.csv", ("file_name", "label"), rows)
    quick = ("--epochs", 2, "--seeds", 1, "--device", "cpu", "--quiet", "--batch-size", 4)
    arms = ("--arms", "disk,disk-balanced", "--factor", 2, "--most", 5, "--test", test)
    out = tmp_path / "comparison"
    compared = call("compare", root, *quick, *arms, "--out", out)
    assert compared.exception is None, compared.exception
    with (out / "runs.csv").open(encoding="utf-8") as file:
        runs = list(csv.DictReader(file))
    assert [run["arm"] for run in runs] == ["disk ×2", "disk-balanced ×2"]
    assert len({(run["steps"], run["images"]) for run in runs}) == 1
    report = (out / "report.md").read_text("utf-8").replace("\u00a0", " ")
    assert "the copies that expand --balance max --most 5 writes" in report
    cells = json.loads((out / "comparison.json").read_text("utf-8"))["cells"]
    assert [cell["k_over_f"] for cell in cells] == [1.0, None]
    assert "Every class: accuracy against disk ×2, in points" in report
    assert re.search(r"^\| cat \| [+−]?\d+\.\d \|$", report, re.MULTILINE)
    page = (out / "index.html").read_text("utf-8").replace("\u00a0", " ")
    assert "as expand --factor 2 --balance max --most 5 writes them" in page
    costs = json.loads((out / "costs.json").read_text("utf-8"))
    assert [cost["files"] for cost in costs.values()] == [28, 16 + 16 + 10]
