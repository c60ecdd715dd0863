"""The elements of an XML document, each with its place in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import ParseError

from expand.errors import BadImageError, ExpandError

MOST, DEEPEST = 200_000, 32
"""Elements of a document, and how deep they can be nested."""
START_TAG = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*+>""")


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


def check_installed() -> None:
    """Raise ExpandError if the parser is not installed."""
    _parser_class()


def _parser_class() -> Any:
    try:
        from defusedxml.ElementTree import XMLParser
    except ImportError as error:
        raise ExpandError('XML labels need defusedxml: pip install ".[labels]"') from error
    return XMLParser


def parse_elements(name: str, data: bytes) -> Element:
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
        raise BadImageError(f'"{name}", line {line}: is no well-formed XML: {reason}') from error
    except DefusedXmlException as error:
        raise BadImageError(f'"{name}" declares entities, which are not expanded') from error
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
                f'"{self.name}", line {line}: has more than {MOST:,} elements, or more than '
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
