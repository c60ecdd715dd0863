"""Accounting: run `expand` on the odd files and give each file its one outcome."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import tifffile
from PIL import Image

from tests.odd.files.case import Case, Pixels

ROOT = Path(__file__).parent.parent.parent
RGB = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}


class Outcome(NamedTuple):
    """What happened to one file: used or not, the reason, and what is wrong with that."""

    used: bool
    reason: str
    faults: tuple[str, ...]


class Accounting(NamedTuple):
    """A run of a command on the odd files."""

    status: int
    stdout: str
    stderr: str
    outcomes: dict[str, Outcome]


def command(*words: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command of the project in a process, as a user does."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, "-m", *map(str, words)],
        capture_output=True,
        text=True,
        errors="replace",
        cwd=cwd,
        env=environment,
        check=False,
    )


def account(src: Path, out: Path, cases: dict[str, Case]) -> Accounting:
    """Expand the odd files, mirrored copies only, and compare each outcome with what is right."""
    done = command("expand", src, out, "--techniques", "flip=2", "--factor", 2, "--quiet")
    card = out / "expand.json"
    bad = json.loads(card.read_text())["bad"] if card.exists() else []
    reasons: dict[str, list[str]] = {}
    for entry in bad:
        reasons.setdefault(entry["source"], []).append(entry["reason"])
    rows: dict[str, dict[int, dict[str, Any]]] = {}
    manifest = out / "metadata.jsonl"
    for line in manifest.read_text().split("\n") if manifest.exists() else []:
        if line:
            row = json.loads(line)
            rows.setdefault(row["source"], {})[row["view"]] = row
    outcomes = {
        name: _outcome(case, reasons.get(name, []), rows.get(name, {}), out)
        for name, case in cases.items()
    }
    return Accounting(done.returncode, done.stdout, done.stderr, outcomes)


def _outcome(case: Case, reasons: list[str], rows: dict[int, dict[str, Any]], out: Path) -> Outcome:
    used, reason = bool(rows), "; ".join(reasons)
    faults = []
    if used == bool(reasons) or len(reasons) > 1:
        faults.append("it has no outcome, or several")
    if any(not char.isprintable() for char in reason):
        faults.append("the reason holds control characters")
    if not case.one_of and used != (case.pixels is not None):
        faults.append("it is read" if used else "it is refused")
    if not used and case.words not in reason:
        faults.append(f"the reason lacks {case.words!r}")
    if used and sorted(rows) != [0, 1]:
        faults.append(f"views {sorted(rows)} are written")
    if used and case.pixels is not None:
        faults += [fault for row in rows.values() for fault in compare(case, row, out)]
    return Outcome(used, reason, tuple(faults))


def compare(case: Case, row: dict[str, Any], out: Path) -> list[str]:
    """Return how a written view differs from the pixels that were drawn."""
    assert case.pixels is not None
    data = (out / row["file_name"]).read_bytes()
    expected = case.pixels[:, ::-1] if row["params"]["flip"]["horizontal"] else case.pixels
    if row["view"] == 0 and row["sha256"] == row["source_sha256"]:
        return []  # the source's own bytes, compared by the decoder's laws
    pixels = independent(data)
    what = f"view {row['view']}"
    if pixels.shape != expected.shape or pixels.dtype != expected.dtype:
        return [f"{what} is {pixels.shape} {pixels.dtype}, not {expected.shape} {expected.dtype}"]
    largest = int(np.abs(pixels.astype(int) - expected).max())
    lossy = data[:2] == b"\xff\xd8" or b"VP8 " in data[:64]
    allowed = case.tolerance + 20 * lossy
    return [f"{what} differs by {largest} levels"] if largest > allowed else []


def independent(data: bytes) -> Pixels:
    """Read a written file with libraries alone: the pixels as they are stored."""
    if data[:4] in (b"II*\0", b"MM\0*"):
        return np.asarray(tifffile.imread(io.BytesIO(data)))
    if data[:4] == b"\x89PNG" and data[24] == 16:
        if data[25] == 4:  # neither library reads grey with alpha of 16 bits as it is
            pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
            return np.ascontiguousarray(pixels[..., [0, 3]])
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        return pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, RGB[pixels.shape[2]])
    if data[:1] == b"P":
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        return pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, RGB[pixels.shape[2]])
    return np.asarray(Image.open(io.BytesIO(data)))
