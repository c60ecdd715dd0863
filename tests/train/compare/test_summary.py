"""The summary: all that was found as plain data, as files, and in words at the terminal."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.train.compare.studies import context_of, cost_of, row_of, study_for
from tests.train.samples import pictures, write_set
from train.compare.codec import Codec
from train.compare.export import write_results
from train.compare.export.csv import trials_to_csv
from train.compare.export.json import comparison_to_dict
from train.compare.results import Check, Comparison
from train.compare.study import ComparisonStudy
from train.compare.summary import describe_study, summarise
from train.compare.terminal import format_summary
from train.data.shape import Shape
from train.trials.options import StudyOptions
from train.trials.results import TrialResult
from train.trials.study import Seeds, TrialContext

HOW = StudyOptions(0.25, "train compare src --test test", seeds=2)
RIGHT = {
    "none": [1, 1, 1, 1, 1, 1, 0, 0],
    "fly": [0, 1, 0, 0, 1, 1, 1, 1],
    "disk ×2": [0, 0, 0, 1, 1, 1, 1, 1],
}


def staged(
    tmp_path: Path, arms: str = "none,fly,disk", **changes: Any
) -> TrialContext[ComparisonStudy]:
    src, test = (
        write_set(tmp_path / "src", pictures(5)),
        write_set(tmp_path / "test", pictures(4, seed=50)),
    )
    return context_of(study_for(src, test, arms, **{"lengths": (2, 4), **changes}))


def rows_of(study: ComparisonStudy) -> list[dict[str, Any]]:
    """Return two replicates of every arm at every length; the second has more right."""
    return [
        row_of(arm.name, length, n, RIGHT[arm.name][: -1 - n] + [1] * (1 + n), gap={"stored": 1.0, "fresh": 0.5} if arm.stored else None)
        for length in study.lengths for arm in study.arms for n in (0, 1)
    ]  # fmt: skip


def results_of(study: ComparisonStudy) -> list[TrialResult]:
    return [TrialResult.from_dict(row) for row in rows_of(study)]


@pytest.fixture
def context(tmp_path: Path) -> TrialContext[ComparisonStudy]:
    """Return a stage with 10 sources and 8 test images of two classes."""
    return staged(tmp_path)


def summed(context: TrialContext[ComparisonStudy]) -> Comparison:
    return summarise(context, results_of(context.study), [cost_of("disk ×2", 20)], HOW, 1)


def test_a_summary_holds_all_that_was_found_as_plain_data(
    context: TrialContext[ComparisonStudy], tmp_path: Path
) -> None:
    found = comparison_to_dict(summed(context))
    assert json.loads(json.dumps(found))["title"] == found["title"] == str(tmp_path / "src")
    assert list(found) == [
        "title", "headline", "command", "settings", "arms", "lengths", "cells", "pairs", "classes", "worst", "costs", "break_even",
        "check", "notes", "strips", "not_tested", "versions", "hardware", "seeds", "created", "seconds", "fairness", "unfinished",
    ]  # fmt: skip
    assert (found["command"], found["lengths"], found["seconds"]) == (
        HOW.command,
        [2, 4],
        3.0 * 12,
    )
    assert found["arms"][2] == {
        "name": "disk ×2", "strategy": "disk", "factor": 2,
        "words": "2 views of each source on disk, including the untouched one; stratified",
    }  # fmt: skip
    counts = {
        key: len(found[key])
        for key in (
            "headline",
            "cells",
            "pairs",
            "classes",
            "worst",
            "costs",
            "break_even",
            "strips",
        )
    }
    assert counts == {
        "headline": 3,
        "cells": 6,
        "pairs": 6,
        "classes": 8,
        "worst": 4,
        "costs": 3,
        "break_even": 2,
        "strips": 3,
    }
    assert found["check"] == {
        "ok": True,
        "files": 20,
        "words": "20 files that expand wrote have exactly the pixels that the disk arms were trained on",
    }
    assert found["notes"] == ["fly shows the untouched image in one of 2 epochs, as disk ×2 does"]
    assert found["seeds"] == [
        {
            "replicate": n,
            "init": Seeds.of(0, n).training,
            "order": Seeds.of(0, n).training,
            "views": Seeds.of(0, n).views,
        }
        for n in (0, 1)
    ]
    assert datetime.fromisoformat(found["created"]).tzinfo
    assert {"python", "torch"} <= set(found["versions"])
    assert found["hardware"]["device"] == "cpu"


def test_the_settings_are_those_of_all_arms(
    context: TrialContext[ComparisonStudy], tmp_path: Path
) -> None:
    shared = {
        "data": str(tmp_path / "src"), "test": str(tmp_path / "test"), "sources": 10, "test images": 8, "classes": 2,
        "image": "16×16×3", "model": "linear", "seeds": 2, "margin in points": 0.25, "batch size": 12, "learning rate": 0.05,
        "momentum": 0.9, "weight decay": 5e-4, "schedule": "one-cycle", "label smoothing": 0.1, "weight average": 0.03, "leaks": 0,
        "seed": 0, "threads": 1, "side by side": 1,
    }  # fmt: skip
    assert describe_study(context, HOW, 1) == shared
    own = {
        "recipe": "classic",
        "budget": "steps",
        "epochs": "2, 4",
        "copies": "lossless",
    }
    assert summed(context).setup.settings == {**shared, **own}


def test_copies_that_lose_something_are_said_to(tmp_path: Path) -> None:
    assert summed(staged(tmp_path, codec=Codec("jpg", 80))).setup.settings["copies"] == "jpg"


def test_where_nothing_was_stored_nothing_is_said_to_be_checked(tmp_path: Path) -> None:
    context = staged(tmp_path, "none,fly")
    found = summarise(context, results_of(context.study), [], HOW, 1)
    words = "no arm has copies, so there was nothing to check"
    assert found.check == Check(True, 0, words)


def test_resized_images_have_no_example_pictures(tmp_path: Path) -> None:
    context = staged(tmp_path, "none,disk", shape=Shape(12))
    assert (
        summarise(context, results_of(context.study), [cost_of("disk ×2", 20)], HOW, 1).examples
        == ()
    )


def test_the_table_has_a_line_a_run(context: TrialContext[ComparisonStudy]) -> None:
    rows = rows_of(context.study)
    lines = list(csv.DictReader(io.StringIO(trials_to_csv(results_of(context.study)))))
    assert len(lines) == len(rows) == 12
    for line, row in zip(lines, rows, strict=True):
        assert (line["arm"], int(line["epochs_asked"]), int(line["replicate"])) == (
            row["arm"],
            row["length"],
            row["replicate"],
        )
        assert float(line["accuracy"]) == row["accuracy"]
        assert (float(line["accuracy of cat"]), float(line["accuracy of dog"])) == tuple(
            row["per_class"].values()
        )
        assert (line["gap_stored"], line["gap_fresh"]) == (
            ("1.0", "0.5") if row["gap"] else ("", "")
        )
        assert line["weights"] == row["weights"]
        assert not {"right", "gap", "per_class"} & set(line)


def test_the_files_say_the_same(context: TrialContext[ComparisonStudy], tmp_path: Path) -> None:
    found, out = summed(context), tmp_path / "out"
    out.mkdir()
    write_results(out, found, results_of(context.study))
    assert sorted(path.name for path in out.iterdir()) == [
        "comparison.json",
        "index.html",
        "report.md",
        "runs.csv",
    ]
    assert json.loads((out / "comparison.json").read_text()) == json.loads(
        json.dumps(comparison_to_dict(found))
    )
    assert (out / "runs.csv").read_text() == trials_to_csv(results_of(context.study))
    assert (
        (out / "report.md")
        .read_text()
        .startswith("# After 4 epochs: nothing is decided, which takes at least 6 seeds")
    )
    assert found.headline[1] in (out / "index.html").read_text()


def test_the_terminal_shows_the_headline_the_arms_the_verdicts_and_the_harms(
    context: TrialContext[ComparisonStudy],
) -> None:
    found = summed(context)
    first, *_ = found.smallest_gains
    harm = replace(first, sentence='fly harms "cat" most: −50.00 points', harmed=True)
    found = replace(found, smallest_gains=(harm, replace(first, harmed=False)))
    lines = format_summary(found, Path("out/index.html")).splitlines()
    assert lines[:3] == list(found.headline)
    assert lines[4] == "  none        2 epochs   93.75 % (14.34 … 100.00)  10 images/s"
    assert [line[:22] for line in lines[4:10]] == [
        f"  {arm:<7}  {epochs:>4} epochs" for epochs in (2, 4) for arm in ("none", "fly", "disk ×2")
    ]
    assert lines[11:17] == [
        f"     {pair.epochs} epochs: {pair.verdict.sentence}" for pair in found.pairs
    ]
    assert lines[18:] == [
        f"  {harm.sentence}",
        f"  {found.check.sentence}",
        "",
        "out/index.html",
    ]


def test_one_seed_has_no_interval_to_show(context: TrialContext[ComparisonStudy]) -> None:
    rows = [row for row in rows_of(context.study) if row["replicate"] == 0]
    results = [TrialResult.from_dict(row) for row in rows]
    found = summarise(context, results, [cost_of("disk ×2", 20)], replace(HOW, seeds=1), 1)
    assert (
        format_summary(found, Path("out/index.html")).splitlines()[4]
        == "  none        2 epochs   87.50 %  10 images/s"
    )
