"""The suggestion of an ablation in sentences, and why there may be none."""

from __future__ import annotations

from train.ablate.results import AblationResult, CheckSummary


def describe_suggestion(result: AblationResult) -> list[str]:
    """Say what is suggested, which chosen technique is left out, and how certain the gain is."""
    suggestion, check = result.suggestion, result.check
    if not suggestion.yaml:
        return [_nothing(result)]
    first = f"Suggested: {', '.join(suggestion.techniques)}."
    if check is None:
        return [first, "Each technique helped alone; their combination was not measured."]
    return [first, *_left_out(result, check), *_certainty(check)]


def _left_out(result: AblationResult, check: CheckSummary) -> list[str]:
    if (dropped := check.better_without) is None:
        return []
    assert dropped.against.left_out is not None
    names = result.names or [each.name for each in result.techniques]
    name = names[dropped.against.left_out]
    text = (
        f"Chosen by the design but left out after the check: {name}. The others are better without "
        f'it; this recipe is "{dropped.against.name}" in the check.'
    )
    return [text]


def _certainty(check: CheckSummary) -> list[str]:
    if (pair := check.against_none) is None:
        return []
    doubt = f" it is {check.doubt}" if check.doubt else ""
    return [f"On test images not used for the choice{doubt}: {pair.verdict.sentence}."]


def _nothing(result: AblationResult) -> str:
    check = result.check
    if check and check.harms and check.against_none:
        return (
            "No technique is suggested: together, the chosen ones harm. "
            f"{check.against_none.verdict.sentence}."
        )
    gained = "was shown to help" if check is None else "had a gain in the design"
    return (
        f"No technique is suggested: none {gained}. Smaller ranges may help; the strengths without "
        "flags above are a start."
    )
