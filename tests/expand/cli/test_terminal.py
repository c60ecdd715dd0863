"""The terminal: how a command starts and ends."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from expand.cli.terminal import FolderFirst, run_to_exit
from expand.errors import ExpandError


class OtherError(Exception):
    """Another package's message, with a status."""

    status = 3


@click.group(cls=FolderFirst, context_settings={"help_option_names": ["-h", "--help"]})
def work() -> None:
    """Work."""


@work.command(hidden=True)
@click.argument("folder", required=False)
@click.option("--times", type=int, default=1, help="How often.")
def run(folder: str | None, times: int) -> int:
    """Work on a folder."""
    click.echo(f"{folder} {times}")
    return 1 if folder == "bad" else 0


@work.command()
def look() -> None:
    """Look at what was done."""
    click.echo("looked")


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("", "None 1\n"),
        ("photos", "photos 1\n"),
        ("--times 3 photos", "photos 3\n"),
        ("look", "looked\n"),
        ("run look", "look 1\n"),
    ],
)
def test_the_first_word_is_a_subcommand_or_else_run_is_meant(line: str, output: str) -> None:
    assert CliRunner().invoke(work, line.split()).output == output


def test_a_misspelt_subcommand_is_not_taken_for_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(CliRunner().invoke(work, ["lok"]).exception) == (
        '"lok" is neither a command nor a folder; did you mean "look"?'
    )
    (tmp_path / "lok").mkdir()
    assert CliRunner().invoke(work, ["lok"]).output == "lok 1\n"


def test_help_shows_both_ways_and_the_options_of_run() -> None:
    shown = CliRunner().invoke(work, ["-h"], prog_name="work").output.splitlines()
    assert shown[:2] == ["Usage: work [FOLDER] [OPTIONS]", "       work COMMAND …"]
    assert any(line.split()[:2] == ["--times", "INTEGER"] for line in shown)
    assert ["look", "Look", "at", "what", "was", "done."] in [line.split() for line in shown]
    assert shown[-1] == (
        'Shell completion: eval "$(_WORK_COMPLETE=bash_source work)"; also zsh_source, fish_source.'
    )


def ending(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], what: BaseException | None
) -> tuple[int, str]:
    """Return the exit status and the message of a command that raises `what`."""

    @click.command()
    def fail() -> None:
        if what:
            raise what

    monkeypatch.setattr("sys.argv", ["work"])
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            run_to_exit(fail, "work", "Start again.", OtherError)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert isinstance(ended.value.code, int)
    return ended.value.code, capsys.readouterr().err.lstrip("\n")


@pytest.mark.parametrize(
    ("what", "status", "message"),
    [
        (None, 0, ""),
        (ExpandError('"a" is not a folder'), 2, 'work: "a" is not a folder\n'),
        (ExpandError("the disk is full", 3), 3, "work: the disk is full\n"),
        (OtherError("the worker died"), 3, "work: the worker died\n"),
        (KeyboardInterrupt(), 130, "work: interrupted. Start again.\n"),
        (
            ImportError("No module named 'torch'"),
            2,
            "work: a library is missing: pip install \".[train]\" (No module named 'torch')\n",
        ),
    ],
)
def test_every_failure_is_a_message_and_a_status(
    what: BaseException | None,
    status: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ending(monkeypatch, capsys, what) == (status, message)


def test_an_unexpected_error_is_not_hidden(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ZeroDivisionError):
        ending(monkeypatch, capsys, ZeroDivisionError())


def test_a_commands_own_status_is_its_exit_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["work", "bad"])
    with pytest.raises(SystemExit) as ended:
        run_to_exit(work, "work", "Start again.")
    assert ended.value.code == 1


def test_sigterm_interrupts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def stop() -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("sys.argv", ["work"])
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            run_to_exit(stop, "work", "Start again.")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended.value.code == 130
    assert capsys.readouterr().err.endswith("work: interrupted. Start again.\n")


def test_a_usage_error_names_the_program_as_it_was_called(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["work", "--nosuch"])
    with pytest.raises(SystemExit) as ended:
        run_to_exit(work, "work", "Start again.")
    assert ended.value.code == 2
    shown = capsys.readouterr().err
    assert shown.startswith("Usage: work [OPTIONS] [FOLDER]\nTry 'work --help' for help.\n")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (
            OSError(28, "No space left on device", "x\n.png"),
            'work: "x\\n.png" cannot be used: No space left on device\n',
        ),
        (OSError(5, "Input/output error"), "work: Input/output error\n"),
        (MemoryError(), "work: there is not enough memory\n"),
    ],
)
def test_what_the_system_refuses_is_a_sentence_and_status_3(
    what: BaseException,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ending(monkeypatch, capsys, what) == (3, message)


def test_a_pipe_to_a_worker_that_breaks_is_no_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_self: object, _ctx: object) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(click.Group, "invoke", fail)
    monkeypatch.setattr("sys.argv", ["work", "look"])
    with pytest.raises(SystemExit) as ended:
        run_to_exit(work, "work", "Start again.")
    assert ended.value.code == 3
    assert capsys.readouterr().err == "work: a pipe to another process broke\n"
