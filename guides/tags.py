"""HTML as a flat run of tags and texts with exact offsets (a part of WHATWG's tokenisation, in linear time).

The standard library's parser gives a tag's position but not that of an attribute's value, which is what a citation
points at.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.entities import html5

_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][^\s/>]*)")
_ATTRIBUTE = re.compile(
    r"""[\s/]*(?P<name>[^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s>"'][^\s>]*)))?"""
)
_MARKUP = re.compile(r"<(?=[A-Za-z!?]|/[A-Za-z])")
_GAP = re.compile(r"[\s/]*")
_RAW = frozenset({"script", "style", "textarea", "title", "template", "noscript", "iframe", "xmp"})
_SPACE = re.compile(r"\s+")
_REFERENCE = re.compile(r"&(?:#(?:[0-9]+|[xX][0-9a-fA-F]+);?|(?P<name>[A-Za-z][A-Za-z0-9]*)(?P<end>;?))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A start or end tag. `attributes` map a name to its decoded value and the offset where the value begins."""

    name: str
    start: int
    end: int
    closing: bool = False
    attributes: dict[str, tuple[str, int]] = field(default_factory=dict)

    def get(self, name: str) -> str:
        return self.attributes.get(name, ("", 0))[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Character data, `raw` as it stands in the file; the content of `<script>` and the like is one text."""

    raw: str
    start: int

    @property
    def words(self) -> str:
        """Decoded, with runs of white space as one space; kept at the ends."""
        return _SPACE.sub(" ", html.unescape(self.raw))


def scan(text: str, start: int = 0) -> Iterator[Tag | Text]:
    """Tags and texts in order; comments, doctypes and processing instructions are left out."""
    at, size = start, len(text)
    while at < size:
        found = _MARKUP.search(text, at)
        if found is None:
            yield Text(raw=text[at:], start=at)
            return
        mark = found.start()
        if mark > at:
            yield Text(raw=text[at:mark], start=at)
        at = _aside(text, mark)
        if at > mark:
            continue
        tag = _tag(text, mark)
        if tag is None:
            yield Text(raw="<", start=mark)
            at = mark + 1
            continue
        yield tag
        at = tag.end
        if tag.name in _RAW and not tag.closing:
            closing = re.compile(rf"</{tag.name}(?=[\s/>])", re.IGNORECASE).search(text, at)
            end = closing.start() if closing else size
            if end > at:
                yield Text(raw=text[at:end], start=at)
            at = end


def _aside(text: str, at: int) -> int:
    """The end of a comment, doctype, CDATA section or processing instruction that begins here, or `at`."""
    for opening, closing in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<!", ">"), ("<?", ">")):
        if text.startswith(opening, at):
            end = text.find(closing, at + len(opening))
            if opening == "<!--" and text.startswith((">", "->"), at + 4):
                return text.index(">", at) + 1
            return len(text) if end < 0 else end + len(closing)
    return at


def _tag(text: str, at: int) -> Tag | None:
    head = _TAG.match(text, at)
    if head is None:
        return None
    attributes: dict[str, tuple[str, int]] = {}
    pos = head.end()
    while True:
        found = _ATTRIBUTE.match(text, pos)
        if found is None:
            break
        pos = found.end()
        value = next((kind for kind in ("double", "single", "bare") if found[kind] is not None), None)
        if value is not None:
            attributes.setdefault(found["name"].lower(), (_decoded(found[value]), found.start(value)))
        elif text.startswith("=", pos):
            pos += 1  # a quote that is never closed: the value is left out, the tag goes on
    gap = _GAP.match(text, pos)
    pos = gap.end() if gap else pos
    end = pos + 1 if text.startswith(">", pos) else len(text)
    return Tag(name=head["name"].lower(), start=at, end=end, closing=bool(head["end"]), attributes=attributes)


def _decoded(value: str) -> str:
    """An attribute's value. A name without its semicolon stands for itself before `=` and letters: `?a=1&copy=2` is an
    address as it is written (HTML, section 13.2.5.73).
    """
    return _REFERENCE.sub(_character, value) if "&" in value else value


def _character(found: re.Match[str]) -> str:
    name = found["name"]
    if name is None:
        return html.unescape(found[0])
    if found["end"] == ";":
        return html5.get(f"{name};", found[0])
    follows = found.string[found.end() : found.end() + 1]
    return found[0] if follows == "=" else html5.get(name, found[0])
