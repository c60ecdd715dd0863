"""The house: who may know whom, and what may not stand anywhere."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = {
    "expand": [
        ["errors", "affine"],
        ["techniques.technique", "techniques.spread", "keys"],
        ["techniques.flips", "techniques.noise", "techniques.catalogue", "tiff", "store"],
        ["techniques.similarity", "techniques.frame", "techniques.erase", "codec"],
        ["techniques"],
        ["resample"],
        ["recipe_file", "source"],
        ["recipe"],
        ["views"],
        ["manifest", "batches"],
        ["copies"],
        ["plan", "engine"],
        ["run"],
        ["job", "replay", "preview", "fetch"],
        ["verify", "words", "options", "terminal"],
        ["cli"],
        ["__main__"],
    ],
    "train": [
        ["errors", "parallel", "report", "report.words", "report.svg"],
        ["folder", "memory", "shape", "cache", "schedule", "fast", "batched", "statistics", "report.tables"],
        ["strategies", "pack", "models", "bootstrap", "report.looks", "report.classes", "report.findings"],
        ["readers", "leak", "verdicts", "report.plots", "report.forest", "report.markdown", "report.ablation_tables"],
        ["feed", "report.page", "report.ablation_findings"],
        ["loop", "report.ablation_plots", "report.ablation_markdown"],
        ["split", "precision", "watch", "report.ablation"],
        ["settings", "records", "events", "words", "compare", "compare.arms", "compare.memo", "compare.study"],
        ["assemble", "options", "predict", "compare.question", "compare.bench"],
        ["ablate", "ablate.design", "ablate.pieces", "ablate.trivial"],
        ["ablate.ablation"],
        ["job", "compare.options", "compare.replicate", "compare.runs"],
        ["compare.bills", "compare.findings", "compare.wording", "compare.expansion", "compare.freshness", "compare.strips"],
        ["compare.protocol", "compare.summary"],
        ["compare.planning"],
        ["compare.command"],
        ["ablate.options", "ablate.screen", "ablate.findings"],
        ["ablate.protocol", "ablate.summary"],
        ["ablate.command"],
        ["cli"],
        ["__main__"],
    ],
}
"""The files of each package, ground first; a file imports only from floors below its own."""
ABOVE = {"expand": ("torch", "train"), "train": ()}


def imports(path: Path) -> set[str]:
    """Return what a file imports when it runs (not for type checking alone)."""
    tree = ast.parse(path.read_text())
    guarded = {
        id(node)
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and "TYPE_CHECKING" in ast.dump(test.test)
        for node in ast.walk(test)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module}
    return found


@pytest.mark.parametrize("package", FLOORS)
def test_every_file_imports_only_from_the_floors_below_it(package: str) -> None:
    floor = {name: level for level, names in enumerate(FLOORS[package]) for name in names}
    files = {path for path in (ROOT / package).rglob("*.py") if path != ROOT / package / "__init__.py"}
    for path in files:
        name = path.relative_to(ROOT / package).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        assert name in floor, f"{name} has no floor"
        for imported in imports(path):
            if imported.startswith(f"{package}."):
                below = imported.removeprefix(f"{package}.")
                assert floor[below] < floor[name], f"{name} imports {below}"
            assert imported.split(".")[0] not in ABOVE[package], f"{name} imports {imported}"
    assert len(files) == len(floor)


@pytest.mark.parametrize(("only", "what"), [("techniques/catalogue.py", "albumentations"), ("engine.py", "multiprocessing")])
def test_one_file_alone_knows(only: str, what: str) -> None:
    knowing = {
        path.relative_to(ROOT / "expand").as_posix()
        for path in (ROOT / "expand").rglob("*.py")
        if any(name.split(".")[0] in (what, "concurrent" if what == "multiprocessing" else what) for name in imports(path))
    }
    assert knowing == {only}


def test_expanding_loads_neither_torch_nor_albumentations(tmp_path: Path) -> None:
    program = (
        "import sys; from expand import expand; expand('data/train', sys.argv[1], workers=1);"
        "print([name for name in ('torch', 'torchvision', 'albumentations', 'scipy', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "out")], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == "[]\n"


def test_every_module_says_its_role_in_its_first_line() -> None:
    for path in (*(ROOT / "expand").rglob("*.py"), *(ROOT / "train").rglob("*.py")):
        assert ast.get_docstring(ast.parse(path.read_text())), path


def test_no_file_names_a_package_registry() -> None:
    names = ["pypi" + ".org", "python" + "hosted", "index" + "-url"]
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=False).stdout.splitlines()
    for name in tracked:
        path = ROOT / name
        if path.suffix not in (".png", ".jpg") and path.is_file():
            text = path.read_text("utf-8")
            assert not any(word in text for word in names), name


def test_the_sample_is_what_its_script_draws(tmp_path: Path) -> None:
    script = (ROOT / "data/make_sample.py").read_text()
    (tmp_path / "make_sample.py").write_text(script)
    subprocess.run([sys.executable, str(tmp_path / "make_sample.py")], check=True, capture_output=True)
    for part, count in (("train", 200), ("test", 400)):
        drawn = {p.relative_to(tmp_path): p.read_bytes() for p in (tmp_path / part).rglob("*.*")}
        kept = {p.relative_to(ROOT / "data"): p.read_bytes() for p in (ROOT / "data" / part).rglob("*.*")}
        assert set(drawn) == set(kept)
        assert len(kept) == count
    sizes = sum(path.stat().st_size for part in ("train", "test") for path in (ROOT / "data" / part).rglob("*.*"))
    assert sizes < 2_000_000
