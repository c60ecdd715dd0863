"""The notebook: run its cells, keep their outputs in it, and turn it into a page.

python docs/scripts/notebook.py     # run docs/quickstart.ipynb and store its outputs
"""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).parent.parent
NOTEBOOK = DOCS / "quickstart.ipynb"
Outputs = list[dict[str, Any]]


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the notebook's page before Sphinx reads the pages."""
    app.connect("config-inited", lambda app, _config: write_page(Path(app.srcdir)))
    return {"parallel_read_safe": True}


def run(cells: list[dict[str, Any]]) -> Iterator[Outputs]:
    """Run the code cells in one namespace, in a temporary folder beside a link to `data`.

    Yield the outputs of each as a notebook stores them: what it printed, and the value of its last
    expression.
    """
    namespace: dict[str, Any] = {"__name__": "notebook"}
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "data").symlink_to(DOCS.parent / "data")
        os.chdir(folder)
        try:
            for cell in cells:
                if cell["cell_type"] == "code":
                    yield _run_cell("".join(cell["source"]), namespace)
        finally:
            os.chdir(before)


def _run_cell(source: str, namespace: dict[str, Any]) -> Outputs:
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "cell", "exec"), namespace)
        value = (
            eval(compile(ast.Expression(last.value), "cell", "eval"), namespace) if last else None
        )
    outputs: Outputs = []
    if text := printed.getvalue():
        outputs.append(
            {"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)}
        )
    if value is not None:
        outputs.append(
            {
                "output_type": "execute_result",
                "execution_count": None,
                "metadata": {},
                "data": _data(value),
            }
        )
    return outputs


def _data(value: object) -> dict[str, Any]:
    """Return a value as a notebook shows it: its picture, its HTML, or its text."""
    data: dict[str, Any] = {}
    if hasattr(value, "_repr_png_"):
        data["image/png"] = base64.b64encode(value._repr_png_()).decode()
    elif hasattr(value, "_repr_html_"):
        data["text/html"] = value._repr_html_().splitlines(keepends=True)
    data["text/plain"] = repr(value).splitlines(keepends=True) if len(data) == 0 else ["<picture>"]
    return data


def write_page(docs: Path) -> None:
    """Write the notebook, run afresh, as the page `docs/_generated/library.md`."""
    folder = docs / "_generated"
    folder.mkdir(exist_ok=True)
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    outputs = run(cells)
    lines: list[str] = []
    for number, cell in enumerate(cells):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            lines += [re.sub(r"\]\((\w+\.md)", r"](../\1", source), ""]
            continue
        lines += ["```python", source, "```", ""]
        for output in next(outputs):
            lines += _page_output(output, folder / f"library-{number}.png")
    (folder / "library.md").write_text("\n".join(lines), "utf-8")


def _page_output(output: dict[str, Any], picture: Path) -> list[str]:
    if output["output_type"] == "stream":
        return ["```", "".join(output["text"]).rstrip(), "```", ""]
    data = output["data"]
    if "image/png" in data:
        picture.write_bytes(base64.b64decode(data["image/png"]))
        return [f"![the output of the cell above]({picture.name})", ""]
    if "text/html" in data:
        return ["```{raw} html", "".join(data["text/html"]), "```", ""]
    return ["```", "".join(data["text/plain"]), "```", ""]


def store() -> None:
    """Run the notebook and write it back with its outputs."""
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    outputs = run(notebook["cells"])
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = next(outputs), None
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    NOTEBOOK.write_text(text, "utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(DOCS.parent))
    store()
