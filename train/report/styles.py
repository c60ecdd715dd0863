"""Plot styles: the colour and marker of each arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Dash = Literal["-", "--", ":", ""]


@dataclass(frozen=True)
class PlotStyle:
    """The colour, the marker and the dash of an arm, the same in every plot."""

    colour: str
    marker: str
    dash: Dash = "-"
