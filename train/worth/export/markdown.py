"""report.md: a study of worth as Markdown."""

from __future__ import annotations

from train.report.formatting import moment, seconds
from train.report.markdown import bullets, fenced, plain, table
from train.trials.tuning.shown import search_blocks
from train.worth.page import captions, tables
from train.worth.results import Worth


def worth_to_markdown(worth: Worth) -> str:
    """Format a study of worth as Markdown; equal input gives equal text."""
    first, *more = worth.headline
    blocks = [f"# {plain(first)}", *map(plain, more), plain(captions.studied(worth))]
    blocks += ["## Worth", table(tables.rates(worth)), *bullets(worth.unfinished)]
    blocks += ["## Accuracy", table(tables.accuracy(worth))]
    blocks += ["## Settings", *bullets(worth.fairness), *search_blocks(worth.search)]
    blocks += ["## How it was measured", *bullets(worth.notes)]
    blocks += ["## Not tested", *bullets(worth.not_tested)]
    blocks += [*bullets((each.sentence for each in worth.diverged), "Diverged:")]
    blocks += ["## Reproduce", fenced(worth.command)]
    written = f"Written by `train worth` on {moment(worth.created)}"
    blocks += [f"{written}; its trials took {seconds(worth.seconds)} in all. Plots: index.html."]
    return "\n\n".join(block for block in blocks if block) + "\n"
