"""An XML document with the place of each element, so that single texts in it can be replaced.

All else stays as it is, to the byte: comments, unknown elements, attributes, order, indentation,
line ends and encoding.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape

from expand.errors import BadImageError, ExpandError, shown

LARGEST = 16 << 20
"""Bytes of an annotation; one of a thousand objects has about 400,000."""
MOST, DEEPEST = 200_000, 32
"""Elements of a document, and how deep they can be nested."""
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
START_TAG = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*+>""")
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that names of files can have and XML cannot."""
COMMENT = re.compile(rb"(<!--.*?-->)", re.DOTALL)
SPACE = b" \t\r\n"


@dataclass(slots=True, eq=False)
class Element:
    """An element; its places are offsets in the UTF-8 text of its document."""

    tag: str
    line: int
    begin: int
    inner: int = 0
    """Where its content begins."""
    outer: int = 0
    """Where its content ends."""
    end: int = 0
    text: str = ""
    """Its own text, without that of the elements in it."""
    children: list[Element] = field(default_factory=list)

    @property
    def value(self) -> str:
        """The text without white space around it."""
        return self.text.strip()

    def all(self, tag: str) -> list[Element]:
        """Return the elements of a name in it."""
        return [child for child in self.children if child.tag == tag]

    def find(self, tag: str) -> Element | None:
        """Return the first element of a name in it."""
        return next((child for child in self.children if child.tag == tag), None)


class Patch(NamedTuple):
    """New bytes for a part of a document."""

    begin: int
    end: int
    data: bytes


@dataclass(frozen=True)
class Document:
    """A parsed document."""

    root: Element
    data: bytes
    """Its text in UTF-8, whatever its own encoding is."""
    encoding: str
    bom: bytes

    @classmethod
    def parse(cls, name: str, data: bytes) -> Document:
        """Parse the bytes of a file; raise BadImageError, with its name and the line."""
        if len(data) > LARGEST:
            raise BadImageError(f"{name}: has more than {LARGEST:,} bytes")
        bom, encoding = _encoding(name, data)
        try:
            text = data[len(bom) :].decode(encoding)
        except UnicodeDecodeError as error:
            line = 1 + data[: error.start].count(b"\n")
            raise BadImageError(
                f"{name}, line {line}: has bytes that are not {encoding.upper()}"
            ) from error
        utf8 = text.encode()
        return cls(_parse(name, utf8), utf8, encoding, bom)

    def patched(self, patches: Iterable[Patch]) -> bytes:
        """Return the file with some parts replaced; they must not overlap."""
        text = self.part(0, len(self.data), patches).decode()
        return self.bom + text.encode(self.encoding, "xmlcharrefreplace")

    def part(self, begin: int, end: int, patches: Iterable[Patch] = ()) -> bytes:
        """Return a part of the text, with what is replaced in it."""
        pieces, at = [], begin
        for patch in sorted(patches):
            pieces += [self.data[at : patch.begin], patch.data]
            at = patch.end
        return b"".join([*pieces, self.data[at:end]])

    def space_before(self, element: Element) -> bytes:
        """Return the white space before an element."""
        at = element.begin
        while at and self.data[at - 1] in SPACE:
            at -= 1
        return self.data[at : element.begin]

    def set_text(self, element: Element, text: str) -> Patch:
        """Return what replaces the text of an element without elements in it.

        White space and comments beside the text stay.
        """
        new = escape(ILLEGAL.sub("\ufffd", text)).encode()
        if element.inner == element.end:  # <depth/>
            tag = self.data[element.begin : element.end].rstrip(b">").rstrip(b"/").rstrip(SPACE)
            name = tag.split(None, 1)[0][1:]
            return Patch(element.begin, element.end, tag + b">" + new + b"</" + name + b">")
        pieces = COMMENT.split(self.data[element.inner : element.outer])
        filled = [index for index in range(0, len(pieces), 2) if pieces[index].strip(SPACE)]
        if len(filled) == 1 and b"<" not in (piece := pieces[filled[0]]):
            pieces[filled[0]] = piece.replace(piece.strip(SPACE), new, 1)
        else:  # none, a CDATA section, or a comment in the middle
            pieces = [new, *pieces[1::2]]
        return Patch(element.inner, element.outer, b"".join(pieces))

    def remove(self, element: Element) -> Patch:
        """Return what removes an element, with the white space before it."""
        return Patch(element.begin - len(self.space_before(element)), element.end, b"")


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
            f"{name}, line 1: has the encoding {shown(declared)}, which is not read"
        )
    # files that are called GB2312 have characters of its successors
    return b"", "gb18030" if encoding in ("gb2312", "gbk") else encoding


def check_installed() -> None:
    """Raise ExpandError if the parser is not installed."""
    _parser_class()


def _parser_class() -> Any:
    try:
        from defusedxml.ElementTree import XMLParser
    except ImportError as error:
        raise ExpandError(
            'XML labels need defusedxml: pip install "expand-train[labels]"'
        ) from error
    return XMLParser


def _parse(name: str, data: bytes) -> Element:
    """Parse UTF-8 bytes; entities are not expanded."""
    from defusedxml.common import DefusedXmlException

    builder = _Builder(name, data)
    parser = _parser_class()(target=builder, encoding="utf-8")
    builder.expat = parser.parser
    try:
        parser.feed(data)
        parser.close()
    except ParseError as error:
        line = error.position[0]
        reason = str(error).partition(": line ")[0]
        raise BadImageError(f"{name}, line {line}: is no well-formed XML: {reason}") from error
    except DefusedXmlException as error:
        raise BadImageError(f"{name}: declares entities, which are not expanded") from error
    assert builder.root
    return builder.root


class _Builder:
    """Builds the elements of a document from the events of its parser."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.document = name, data
        self.expat: Any = None
        self.root: Element | None = None
        self.open: list[Element] = []
        self.texts: list[list[str]] = []
        self.count = 0

    def start(self, tag: str, attributes: object) -> None:
        begin, line = self.expat.CurrentByteIndex, self.expat.CurrentLineNumber
        self.count += 1
        if self.count > MOST or len(self.open) >= DEEPEST:
            raise BadImageError(
                f"{self.name}, line {line}: has more than {MOST:,} elements, or more than "
                f"{DEEPEST} in each other"
            )
        element = Element(tag.rpartition("}")[2], line, begin)
        match = START_TAG.match(self.document, begin)
        assert match
        element.inner = match.end()
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)
        self.texts.append([])

    def end(self, tag: str) -> None:
        element, at = self.open.pop(), self.expat.CurrentByteIndex
        element.text = "".join(self.texts.pop())
        if self.document[element.inner - 2] == ord("/"):  # <depth/>
            element.outer = element.end = element.inner
        else:
            element.outer, element.end = at, self.document.index(b">", at) + 1

    def data(self, text: str) -> None:
        if self.open:
            self.texts[-1].append(text)

    def close(self) -> None:
        """Nothing is left to do at the end."""
