"""Every odd file has exactly one outcome: it is used as it is, or named with the reason."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from expand.errors import BadImageError
from expand.images.decoder import decode
from tests.odd.accounting import Accounting, account, command
from tests.odd.files.case import Case
from tests.odd.make_odd_files import make


class Ran:
    """The odd files in a folder, and a run of `expand` on them."""

    def __init__(self, root: Path) -> None:
        self.src, self.out = root / "src", root / "out"
        self.cases: dict[str, Case] = make(self.src)
        self.accounting: Accounting = account(self.src, self.out, self.cases)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return Ran(tmp_path_factory.mktemp("odd"))


def test_there_are_many_odd_files_and_every_run_draws_the_same(ran: Ran, tmp_path: Path) -> None:
    again = make(tmp_path)
    assert len(again) >= 400
    assert again.keys() == ran.cases.keys()
    assert all(again[name].data == case.data for name, case in ran.cases.items())


def test_every_odd_file_has_exactly_one_outcome_and_it_is_the_right_one(ran: Ran) -> None:
    faults = {name: each for name, each in ran.accounting.outcomes.items() if each.faults}
    assert not faults, "\n".join(f"{name}: {each}" for name, each in faults.items())


def test_nothing_but_our_own_lines_is_printed_and_the_status_is_1(ran: Ran) -> None:
    accounting = ran.accounting
    assert accounting.status == 1, accounting.stderr
    assert not noise(accounting.stderr), accounting.stderr


def noise(text: str) -> list[str]:
    """Return lines that no program of ours prints, or that hold control characters."""
    words = (
        "Traceback",
        "Warning",
        "libpng",
        "Corrupt",
        "Premature",
        "error:",
        "site-packages",
        "TIFF directory",
        "[ WARN",
    )
    return [
        line
        for line in text.split("\n")
        if any(word in line for word in words)
        or any(unicodedata.category(char)[0] == "C" for char in line)
    ]


def test_the_decoder_gives_the_pixels_that_were_drawn(ran: Ran) -> None:
    faults = []
    for name, case in ran.cases.items():
        if case.pixels is None:
            continue
        try:
            pixels = decode(case.data).pixels
        except BadImageError as error:
            faults.append(f"{name}: {error}")
            continue
        same = pixels.shape == case.pixels.shape and pixels.dtype == case.pixels.dtype
        if not same or abs(pixels.astype(int) - case.pixels).max() > case.tolerance:
            faults.append(f"{name}: other pixels")
    assert not faults, "\n".join(faults)


@pytest.mark.slow
def test_every_command_goes_through_the_odd_files_without_a_traceback(
    ran: Ran, tmp_path: Path
) -> None:
    for words, allowed in (
        (("expand", "plan", ran.src), (0, 1)),
        (("expand", "preview", ran.src, tmp_path / "preview.png", "--sources", 200), (0, 1)),
        (("expand", ran.src, tmp_path / "strict", "--factor", 2, "--strict"), (1, 2, 3)),
        (("train", ran.src, "--test", ran.src, "--epochs", 1, "--out", tmp_path / "run"), (1, 2)),
    ):
        done = command(*words, cwd=tmp_path)
        assert done.returncode in allowed, (words, done.returncode, done.stderr)
        assert not noise(done.stderr), (words, noise(done.stderr))
        assert not noise(done.stdout), (words, noise(done.stdout))


@pytest.mark.slow
def test_predict_names_each_odd_file_that_it_cannot_use(ran: Ran, tmp_path: Path) -> None:
    run = tmp_path / "run"
    sample = Path(__file__).parent.parent.parent / "data"
    trained = command("train", sample / "train", "--test", sample / "test", "--epochs", 1, "--model", "linear", "--out", run)  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    done = command("train", "predict", run, *sorted(ran.src.glob("*")))
    assert done.returncode == 1, done.stderr
    assert not noise(done.stderr), noise(done.stderr)
    refused = [name for name, each in ran.accounting.outcomes.items() if not each.used]
    said = done.stdout + done.stderr
    assert [name for name in refused if name.isprintable() and name not in said] == []
