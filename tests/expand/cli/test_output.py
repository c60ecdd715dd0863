"""Output: what a name or a stream does, no command ends in a traceback or controls a terminal."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand import ExpandError, expand
from expand.cli import output
from expand.cli.output import ERRORS, echo, encodable, visible, visible_lines
from expand.cli.terminal import NO_FOLDER
from expand.job.checks.verify import verify
from tests.conftest import Folder, noise_image

ESCAPE = "\x1b[31mred\x1b[0m"


def call(
    *arguments: object, shell: str = "", module: str = "expand", **changes: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command as a user does, through a shell that may close or redirect its streams."""
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), **changes}
    line = ["sh", "-c", f'exec "$0" -m {module} "$@" {shell}', sys.executable, *map(str, arguments)]
    return subprocess.run(line, capture_output=True, check=False, env=environment, timeout=600)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ×4 é 猫", "plain ×4 é 猫"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        (ESCAPE, r"\x1b[31mred\x1b[0m"),
        ("\x9b31m \x7f", r"\x9b31m \x7f"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
        (os.fsdecode(b"caf\xe9"), r"caf\xe9"),
        ("\ud800", r"\ud800"),
        ("👨\u200d👩", "👨\u200d👩"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\u200db", r"a\u200db"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_controls_a_terminal_or_hides_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible_lines(text) == shown.replace(r"\n", "\n").replace(r"\t", "\t")


@given(st.text(alphabet=st.characters()))
def test_no_text_controls_a_terminal(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    assert visible(shown) == shown
    assert not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in shown)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252", "latin-1", "cp437", "shift_jis"])
@given(text=st.text(alphabet=st.characters()))
def test_any_text_can_be_written_to_any_stream(encoding: str, text: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=ERRORS)
    stream.write(text)
    stream.flush()
    assert encodable(encodable(text, stream), stream) == encodable(text, stream)


def test_messages_become_plain_characters() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert encodable("2 × 3 → 6 … ±1 – ─ 猫 é", stream) == r"2 x 3 -> 6 ... +-1 - - \u732b \xe9"


@pytest.mark.parametrize("encoding", ["ascii", pytest.param("cp1252", marks=pytest.mark.slow)])
def test_every_command_writes_to_a_stream_of_any_encoding(
    encoding: str, class_folder: Folder, tmp_path: Path
) -> None:
    src = class_folder(
        {"caf\u00e9 猫/1.png": noise_image(9, 9), "b/2.png": b"bad", "b/3.png": noise_image(9, 9)}
    )
    out = tmp_path / "out"
    for command, status in (
        ([src, out], 1),
        (["plan", src, out], 0),
        (["verify", out], 0),
        (["--help"], 0),
        (["plan", "--help"], 0),
        (["--nosuch", "×"], 2),
        ([tmp_path / "×é猫", out], 2),
    ):
        done = call(*command, PYTHONIOENCODING=encoding, LC_ALL="C")
        assert done.returncode == status, done.stderr
        assert b"Traceback" not in done.stderr
        text = (done.stdout + done.stderr).decode(encoding)
        assert text.isascii() or encoding != "ascii"
    assert (
        call("--help", PYTHONIOENCODING=encoding)
        .stdout.decode(encoding)
        .startswith("Usage: expand [SRC] [OUT]")
    )


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_names_reach_the_output_as_escapes_only(
    every: bool, class_folder: Folder, tmp_path: Path
) -> None:
    label = f"a{ESCAPE}\n\u202e"
    src = class_folder(
        {f"{label}/x\t\x1b]0;t\x07.png": b"bad", f"{label}/2.png": noise_image(9, 9)},
        f"s\x1b[2J{os.fsdecode(bytes([255]))}",
    )
    out, recipe = tmp_path / "o\rut", tmp_path / "r.yaml"
    recipe.write_text('name: "\\x1b[7m"\ntechniques: [flip]\n')
    some: list[list[object]] = [[src, out], ["replay", out, "\x1b"], ["--\x1b[1m"]]
    others: list[list[object]] = [
        ["plan", src, tmp_path / "p\n"],
        ["verify", out],
        ["preview", src, tmp_path / "\x1b.png"],
        ["preview", src, tmp_path / "y.png", "--recipe", recipe],
        [tmp_path / "\x1b[1m", out],
        [src, out, "--recipe", "\x1b"],
    ]
    for command in some + others * every:
        done = call(*command)
        assert b"Traceback" not in done.stderr
        assert not set(done.stdout + done.stderr) & {*range(9), *range(11, 32), 0x7F}, done
        assert "\u202e".encode() not in done.stdout + done.stderr
        assert len(done.stdout + done.stderr) > 5


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    ("command", "shell", "status", "said"),
    [
        (
            "run",
            "> /dev/full",
            3,
            b"expand: standard output cannot be written: No space left on device\n",
        ),
        ("run", ">&-", 3, b"expand: standard output cannot be written: it is closed\n"),
        ("run", "2>&-", 0, b""),
        pytest.param("run", "2> /dev/full", 0, b"", marks=pytest.mark.slow),
        ("run", "<&- >&- 2>&-", 3, b""),
        ("run", "| head -0", 0, b""),
        pytest.param(
            "plan",
            "> /dev/full",
            3,
            b"expand: standard output cannot be written: No space left on device\n",
            marks=pytest.mark.slow,
        ),
        (
            "--help",
            "> /dev/full",
            3,
            b"expand: No space left on device\n",
        ),
        pytest.param(
            "--version",
            "> /dev/full",
            3,
            b"expand: No space left on device\n",
            marks=pytest.mark.slow,
        ),
        ("--nosuch", "2>&-", 2, b""),
        pytest.param("--nosuch", "2> /dev/full", 2, b"", marks=pytest.mark.slow),
    ],
)
def test_streams_that_are_closed_or_full_end_in_a_sentence(
    command: str, shell: str, status: int, said: bytes, class_folder: Folder, tmp_path: Path
) -> None:
    src, out = class_folder(2), tmp_path / "out"
    done = call(
        *([] if command == "run" else [command]),
        *([src, out] if "-" not in command else []),
        shell=shell,
    )
    assert (done.returncode, done.stderr) == (status, said)
    if command == "run":
        assert verify(out).problems == []


@pytest.mark.skipif(os.name == "nt", reason="closed streams of a shell")
def test_no_file_gets_the_number_of_a_closed_stream(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder({f"a/{i}.png": noise_image(9, 9, seed=i) for i in range(30)})
    expand(src, tmp_path / "one", workers=1)
    call(src, tmp_path / "two", "--workers", 2, shell="<&- >&- 2>&-")
    one, two = ((tmp_path / name / "metadata.jsonl").read_bytes() for name in ("one", "two"))
    assert one == two
    assert verify(tmp_path / "two").problems == []


@pytest.mark.parametrize("program", ["expand", "train"])
def test_a_folder_that_is_gone_is_a_sentence(program: str, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    line = f'cd "{gone}" && rmdir "{gone}" && exec "{sys.executable}" -m {program} a b'
    done = subprocess.run(
        ["sh", "-c", line],
        capture_output=True,
        check=False,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert done.returncode in (2, 3)
    assert "Traceback" not in done.stderr
    assert done.stderr == f"{program}: {NO_FOLDER}\n"


@pytest.mark.parametrize(
    "changes",
    [
        {"TERM": "dumb"},
        {"COLUMNS": "1", "LINES": "1"},
        pytest.param({"NO_COLOR": "1"}, marks=pytest.mark.slow),
        pytest.param({"TERM": ""}, marks=pytest.mark.slow),
        pytest.param({"PYTHONIOENCODING": "ascii"}, marks=pytest.mark.slow),
    ],
)
def test_odd_terminals_get_progress_without_an_error(
    changes: dict[str, str], class_folder: Folder, tmp_path: Path
) -> None:
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), **changes}
    line = [
        sys.executable,
        "-m",
        "expand",
        str(class_folder(3)),
        str(tmp_path / "out"),
        "--workers",
        "1",
    ]
    process = subprocess.Popen(line, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    shown = b""
    try:
        while piece := os.read(master, 1024):
            shown += piece
    except OSError:
        pass  # the terminal ends with the process
    os.close(master)
    assert process.wait(300) == 0
    assert b"Traceback" not in shown
    assert b"24 files" in shown
    assert b"\x1b[3" not in shown


def test_a_terminal_that_goes_away_does_not_stop_the_work(
    class_folder: Folder, tmp_path: Path
) -> None:
    pty = pytest.importorskip("pty")
    src = class_folder({f"a/{i}.png": noise_image(9, 9, seed=i) for i in range(40)})
    master, slave = pty.openpty()
    line = [
        sys.executable,
        "-m",
        "expand",
        str(src),
        str(tmp_path / "out"),
        "--workers",
        "1",
        "--quiet",
    ]
    process = subprocess.Popen(
        [each for each in line if each != "--quiet"],
        stdout=subprocess.DEVNULL,
        stderr=slave,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    os.close(slave)
    os.close(master)
    assert process.wait(300) == 0


def test_what_standard_error_cannot_take_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output.sys, "stderr", None)
    echo("nobody reads this", err=True)
    monkeypatch.setattr(output.sys, "stdout", None)
    with pytest.raises(ExpandError, match="it is closed"):
        echo("nor this")


def test_a_reader_that_ends_early_changes_no_status(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder({"a/1.png": noise_image(9, 9), "a/2.png": b"bad"})
    for arguments, status in (([src, tmp_path / "out"], 1), (["plan", src, tmp_path / "x"], 0)):
        line = [sys.executable, "-m", "expand", *map(str, arguments)]
        process = subprocess.Popen(
            line,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.getcwd()},
        )
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        process.stderr.close()
        assert process.wait(300) == status
