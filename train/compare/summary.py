"""The summary of a comparison: all that was found as one piece of plain data, its files, and its words at the terminal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from train.compare.costs import break_even, describe_costs
from train.compare.examples import strip
from train.compare.findings import compare_classes, compare_pairs, describe_cells
from train.compare.runs import Row, Runs
from train.compare.study import ComparisonStudy
from train.compare.wording import headline, not_tested, notes
from train.runs.records import versions, write_text
from train.runtime.device import hardware
from train.trials.context import TrialContext, describe_study
from train.trials.options import StudyOptions
from train.trials.results import TrialResult
from train.trials.study import Seeds

PAGE, NUMBERS, TABLE, MARKDOWN = "index.html", "comparison.json", "runs.csv", "report.md"
LEFT_OUT = ("right", "gap", "per_class")


def summarise(
    context: TrialContext[ComparisonStudy],
    results: Sequence[TrialResult],
    expansions: list[Row],
    options: StudyOptions,
    jobs: int,
) -> Row:
    """Return all results of a comparison."""
    rows = [result.to_dict() for result in results]
    study, test = context.study, context.data.test
    assert test is not None
    runs = Runs(study, rows, len(test.folder))
    pairs, paid = compare_pairs(runs, options.margin), break_even(runs, expansions)
    classes, worst = compare_classes(runs)
    checked = sum(cost["checked_files"] for cost in expansions)
    return {
        "title": str(study.data),
        "headline": headline(study, pairs, paid),
        "command": options.command,
        "settings": {
            **describe_study(context, options, jobs),
            "recipe": study.views.name,
            "budget": study.budget,
            "lengths in passes": ", ".join(map(str, study.lengths)),
            "copies": "lossless" if study.codec.lossless else study.codec.format,
        },
        "arms": [
            {"name": arm.name, "strategy": arm.strategy, "factor": arm.factor, "words": arm.words}
            for arm in study.arms
        ],
        "lengths": list(study.lengths),
        "cells": describe_cells(runs),
        "pairs": pairs,
        "classes": classes,
        "worst": worst,
        "costs": describe_costs(runs, expansions),
        "break_even": paid,
        "check": {
            "ok": True,
            "files": checked,
            "words": f"{checked:,} files that expand wrote hold the very pixels that the disk arms were trained on"
            if checked
            else "no arm stores copies, so there was nothing to hold against memory",
        },
        "notes": notes(runs, jobs),
        "strips": [strip(context, arm) for arm in study.arms] if study.shape.side is None else [],
        "not_tested": not_tested(study),
        "versions": versions(),
        "hardware": hardware(context.device),
        "seeds": [_seeds(study, replicate) for replicate in range(options.seeds)],
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": sum(row["seconds"] for row in rows),
    }


def _seeds(study: ComparisonStudy, replicate: int) -> Row:
    seeds = Seeds.of(study.seed, replicate)
    return {
        "replicate": replicate,
        "init": seeds.training,
        "order": seeds.training,
        "views": seeds.views,
    }


def write_summary(out: Path, found: Row, rows: list[Row]) -> None:
    """Write the page and what stands beside it."""
    from train.compare.page.markdown import render_markdown
    from train.compare.page.page import render_page

    plain: Row = json.loads(json.dumps(found))
    write_text(out / NUMBERS, json.dumps(plain, indent=1, ensure_ascii=False) + "\n")
    write_text(out / TABLE, runs_csv(rows))
    write_text(out / MARKDOWN, render_markdown(plain))
    write_text(out / PAGE, render_page(plain))


def runs_csv(rows: list[Row]) -> str:
    """Return a line a run: what can be counted on, and the accuracy in each class."""
    flat = [
        {
            **{key: value for key, value in row.items() if key not in LEFT_OUT},
            **{
                f"gap_{key}": value
                for key, value in (row["gap"] or {"stored": "", "fresh": ""}).items()
            },
            **{f"accuracy of {name}": value for name, value in row["per_class"].items()},
        }
        for row in rows
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(flat[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return text.getvalue()


def in_words(found: Row, out: Path) -> str:
    """Return what the terminal shows at the end."""
    lines = [*found["headline"], ""]
    width = max(len(arm["name"]) for arm in found["arms"])
    for cell in found["cells"]:
        bounds = cell["interval"]
        span = f" ({100 * bounds[0]:.2f} … {100 * bounds[1]:.2f})" if bounds else ""
        speed = f"{cell['images_per_second']:,.0f} images/s"
        lines.append(
            f"  {cell['arm']:<{width}}  {cell['passes']:>4} passes  {100 * cell['mean']:6.2f} %{span}  {speed}"
        )
    lines += ["", *(f"  {pair['epochs']:>4} passes: {pair['words']}" for pair in found["pairs"])]
    lines += ["", *(f"  {one['words']}" for one in found["worst"] if one["harm"])]
    lines += [f"  {found['check']['words']}", "", f"{out / PAGE}"]
    return "\n".join(lines)
