"""Markdown of an ablation: its findings on one page of text, for a repository, a ticket, or a terminal."""

from __future__ import annotations

from typing import Any

from train.ablate.page import captions, tables
from train.report.formatting import moment, seconds
from train.report.markdown import bullets, fenced, plain, table

WARNING = "A warning to look, not a proof that a technique harms: this model never saw changed images in training."


def render_ablation_markdown(found: dict[str, Any]) -> str:
    """Return an ablation (the content of ablation.json) as Markdown; equal input gives equal text."""
    first, *more = found["headline"] or ["Nothing was found"]
    blocks = [f"# {plain(first)}", *map(plain, more), plain(captions.taken_apart(found))]
    blocks += ["## Effects", plain(captions.measure(found)), plain(captions.few_seeds(found) or "")]
    blocks += [table(tables.effects(found)) or "No technique was measured."]
    blocks += [
        "## Classes",
        *(_said(captions.classes(found)) or ["Nothing was measured class by class."]),
    ]
    blocks += ["## A plainly trained model on changed images", *_screen(found)]
    blocks += ["## Check on the other half of the test images", *_check(found)]
    blocks += ["## Suggestion", *_suggestion(found)]
    blocks += ["## Not tested", *bullets(found["not_tested"])]
    blocks += ["## Repeat it", fenced(found["command"]), _foot(found)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _said(found: list[captions.Said]) -> list[str]:
    return bullets(f"{name}: {words}" for name, words in found)


def _screen(found: dict[str, Any]) -> list[str]:
    said = _said(captions.screened(found))
    return [WARNING, *said] if said else ["No plainly trained model was looked at."]


def _check(found: dict[str, Any]) -> list[str]:
    check = found["check"]
    if not check:
        return ["This was not checked: each technique was tried alone, on all test images."]
    return [table(tables.cells(check)), *bullets(pair["words"] for pair in check["pairs"])]


def _suggestion(found: dict[str, Any]) -> list[str]:
    said, suggestion = (
        [plain(sentence) for sentence in captions.suggested(found)],
        found["suggestion"],
    )
    if not suggestion["yaml"]:
        return said
    use = f"expand SRC OUT --recipe {suggestion['file']}"
    return [*said, fenced(suggestion["yaml"].rstrip("\n"), "yaml"), fenced(use)]


def _foot(found: dict[str, Any]) -> str:
    took = f"Written by `train ablate` on {moment(found['created'])}; its runs took {seconds(found['seconds'])} in all."
    return f"{took} Plots, every class and every strength: index.html."
