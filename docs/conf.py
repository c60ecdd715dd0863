"""Settings of the documentation: `make docs` builds it into `docs/_build/html`."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "scripts"), str(HERE.parent)]

from expand import __version__  # noqa: E402  # after the path to it

project = "expand, train"
copyright = "the authors of expand-train, MIT licence"  # noqa: A001  # Sphinx's name
version = release = __version__

extensions = ["myst_parser", "gallery", "notebook", "layers"]
exclude_patterns = ["_build", "_generated/*.inc.md"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
highlight_language = "none"
nitpicky = True
suppress_warnings = ["myst.header"]  # included parts start at the level of the page around them

html_theme = "furo"
html_title = f"expand, train {version}"
html_static_path = ["_static"]
html_css_files = ["gallery.css"]
html_copy_source = False
html_show_sphinx = False
