"""Mutations: change bytes and text in ways that files are damaged, or that an attacker would."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

NUMBERS = (0, 1, 2, 127, 128, 255, 256, 32767, 65535, 65536, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)
TOKENS = (
    ": ", "- ", "{", "}", "[", "]", "\n", "  ", "&a ", "*a", "<<: *a", "!!python/object:os.system ",
    "!!int ", "!!float ", "!!binary ", "!!set ", "null", "~", "true", ".nan", ".inf", "-.inf", "0", "-1",
    "1e308", "1e999", "9" * 40, "0x7f", "1_000", "2026-13-45", "'", '"', "|", ">", "#", "%", "@", "\t",
    "\x00", "\x1b[2J", "\ud7ff", "é", "😀", "../", "/etc/passwd", "http://x/", "lambda: 0", "__class_fullname__",
)  # fmt: skip
WORDS = (
    b"\xff\xd8",
    b"\xff\xd9",
    b"\xff\xda",
    b"IEND",
    b"IDAT",
    b"tRNS",
    b"VP8X",
    b"II*\0",
    b"BM",
    b"\0" * 8,
)


def mutate_bytes(rng: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """Return `data` after one to five changes; half of them are in its first bytes."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
        if not changed:
            changed = bytearray(rng.choice(seeds))
        end = len(changed) if rng.random() < 0.5 else min(len(changed), 120)
        rng.choice(BYTE_CHANGES)(rng, changed, rng.randrange(end), seeds)
    return bytes(changed)


ByteChange = Callable[[random.Random, bytearray, int, Sequence[bytes]], None]


def _flip(rng: random.Random, data: bytearray, at: int, _seeds: Sequence[bytes]) -> None:
    data[at] ^= 1 << rng.randrange(8)


def _set(rng: random.Random, data: bytearray, at: int, _seeds: Sequence[bytes]) -> None:
    data[at] = rng.choice((0, 1, 2, 8, 16, 127, 128, 255, rng.randrange(256)))


def _number(rng: random.Random, data: bytearray, at: int, _seeds: Sequence[bytes]) -> None:
    size = rng.choice((2, 4, 4, 8))
    order = rng.choice(("little", "big"))
    number = rng.choice((*NUMBERS, len(data), len(data) - at, rng.randrange(1 << 16)))
    data[at : at + size] = (number % (1 << 8 * size)).to_bytes(size, order)  # type: ignore[arg-type]


def _cut(rng: random.Random, data: bytearray, at: int, _seeds: Sequence[bytes]) -> None:
    del data[max(at, 1) :]


def _remove(rng: random.Random, data: bytearray, at: int, _seeds: Sequence[bytes]) -> None:
    del data[at : at + rng.choice((1, 2, 4, 16, 100))]


def _insert(rng: random.Random, data: bytearray, at: int, _seeds: Sequence[bytes]) -> None:
    data[at:at] = rng.choice((rng.randbytes(rng.choice((1, 2, 4, 30))), rng.choice(WORDS)))


def _repeat(rng: random.Random, data: bytearray, at: int, _seeds: Sequence[bytes]) -> None:
    data[at:at] = data[at : at + rng.choice((1, 8, 40, 400))] * rng.choice((1, 2, 20))


def _swap(rng: random.Random, data: bytearray, at: int, _seeds: Sequence[bytes]) -> None:
    size, other = rng.choice((1, 4, 12, 64)), rng.randrange(len(data))
    first, second = data[at : at + size], data[other : other + size]
    if len(first) == len(second):
        data[at : at + size], data[other : other + size] = second, first


def _noise(rng: random.Random, data: bytearray, at: int, _seeds: Sequence[bytes]) -> None:
    size = min(rng.choice((4, 16, 100)), len(data) - at)
    data[at : at + size] = rng.randbytes(size)


def _splice(rng: random.Random, data: bytearray, at: int, seeds: Sequence[bytes]) -> None:
    other = rng.choice(seeds)
    if other:
        data[at:] = other[rng.randrange(len(other)) :]


BYTE_CHANGES: tuple[ByteChange, ...] = (
    _flip, _flip, _set, _set, _number, _number, _number, _cut, _remove, _insert, _repeat, _swap, _noise, _splice,
)  # fmt: skip


def mutate_text(rng: random.Random, text: str, seeds: Sequence[str]) -> str:
    """Return `text` after one to four changes of its characters, words or lines."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        lines = text.split("\n")
        line, at = rng.randrange(len(lines)), rng.randrange(len(text) + 1)
        kind = rng.randrange(8)
        if kind == 0:
            text = text[:at] + rng.choice(TOKENS) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + rng.choice((1, 3, 10)) :]
        elif kind == 2:
            lines.insert(line, rng.choice(rng.choice(seeds).split("\n")))
            text = "\n".join(lines)
        elif kind == 3:
            del lines[line]
            text = "\n".join(lines)
        elif kind == 4:
            lines[line] = rng.choice(("  ", "")) + lines[line].strip()
            text = "\n".join(lines)
        elif kind == 5:
            head, colon, _value = lines[line].partition(":")
            lines[line] = head + colon + " " + rng.choice(TOKENS)
            text = "\n".join(lines)
        elif kind == 6:
            text = text[:at] + chr(rng.randrange(1, 0x500)) + text[at + 1 :]
        else:
            digits = [i for i, char in enumerate(text) if char.isdigit()]
            if digits:
                at = rng.choice(digits)
                text = (
                    text[:at]
                    + rng.choice(("0", "-1", "99999999", "1e9", ".5", "x"))
                    + text[at + 1 :]
                )
    return text
