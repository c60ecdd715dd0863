"""Markdown of an ablation: its results as text, for a repository, an issue or a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from train.ablate.page import captions, screen_captions, tables
from train.ablate.page.suggestion import describe_suggestion
from train.ablate.results import RECIPE, AblationResult
from train.report.formatting import moment, seconds
from train.report.markdown import bullets, fenced, plain, table
from train.statistics.sentences import format_looks
from train.trials.tuning.shown import search_blocks

WARNING = (
    "A flag is a warning, not proof that a technique harms: this model was not trained on changed "
    "images."
)


def ablation_to_markdown(result: AblationResult) -> str:
    """Render an ablation as Markdown; equal input gives equal text."""
    first, *more = result.headline or ["No results"]
    blocks = [f"# {plain(first)}", *map(plain, more), plain(captions.overview(result))]
    blocks += ["## Effects", plain(captions.measure(result))]
    blocks += [plain(captions.few_seeds(result) or "")]
    blocks += [table(tables.effects(result.techniques)) or "No technique was measured."]
    blocks += [plain(format_looks(result.looks))] if result.looks else []
    blocks += bullets((each.sentence for each in result.diverged), "Trials that diverged:")
    blocks += ["## Settings", *bullets(result.fairness), *search_blocks(result.search)]
    blocks += ["## Classes", *_classes(result)]
    blocks += ["## A model trained without augmentation, on changed images", *_screen(result)]
    blocks += ["## Check on the other half of the test images", *_check(result)]
    blocks += ["## Suggestion", *_suggestion(result)]
    blocks += ["## Not tested", *bullets(result.not_tested)]
    blocks += ["## Reproduce", fenced(result.command), _footer(result)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _labelled(sentences: Sequence[captions.Labelled]) -> list[str]:
    return bullets(f"{name}: {text}" for name, text in sentences)


def _classes(result: AblationResult) -> list[str]:
    texts = _labelled(captions.classes(result.techniques))
    return texts or ["No class was measured."]


def _screen(result: AblationResult) -> list[str]:
    texts = _labelled(screen_captions.flagged(result))
    return [WARNING, *texts] if texts else ["No model was tested on changed images."]


def _check(result: AblationResult) -> list[str]:
    check = result.check
    if not check:
        return ["There is no check: each technique was tried alone, on all test images."]
    verdicts = bullets(check.sentences)
    return [table(tables.accuracies(check)), *verdicts]


def _suggestion(result: AblationResult) -> list[str]:
    sentences = [plain(sentence) for sentence in describe_suggestion(result)]
    if not result.suggestion.yaml:
        return sentences
    use = f"expand SRC OUT --recipe {RECIPE}"
    return [*sentences, fenced(result.suggestion.yaml.rstrip("\n"), "yaml"), fenced(use)]


def _footer(result: AblationResult) -> str:
    return (
        f"Written by `train ablate` on {moment(result.created)}. All trials together took "
        f"{seconds(result.seconds)}. Plots, classes and strengths: index.html."
    )
