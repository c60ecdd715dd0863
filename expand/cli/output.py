"""Output: all text for the terminal, a log or a pipe is written here.

What controls a terminal or is invisible becomes a visible escape, and what the stream cannot encode
becomes a plain character: a name from a folder or a recipe cannot change what a person sees.
"""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from expand.errors import STOPPED, ExpandError

PLAIN = {
    "×": "x",
    "…": "...",
    "—": "-",
    "–": "-",
    "−": "-",
    "→": "->",
    "±": "+-",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "·": "*",
    "°": " degrees",
    "µ": "u",
    "σ": "sigma",
    "Δ": "delta",
    "─": "-",
    "│": "|",
    "█": "#",
    "•": "*",
    "√": "sqrt",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "\u00a0": " ",
    "\u2009": " ",
    "\u202f": " ",
}
"""What is written for characters of messages and tables where a stream cannot encode them."""
CONTROLS = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff"
)
"""Control characters, invisible ones, those that turn the direction of text, and bytes of names
that are not UTF-8. Joiners count where they join nothing that needs them."""
JOINERS = "(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
IN_TEXT = re.compile(f"[{CONTROLS}]|{JOINERS}")
IN_LINE = re.compile(f"[\t\n{CONTROLS}]|{JOINERS}")
SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
ERRORS = "expand.plain"


class NobodyReadsError(Exception):
    """Standard output is a pipe whose reader has ended, as in `train predict … | head`."""


def visible(text: object) -> str:
    """Return a name or a message as one line in which every character can be seen."""
    return IN_LINE.sub(lambda found: _escape(found[0]), str(text))


def visible_lines(text: str) -> str:
    """Return lines of text, in which every other character can be seen."""
    return IN_TEXT.sub(lambda found: _escape(found[0]), text)


def echo(text: str = "", *, err: bool = False) -> None:
    """Write lines to standard output, or with `err` to standard error.

    Raise NobodyReadsError if that is so for standard output, and ExpandError if it cannot be
    written. What standard error cannot take is lost.
    """
    shown = visible_lines(text) + "\n"
    if err:
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(shown)
            sys.stderr.flush()
    elif sys.stdout is None:
        raise ExpandError("standard output cannot be written: it is closed", STOPPED)
    else:
        _deliver(lambda: (sys.stdout.write(shown), sys.stdout.flush()))


def _deliver(write: Callable[[], object]) -> None:
    try:
        write()
    except OSError as error:
        discard_output()
        if isinstance(error, BrokenPipeError):
            raise NobodyReadsError from error
        reason = error.strerror or error
        raise ExpandError(f"standard output cannot be written: {reason}", STOPPED) from error


def flush_output() -> None:
    """Write what others left in the buffer of standard output; raise as `echo` does."""
    if sys.stdout is not None:
        _deliver(sys.stdout.flush)


def encodable(text: str, stream: TextIO | None) -> str:
    """Return text in characters that a stream can encode."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, ERRORS).decode(encoding)


def prepare_streams() -> None:
    """Make the standard streams take any text, and give closed ones a place that nobody reads.

    Without the latter, the first file that is opened would get the number of a closed stream, and
    whatever a library prints would end up in that file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=ERRORS)


def discard_output() -> None:
    """Send what is still to be written to standard output nowhere, so that exiting cannot fail."""
    try:
        target = os.open(os.devnull, os.O_WRONLY)
        os.dup2(target, sys.stdout.fileno())
        os.close(target)
    except (OSError, ValueError, AttributeError):
        return


def _escape(character: str) -> str:
    """Return a visible escape of a character; of a byte of a name that is not UTF-8, the byte."""
    if character in SHORT:
        return SHORT[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    width, letter = (2, "x") if code < 0x100 else (4, "u") if code < 0x10000 else (8, "U")
    return f"\\{letter}{code:0{width}x}"


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Replace what a stream cannot encode."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(PLAIN.get(each) or _escape(each) for each in characters), error.end


codecs.register_error(ERRORS, _plain)
