"""The summary of an ablation: plain data, its files, the suggested recipe, and its words at the terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from expand.recipes.recipe import Recipe
from train.ablate.ablation import AblationStudy
from train.ablate.findings import Row, headline, merge_screens, not_tested
from train.ablate.switches import combine
from train.runs.records import versions, write_text
from train.runtime.device import hardware
from train.trials.context import TrialContext, describe_study
from train.trials.options import StudyOptions

PAGE, NUMBERS, MARKDOWN, RECIPE = "index.html", "ablation.json", "report.md", "recipe.yaml"
Parts = tuple[list[Row], Row | None, tuple[int, ...]]
"""What techniques do, the check, and which are kept."""


def summarise(
    context: TrialContext[AblationStudy],
    rows: Sequence[Row],
    parts: Parts,
    options: StudyOptions,
    jobs: int,
) -> Row:
    """Return all that an ablation found."""
    ablation = context.study
    techniques, checked, kept = parts
    recipe = suggest(ablation, kept)
    names = ", ".join(ablation.switches[number].name for number in kept) if kept else None
    return {
        "title": str(ablation.data),
        "headline": headline(techniques, checked, names),
        "command": options.command,
        "settings": {
            **describe_study(context, options, jobs),
            "recipe": ablation.recipe.name,
            "design": ablation.design,
            "passes": ablation.epochs,
        },
        "design": ablation.design,
        "runs": [
            {"arm": arm.name, "on": [ablation.switches[i].name for i in arm.on]}
            for arm in ablation.design_arms
        ],
        "techniques": techniques,
        "screen": merge_screens(rows),
        "check": checked,
        "suggestion": {
            "techniques": names,
            "yaml": recipe_yaml(recipe) if recipe else None,
            "file": RECIPE if recipe else None,
        },
        "not_tested": not_tested(ablation),
        "versions": versions(),
        "hardware": hardware(context.device),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": sum(row["seconds"] for row in rows),
    }


def suggest(ablation: AblationStudy, kept: tuple[int, ...]) -> Recipe | None:
    """Return the recipe of the techniques that are kept, None for none."""
    return combine(
        ablation.recipe,
        [ablation.switches[number] for number in kept],
        f"{ablation.recipe.name} ablated",
    )


def recipe_yaml(recipe: Recipe) -> str:
    """Return a recipe as the file that `--recipe` takes."""
    return yaml.safe_dump(recipe.to_dict(), sort_keys=False, allow_unicode=True)


def write_summary(out: Path, found: Row) -> None:
    """Write the page, the numbers, and the suggested recipe."""
    from train.ablate.page.markdown import render_ablation_markdown
    from train.ablate.page.page import render_ablation

    plain: Row = json.loads(json.dumps(found))
    write_text(out / NUMBERS, json.dumps(plain, indent=1, ensure_ascii=False) + "\n")
    write_text(out / MARKDOWN, render_ablation_markdown(plain))
    write_text(out / PAGE, render_ablation(plain))
    if found["suggestion"]["yaml"]:
        write_text(out / RECIPE, found["suggestion"]["yaml"])
    else:
        (out / RECIPE).unlink(missing_ok=True)


def in_words(found: Row, out: Path) -> str:
    """Return what the terminal shows at the end."""
    lines: list[Any] = [
        *found["headline"],
        "",
        *(f"  {row['words']}" for row in found["techniques"]),
    ]
    flagged = [row for row in found["screen"] if row["harmed"]]
    if flagged:
        lines += ["", "A plainly trained model no longer knows, when images are changed so:"]
        lines += [
            f"  {row['technique']}, {row['setting']}: {_harms(row['harmed'])}" for row in flagged
        ]
    if found["check"]:
        lines += ["", "On the other half of the test images:"]
        lines += [f"  {cell['arm']}: {cell['mean']:.2f} %" for cell in found["check"]["cells"]]
        lines += [f"  {pair['words']}" for pair in found["check"]["pairs"]]
    if found["suggestion"]["file"]:
        lines += ["", f"{out / RECIPE}: expand --recipe takes it"]
    return "\n".join([*lines, f"{out / PAGE}"])


def _harms(flags: Sequence[Row]) -> str:
    shown = [
        f'"{flag["class"]}" ({flag["before"]:.0f} → {flag["after"]:.0f} %, taken for "{flag["taken_for"]}")'
        for flag in flags
    ]
    return ", ".join(shown[:3]) + (f" and {len(shown) - 3} more" if len(shown) > 3 else "")
