"""Markdown: text, lists, tables and code blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable

from train.report.tables import Table

SPECIAL = re.compile(r"([\\`*\[\]<>|&~$]|(?<![^\W_])_|_(?![^\W_])|^[#+-])")
"""What Markdown would read as a mark-up; an underscore inside a word is none."""


def plain(text: str) -> str:
    """Escape any text, so that Markdown shows it unchanged and on one line."""
    return SPECIAL.sub(r"\\\1", re.sub(r"[\r\n]+", " ", text))


def bullets(sentences: Iterable[str], head: str = "") -> list[str]:
    """Return sentences as a list below `head`; without any, nothing."""
    lines = [f"- {plain(sentence)}" for sentence in sentences]
    return [head, "\n".join(lines)] if lines else []


def table(shown: Table) -> str:
    """Return a table; without rows, nothing."""
    if not shown.rows:
        return ""
    rule = ["---" if column in shown.text else "---:" for column in range(len(shown.columns))]
    rows = [[plain(cell) for cell in row] for row in (shown.columns, *shown.rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))


def fenced(text: str, language: str = "sh") -> str:
    """Return text as a block of code, in a fence longer than any that it holds."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"
