"""The elements of an XML document, each with its place in the text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import ParseError

from expand.errors import BadImageError, ExpandError

MOST, DEEPEST = 200_000, 32
"""Elements of a document, and how deep they can be nested."""


@dataclass(slots=True, eq=False)
class Element:
    """An element; its places are offsets in the UTF-8 text of its document."""

    tag: str
    line: int
    begin: int
    close: int = 0
    """Where its end tag begins; of one that is a single tag (<depth/>), where it ends."""
    value: str = ""
    """Its own text, without that of the elements in it, and without white space around it."""
    children: list[Element] = field(default_factory=list)

    def all(self, tag: str) -> list[Element]:
        """Return the elements of a name in it."""
        return [child for child in self.children if child.tag == tag]

    def find(self, tag: str) -> Element | None:
        """Return the first element of a name in it."""
        for child in self.children:
            if child.tag == tag:
                return child
        return None

    def named(self) -> dict[str, list[Element]]:
        """Return the elements in it by their names."""
        named: dict[str, list[Element]] = {}
        for child in self.children:
            named.setdefault(child.tag, []).append(child)
        return named


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

    builder = _Builder(name)
    parser = _parser_class()(target=builder, encoding="utf-8")
    builder.listen(parser.parser)
    try:
        parser.feed(data)
        parser.close()
    except ParseError as error:
        line = error.position[0]
        reason = str(error).partition(": line ")[0]
        raise BadImageError(f'"{name}", line {line}: is not well-formed XML: {reason}') from error
    except DefusedXmlException as error:
        raise BadImageError(f'"{name}" declares entities, which are not expanded') from error
    assert builder.root
    return builder.root


class _Builder:
    """Builds the elements of a document from the events of its parser."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.expat: Any = None
        self.root: Element | None = None
        self.open: list[Element] = []
        self.texts: list[list[str]] = []
        self.count = 0

    def listen(self, expat: Any) -> None:
        """Get the events of expat, which knows the places of elements, and not those of a parser.

        The parser would call as many functions of its own; it refuses declarations all the same.
        """
        self.expat = expat
        expat.StartElementHandler, expat.EndElementHandler = self.start, self.end
        expat.CharacterDataHandler = self.data

    def start(self, tag: str, attributes: object) -> None:
        """Begin an element; raise BadImageError for too many, or too many in each other."""
        open_, line = self.open, self.expat.CurrentLineNumber
        self.count += 1
        if self.count > MOST or len(open_) >= DEEPEST:
            raise BadImageError(
                f'"{self.name}", line {line}: has more than {MOST:,} elements, or more than '
                f"{DEEPEST} in each other"
            )
        if "}" in tag:  # after the address of its namespace
            tag = tag.rpartition("}")[2]
        element = Element(tag, line, self.expat.CurrentByteIndex)
        if open_:
            open_[-1].children.append(element)
        else:
            self.root = element
        open_.append(element)
        self.texts.append([])

    def end(self, tag: str) -> None:
        """End the element that began last."""
        element = self.open.pop()
        element.close = self.expat.CurrentByteIndex
        element.value = "".join(self.texts.pop()).strip()

    def data(self, text: str) -> None:
        if self.texts:
            self.texts[-1].append(text)

    def close(self) -> None:
        """Nothing is left to do at the end."""
