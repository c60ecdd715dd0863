"""The architecture: who may import whom, and what may not stand anywhere."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def modules() -> list[Path]:
    """Return the modules of the packages and of the benchmarks."""
    return [
        path for name in ("expand", "train", "benchmarks") for path in (ROOT / name).rglob("*.py")
    ]


@cache
def syntax(path: Path) -> ast.Module:
    """Return the syntax tree of a module; each is parsed once."""
    return ast.parse(path.read_text())


@cache
def definitions() -> list[tuple[Path, ast.FunctionDef | ast.ImportFrom]]:
    """Return the functions and the imports of all modules; the syntax trees are walked once."""
    return [
        (path, node)
        for path in modules()
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.FunctionDef | ast.ImportFrom)
    ]


@cache
def imports(path: Path) -> set[str]:
    """Return what a file imports when it runs (not for type checking alone)."""
    tree = syntax(path)
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


def test_imports_go_down_only() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("only", "what"),
    [
        ({"techniques/catalogue/library.py"}, "albumentations"),
        ({"storage/stores/objects.py", "storage/stores/clients.py"}, "obstore"),
        ({"engines/pool.py", "engines/worker.py"}, "multiprocessing"),
    ],
)
def test_only_one_module_imports(only: set[str], what: str) -> None:
    importers = {
        path.relative_to(ROOT / "expand").as_posix()
        for path in (ROOT / "expand").rglob("*.py")
        if any(
            name.split(".")[0] in (what, "concurrent" if what == "multiprocessing" else what)
            for name in imports(path)
        )
    }
    assert importers == only


OF_EXTRAS = "torch torchvision albumentations scipy pydantic obstore boto3 ray pyarrow asyncio"
NOT_USED = (
    "statistics tifffile PIL.TiffImagePlugin PIL.BmpImagePlugin multiprocessing "
    "expand.targets expand.views.carried expand.techniques.catalogue.transform "
    "expand.job.archives expand.job.blocks.job expand.layouts.labelled.coco "
    "expand.layouts.labelled.tables expand.storage.stores.objects"
)
"""What class folders of JPEG or PNG files do not use: each takes time whenever expand starts."""


def test_expanding_class_folders_loads_only_what_they_use(tmp_path: Path) -> None:
    program = (
        "import sys; from expand import expand; expand('data/train', sys.argv[1], workers=1);"
        f"print([name for name in {(OF_EXTRAS + ' ' + NOT_USED).split()} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "out")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_every_module_has_a_docstring() -> None:
    for path in modules():
        assert ast.get_docstring(syntax(path)), path


def test_a_folder_has_at_most_12_modules() -> None:
    sizes = Counter(path.parent for path in modules())
    assert {folder: size for folder, size in sizes.items() if size > 12} == {}


def test_files_and_functions_stay_short() -> None:
    # most are much shorter: a file under 200 lines, a function under 20
    for path in modules():
        assert path.read_text().count("\n") <= 350, path
    for path, node in definitions():
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 70, f"{path}:{node.lineno}"


def test_no_module_is_named_for_nothing() -> None:
    unclear = {"utils", "util", "helpers", "common", "misc", "manager", "base"}
    assert [path for path in modules() if {path.stem, path.parent.name} & unclear] == []


def test_no_private_name_is_imported() -> None:
    for path, node in definitions():
        if isinstance(node, ast.ImportFrom):
            private = [each.name for each in node.names if each.name[0] == "_" != each.name[1]]
            assert private == [], f"{path}:{node.lineno}"


def test_no_file_names_a_package_registry() -> None:
    names = ["pypi" + ".org", "python" + "hosted", "index" + "-url"]
    tracked = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=False
    ).stdout.splitlines()
    for name in tracked:
        path = ROOT / name
        if path.suffix not in (".png", ".jpg") and path.is_file():
            text = path.read_text("utf-8")
            assert not any(word in text for word in names), name


def test_the_sample_is_what_its_script_draws(tmp_path: Path) -> None:
    script = (ROOT / "data/make_sample.py").read_text()
    (tmp_path / "make_sample.py").write_text(script)
    subprocess.run(
        [sys.executable, str(tmp_path / "make_sample.py")], check=True, capture_output=True
    )
    for part, count in (("train", 200), ("test", 400)):
        drawn = {p.relative_to(tmp_path): p.read_bytes() for p in (tmp_path / part).rglob("*.*")}
        kept = {
            p.relative_to(ROOT / "data"): p.read_bytes()
            for p in (ROOT / "data" / part).rglob("*.*")
        }
        assert set(drawn) == set(kept)
        assert len(kept) == count
    sizes = sum(
        path.stat().st_size
        for part in ("train", "test")
        for path in (ROOT / "data" / part).rglob("*.*")
    )
    assert sizes < 2_000_000
