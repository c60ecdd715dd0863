"""Documentation: the pages build without a warning, load nothing from outside, and are true."""

from __future__ import annotations

import html.parser
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest

from expand import Recipe, view
from expand.techniques import NATIVE, Technique

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = {
    path: path.read_text("utf-8")
    for path in (*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), DOCS / "quickstart.ipynb")
    if not path.parent.name.startswith(".")
}


def test_every_link_to_a_file_leads_somewhere() -> None:
    for page, text in PAGES.items():
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
            if not target.startswith("_generated/"):
                assert (page.parent / target).exists(), (page, target)


def test_every_test_that_a_promise_names_exists() -> None:
    named = re.findall(r"`(tests/[^`]*)`", PAGES[DOCS / "promises.md"])
    assert len(named) > 20
    for name in named:
        assert (ROOT / name).exists(), name


def test_the_steps_that_add_a_technique_work(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = PAGES[DOCS / "contributing.md"].partition("## Add a technique")[2]
    code = re.findall(r"```python\n(.*?)```", steps, re.DOTALL)[0]
    module = ModuleType("invert")
    monkeypatch.setitem(sys.modules, "invert", module)
    exec(re.sub(r"^   ", "", code, flags=re.MULTILINE), module.__dict__)
    invert: type[Technique] = module.Invert
    monkeypatch.setitem(NATIVE, "invert", invert)
    recipe = Recipe.parse("techniques: [flip, invert]")
    assert recipe.distinct == 4
    image = np.random.default_rng(0).integers(0, 256, (8, 6, 3), dtype=np.uint8)
    views = {view(image, "cat/1.png", k, recipe).tobytes() for k in range(4)}
    mirrored = image[:, ::-1]
    assert views == {
        np.ascontiguousarray(pixels).tobytes()
        for pixels in (image, mirrored, 255 - image, 255 - mirrored)
    }


def test_the_notebook_runs_and_its_outputs_are_what_it_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(DOCS / "scripts")
    import notebook

    cells = json.loads(PAGES[DOCS / "quickstart.ipynb"])["cells"]
    kept = [cell["outputs"] for cell in cells if cell["cell_type"] == "code"]
    assert len(PAGES[DOCS / "quickstart.ipynb"]) < 100_000
    for outputs, given in zip(kept, notebook.run(cells), strict=True):
        assert without_pictures(given) == without_pictures(outputs)


def without_pictures(outputs: list[dict[str, object]]) -> str:
    """Return outputs as text; the bytes of a PNG depend on the library that compresses them."""
    return re.sub(r'("image/png": ")[^"]*', r"\1", json.dumps(outputs))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built pages."""
    pytest.importorskip("sphinx", reason='the "docs" extra is not installed')
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "-W",
            "--keep-going",
            "-q",
            "-d",
            out / ".trees",
            DOCS,
            out,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out


class Page(html.parser.HTMLParser):
    """A built page: its anchors, where its links lead, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.loads: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if "href" in values:
            (self.loads if tag == "link" else self.links).add(values["href"])
        if "src" in values:
            self.loads.add(values["src"])


def test_every_link_and_anchor_of_the_site_leads_somewhere(site: Path) -> None:
    pages = {path: Page(path.read_text("utf-8")) for path in site.rglob("*.html")}
    assert len(pages) > 10
    for path, page in pages.items():
        for link in page.links | page.loads:
            parts = urlsplit(link)
            if parts.scheme or not (parts.path or parts.fragment):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.exists(), (path.name, link)
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].anchors, (path.name, link)


def test_the_site_loads_nothing_from_outside(site: Path) -> None:
    for path in site.rglob("*.html"):
        for url in Page(path.read_text("utf-8")).loads:
            assert not urlsplit(url).netloc, (path.name, url)
    for path in site.rglob("*.css"):
        for url in re.findall(r"(?:@import|url\()\s*[\"']?([^\"')\s]+)", path.read_text("utf-8")):
            assert not urlsplit(url).netloc, (path.name, url)


def test_the_gallery_shows_every_technique(site: Path) -> None:
    recipes = (site / "recipes.html").read_text("utf-8")
    for name in NATIVE:
        assert f'alt="{name}, view 1"' in recipes, name


def test_the_page_on_targets_shows_labels_that_moved(site: Path) -> None:
    targets = (site / "targets.html").read_text("utf-8")
    for name in ("the original", "classic", "blog", "detect"):
        assert f'alt="labels, {name}"' in targets, name
