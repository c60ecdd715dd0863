"""Inline SVG: a matplotlib figure as markup that scales and has a text alternative."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, FAINT = "#1b1b1f", "#d5d5dc"
WIDTH = 4.2
"""Inches; on a phone's 340 px, 10 pt are then 11 px."""
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it can be read aloud, found, and copied
    "svg.hashsalt": "expand-train",
    "text.parse_math": False,  # an arm's name may hold a $
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#6b6b76",
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": "#6b6b76",
    "ytick.color": "#6b6b76",
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.grid": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "lines.markersize": 5.5,
    "lines.markeredgecolor": INK,
    "lines.markeredgewidth": 0.7,
}


@contextmanager
def drawing(height: float) -> Iterator[tuple[Figure, Axes]]:
    """Yield a figure and its axes, `height` inches high, in the style of the report.

    Convert the figure to SVG inside of the `with` block, while the style is set.
    """
    with mpl.rc_context():
        mpl.rcdefaults()  # whatever style the user keeps for other plots
        mpl.rcParams.update(STYLE)
        figure = Figure(figsize=(WIDTH, height), layout="constrained", facecolor="none")
        axes = figure.add_subplot(facecolor="none")
        yield figure, axes


def to_svg(figure: Figure, name: str, alternative: str) -> str:
    """Return a figure as inline SVG; `name`, unique in the page, begins every id in it."""
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
    )
    root = ElementTree.fromstring(buffer.getvalue().split("?>", 1)[1])
    _strip(root)
    _rename(root, name)
    box = root.attrib["viewBox"]
    root.attrib.clear()
    root.attrib.update({"viewBox": box, "role": "img", "aria-label": alternative})
    return ElementTree.tostring(root, encoding="unicode")


def _strip(root: ElementTree.Element) -> None:
    """Remove namespaces, which HTML does not need, and styles that would affect the page."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for key in [key for key in element.attrib if "}" in key]:
            element.attrib[key.rpartition("}")[2]] = element.attrib.pop(key)
        for child in [
            child for child in element if child.tag.rpartition("}")[2] in ("metadata", "style")
        ]:
            element.remove(child)


def _rename(root: ElementTree.Element, name: str) -> None:
    """Keep only the ids that something refers to, each with `name` before it."""
    used = set(
        re.findall(
            r'(?:url\(#|href="#)([^)"]+)',
            " ".join(f'{k}="{v}"' for e in root.iter() for k, v in e.attrib.items()),
        )
    )
    for element in root.iter():
        own = element.attrib.pop("id", None)
        if own in used:
            element.attrib["id"] = f"{name}-{own}"
        for key, text in element.attrib.items():
            if key == "href":
                element.attrib[key] = text.replace("#", f"#{name}-")
            elif key != "id":
                element.attrib[key] = text.replace("url(#", f"url(#{name}-")
