"""The results of the comparisons as Markdown: tuned beside fixed settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Found = Mapping[str, Any]


def report(comparisons: Mapping[str, Found]) -> str:
    """Return accuracies, chosen settings and verdicts of finished comparisons, by name."""
    return "\n".join(line for name, each in comparisons.items() for line in _section(name, each))


def _section(name: str, found: Found) -> Iterator[str]:
    yield f"## {name}"
    yield ""
    yield from found["headline"]
    yield ""
    yield from _accuracies(found)
    yield ""
    for pair in sorted(found["pairs"], key=lambda each: -int(each["epochs"])):
        yield f"- {pair['epochs']} epochs: {pair['words']}"
    yield ""
    yield f"{found['settings']['seeds']} seeds, {found['seconds']:,.0f} s of trials"
    if search := found.get("search"):
        held_out = f"{search['held_out']:,} held-out sources"
        yield f"and {search['seconds']:,.0f} s of search, on {held_out}"
    yield f"on {found['hardware'].get('gpu') or found['hardware'].get('device')}."
    yield ""


def _accuracies(found: Found) -> Iterator[str]:
    """Yield a table: the accuracy of each arm, and the settings that it chose."""
    searched = {arm["arm"]: arm for arm in found.get("search", {}).get("arms", ())}
    yield "| arm | epochs | test accuracy | learning rate | weight decay | smoothing | dropout |"
    yield "|---|---:|---|---:|---:|---:|---:|"
    for cell in found["cells"]:
        low, high = (100 * end for end in cell["interval"] or (cell["mean"], cell["mean"]))
        accuracy = f"{100 * cell['mean']:.2f} % ({low:.2f} … {high:.2f})"
        trained, chosen = cell["epochs_trained"], _chosen(searched, cell)
        yield f"| {cell['arm']} | {trained} | {accuracy} | {chosen} |"


def _chosen(searched: Mapping[str, Any], cell: Found) -> str:
    arm = searched.get(cell["arm"])
    chosen = arm["trials"][arm["chosen"]] if arm else {}
    names = ("lr", "weight_decay", "smoothing", "dropout")
    return " | ".join(f"{chosen[name]:g}" if arm else "as all" for name in names)
