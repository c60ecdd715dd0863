"""Export: the result of an ablation as files, one module per format."""

from __future__ import annotations

from pathlib import Path

from train.ablate.results import RECIPE, AblationResult
from train.runs.records import write_text

PAGE, NUMBERS, MARKDOWN = "index.html", "ablation.json", "report.md"


def write_result(out: Path, result: AblationResult) -> Path | None:
    """Write all files; return the path of the suggested recipe, None if there is none."""
    from train.ablate.export.json import ablation_to_json
    from train.ablate.export.markdown import ablation_to_markdown
    from train.ablate.page.page import render_ablation

    write_text(out / NUMBERS, ablation_to_json(result))
    write_text(out / MARKDOWN, ablation_to_markdown(result))
    write_text(out / PAGE, render_ablation(result))
    if result.suggestion.yaml is None:
        (out / RECIPE).unlink(missing_ok=True)
        return None
    write_text(out / RECIPE, result.suggestion.yaml)
    return out / RECIPE
