"""A recipe as an HTML table, for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from expand.recipes.recipe import Recipe
    from expand.techniques import Technique


def render_html(recipe: Recipe) -> str:
    """Render a recipe as an HTML table: techniques, settings, factors, fill and views."""
    fill = recipe.fill.value
    about = (
        f"Recipe {recipe.name}. Fill: {fill if isinstance(fill, str) else list(fill)}. Views of an "
        f"image: {_count(recipe.nominal)} nominal, {_count(recipe.distinct)} distinct."
    )
    return "\n".join(
        [
            "<table>",
            f"<caption>{escape(about)}</caption>",
            _row("th", "technique", "settings", "factor"),
            *(_technique_row(technique) for technique in recipe.techniques),
            "</table>",
        ]
    )


def _technique_row(technique: Technique) -> str:
    settings = technique.settings()
    factor = settings.pop("factor", technique.factor)
    settings.pop("version", None)
    return _row("td", technique.name, _in_one_line(settings), _count(factor))


def _in_one_line(settings: dict[str, object]) -> str:
    """Return settings as a recipe file has them, without the braces: degrees: [-15.0, 15.0]."""
    text = yaml.safe_dump(
        settings, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6
    )
    return text.strip().removeprefix("{").removesuffix("}")


def _count(number: int | None) -> str:
    return "unlimited" if number is None else str(number)


def _row(tag: str, *texts: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(text)}</{tag}>" for text in texts) + "</tr>"
