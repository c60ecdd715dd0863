"""report.md: a comparison as Markdown."""

from __future__ import annotations

from train.compare.page import captions, cost_tables, sentences, tables
from train.compare.results import Comparison
from train.report.classes import as_table, heats_of
from train.report.formatting import moment, seconds
from train.report.markdown import bullets, fenced, plain, table
from train.statistics.sentences import format_looks
from train.trials.tuning.shown import search_blocks


def comparison_to_markdown(comparison: Comparison) -> str:
    """Format a comparison as Markdown; equal input gives equal text."""
    first, *more = comparison.headline or ("There is no verdict",)
    compared = plain(captions.compared(comparison))
    blocks = [f"# {plain(first)}", *map(plain, more), compared, *_alert(comparison)]
    blocks += ["## Verdicts", *_verdicts(comparison)]
    blocks += ["## Accuracy", table(tables.accuracy(comparison))]
    blocks += ["## Settings", *bullets(comparison.fairness), *search_blocks(comparison.search)]
    blocks += ["## Costs", *bullets(sentences.break_even(comparison))]
    blocks += [table(cost_tables.costs(comparison))]
    smallest = bullets(sentences.smallest_gains(comparison))
    blocks += ["## Classes", *(smallest or ["No class was measured."]), *_classes(comparison)]
    if any(summary.gap for summary in comparison.summaries):
        blocks += ["## Memorised copies", plain(captions.gap(comparison))]
    blocks += ["## Not tested", *bullets(comparison.not_tested)]
    blocks += [*bullets(comparison.notes, "Notes:")]
    blocks += ["## Reproduce", fenced(comparison.command), *_foot(comparison)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _alert(comparison: Comparison) -> list[str]:
    check = comparison.check
    return [] if check.ok else [f"**Do not trust these numbers:** {plain(check.sentence)}"]


def _verdicts(comparison: Comparison) -> list[str]:
    """List the verdicts, those after the most epochs first."""
    blocks = []
    for epochs in sorted(comparison.epochs, reverse=True):
        pairs = comparison.pairs_after(epochs)
        missing = [pair for pair in comparison.without_verdict if pair.epochs == epochs]
        sentences = [
            *(pair.verdict.sentence for pair in pairs),
            *(pair.sentence for pair in missing),
        ]
        blocks += bullets(sentences, f"After {comparison.trained(epochs)}:")
    if comparison.looks and blocks:
        blocks += [plain(format_looks(comparison.looks))]
    head = "Verdicts on arms that had not converged may change with more epochs:"
    late = (f"After {each.epochs:,} epochs, {each.sentence}." for each in comparison.unfinished)
    blocks += bullets(late, head)
    return blocks or ["There was no pair to compare."]


def _classes(comparison: Comparison) -> list[str]:
    """Tabulate the gains and harms of classes after the most epochs."""
    blocks = []
    for heat in heats_of(comparison.gains_after(comparison.longest)):
        blocks += [plain(f"{heat.caption}:"), table(as_table(heat))]
    return blocks


def _foot(comparison: Comparison) -> list[str]:
    check, answer = comparison.check, "Yes" if comparison.check.ok else "No"
    agree = f"Do expand and train show the same pixels? {answer}: {check.sentence}"
    written = f"Written by `train compare` on {moment(comparison.created)}"
    took = f"its trials took {seconds(comparison.seconds)} in all"
    return [plain(agree), f"{written}; {took}. Plots, all intervals and p values: index.html."]
