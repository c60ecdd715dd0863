"""The layers of both packages, from the import-linter contracts and the folders' docstrings."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the list before Sphinx reads the pages."""
    app.connect("config-inited", lambda app, _config: write_layers(Path(app.srcdir)))
    return {"parallel_read_safe": True}


def write_layers(docs: Path) -> None:
    """Write the list that the contributing page includes to `docs/_generated`."""
    settings = tomllib.loads((docs.parent / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    lines = [
        line
        for contract in contracts
        if contract["type"] == "layers"
        for container in contract["containers"]
        for line in _table(docs.parent, container, contract["layers"])
    ]
    (docs / "_generated").mkdir(exist_ok=True)
    (docs / "_generated/layers.inc.md").write_text("\n".join(lines) + "\n", "utf-8")


def _table(root: Path, container: str, layers: list[str]) -> Iterator[str]:
    """Yield a table of the folders of one package, from the highest to the lowest."""
    yield f"\n| `{container}/` | role |\n|---|---|"
    for layer in layers:
        for name in layer.replace(":", "|").split("|"):
            folder = root / container.replace(".", "/") / name.strip()
            path = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
            docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
            role = docstring.partition("\n\n")[0].replace("\n", " ")
            yield f"| `{name.strip()}` | {role} |"
