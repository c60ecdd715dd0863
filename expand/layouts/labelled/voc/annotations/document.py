"""An XML document with the place of each element, so that single texts in it can be replaced.

All else stays as it is, to the byte: comments, unknown elements, attributes, order, indentation,
line ends and encoding.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from typing import NamedTuple

from expand.errors import BadImageError, shown
from expand.layouts.labelled.voc.annotations.elements import Element, parse_elements

LARGEST = 16 << 20
"""Bytes of an annotation; one of a thousand objects has about 400,000."""
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
"""What files begin with that have no declaration in ASCII."""
DECLARED = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z][\w.-]*)["']""")
KNOWN = re.compile(r"utf-8\Z|ascii|iso8859|cp\d|gb|big5|euc|shift_jis|koi8|mac-|hz|johab|tis-620")
"""Python's names of the encodings that are read."""
ILLEGAL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that names of files can have and XML cannot."""
START_TAG = re.compile(rb"""<[^>"']*+(?:(?:"[^"]*"|'[^']*')[^>"']*+)*+>""")
COMMENT = re.compile(rb"(<!--.*?-->)", re.DOTALL)
SPACE = b" \t\r\n"


Patch = tuple[int, int, bytes]
"""Where a part of a document begins and ends, and its new bytes."""


class Slot(NamedTuple):
    """Where the text of an element is, and what is to be written beside a new one."""

    begin: int
    end: int
    before: bytes = b""
    after: bytes = b""


@dataclass(frozen=True)
class Document:
    """A parsed document."""

    root: Element
    data: bytes
    """Its text in UTF-8, whatever its own encoding is."""
    encoding: str
    bom: bytes
    slots: dict[Element, Slot] = field(default_factory=dict)
    """Those that were asked for: each view of an image asks for the same ones."""

    @classmethod
    def parse(cls, name: str, data: bytes) -> Document:
        """Parse the bytes of a file; raise BadImageError, with its name and the line."""
        if len(data) > LARGEST:
            raise BadImageError(f'"{name}" has more than {LARGEST:,} bytes')
        bom, encoding = _encoding(name, data)
        try:
            text = data[len(bom) :].decode(encoding)
        except UnicodeDecodeError as error:
            line = 1 + data[: error.start].count(b"\n")
            raise BadImageError(
                f'"{name}", line {line}: has bytes that are not {encoding.upper()}'
            ) from error
        utf8 = text.encode()
        return cls(parse_elements(name, utf8), utf8, encoding, bom)

    def patched(self, patches: Iterable[Patch]) -> bytes:
        """Return the file with some parts replaced; they must not overlap."""
        data = self.part(0, len(self.data), patches)
        if self.encoding != "utf-8":
            data = data.decode().encode(self.encoding, "xmlcharrefreplace")
        return self.bom + data

    def part(self, begin: int, end: int, patches: Iterable[Patch] = ()) -> bytes:
        """Return a part of the text, with what is replaced in it."""
        pieces, at = [], begin
        for first, last, new in sorted(patches):
            pieces += [self.data[at:first], new]
            at = last
        return b"".join([*pieces, self.data[at:end]])

    def end(self, element: Element) -> int:
        """Return where an element ends."""
        single = self._start_tag(element).endswith(b"/>")
        return element.close if single else self.data.index(b">", element.close) + 1

    def _is_plain(self, element: Element) -> bool:
        """Tell whether an element has nothing but text in it, as far as tags can tell."""
        return self.data.find(b"<", element.begin + 1, element.close) < 0

    def _start_tag(self, element: Element) -> bytes:
        match = START_TAG.match(self.data, element.begin)
        assert match
        return match[0]

    def space_before(self, element: Element) -> bytes:
        """Return the white space before an element."""
        at = element.begin
        while at and self.data[at - 1] in SPACE:
            at -= 1
        return self.data[at : element.begin]

    def set_text(self, element: Element, text: str) -> Patch:
        """Return what replaces the text of an element without elements in it."""
        return self.set_number(element, escape(ILLEGAL.sub("\ufffd", text), quote=False))

    def set_number(self, element: Element, text: str) -> Patch:
        """Do the same with a number, whose characters XML has as they are.

        White space and comments beside the old text stay.
        """
        slot = self.slots.get(element)
        if slot is None:
            slot = self.slots[element] = self._slot(element)
        begin, end, before, after = slot
        return begin, end, before + text.encode() + after

    def _slot(self, element: Element) -> Slot:
        text, end = element.value.encode(), element.close
        begin = end - len(text)
        if text and self.data[begin - 1 : end] == b">" + text and self._is_plain(element):
            return Slot(begin, end)  # as nearly all are
        tag = self._start_tag(element)
        if tag.endswith(b"/>"):  # <depth/>
            tag = tag[:-2].rstrip(SPACE)
            return Slot(element.begin, end, tag + b">", b"</" + tag.split(None, 1)[0][1:] + b">")
        begin = element.begin + len(tag)
        content = self.data[begin:end]
        pieces = COMMENT.split(content)
        filled = [index for index in range(0, len(pieces), 2) if pieces[index].strip(SPACE)]
        if len(filled) == 1 and b"<" not in (piece := pieces[filled[0]]):
            begin += sum(map(len, pieces[: filled[0]])) + len(piece) - len(piece.lstrip(SPACE))
            return Slot(begin, begin + len(piece.strip(SPACE)))
        # none, a CDATA section, or a comment in the middle
        return Slot(begin, end, after=b"".join(pieces[1::2]))

    def remove(self, element: Element) -> Patch:
        """Return what removes an element, with the white space before it."""
        return element.begin - len(self.space_before(element)), self.end(element), b""


def _encoding(name: str, data: bytes) -> tuple[bytes, str]:
    """Return the byte order mark and the encoding of a file."""
    for start, encoding in BOMS:
        if data.startswith(start):
            return (b"" if b"<" in start else start), encoding
    found = DECLARED.match(data.lstrip(SPACE)[:200])
    declared = found[1].decode() if found else "utf-8"
    try:
        encoding = codecs.lookup(declared).name
    except (LookupError, ValueError):
        encoding = ""
    if not KNOWN.match(encoding):
        raise BadImageError(
            f'"{name}", line 1: has the encoding {shown(declared)}, which is not read'
        )
    # files that are called GB2312 have characters of its successors
    return b"", "gb18030" if encoding in ("gb2312", "gbk") else encoding
