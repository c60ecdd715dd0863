"""Rates: how often something happened, with the interval that so few repetitions leave."""

from __future__ import annotations

from typing import NamedTuple

from scipy import stats


class Rate(NamedTuple):
    """How often something happened in some repetitions."""

    happened: int
    of: int

    @property
    def text(self) -> str:
        """The rate in percent with its 95 % interval (Clopper and Pearson 1934)."""
        low, high = stats.binomtest(self.happened, self.of).proportion_ci(0.95)
        return f"{100 * self.happened / self.of:.1f} % ({100 * low:.1f} … {100 * high:.1f})"


def table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Format rows as a Markdown table."""
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
