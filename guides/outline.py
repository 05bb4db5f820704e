"""What a guide's text offers to others (anchors) and asks of its own site (links, citation numbers). Pure."""

import re
from collections.abc import Iterable
from typing import Any

from markdown_it.token import Token

from guides.inline import plain
from guides.tags import Tag, scan

_NUMBER = re.compile(r"(?<![\]\w!\\])\[(\d{1,4}(?:\s*,\s*\d{1,4})*)\](?![\[(:])")
_NOTE = re.compile(r"(?<![!\\])\[\^([^\]\s^\[]{1,100})\]")
_TICKS = re.compile("`+")
_EXPLICIT = re.compile(r"\{[^{}]*#([\w.:-]+)[^{}]*\}\s*$")
_NO_SLUG = re.compile(r"[^\w\- ]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_TEMPLATED = re.compile(r"\{[{%<]|^\s*$|^\\")


def is_inner(url: str) -> bool:
    """Whether a link stays within the site, and is written out (no template stands in it)."""
    return _SCHEME.match(url) is None and _TEMPLATED.search(url) is None


def numbers_in(content: str) -> list[tuple[int, int]]:
    """Citation numbers in a text, `[3]` or `[1, 2]`, each with its offset; none within code."""
    if "[" not in content:
        return []
    text = _without_code(content)
    return [
        (int(number[0]), found.start(1) + number.start())
        for found in _NUMBER.finditer(text)
        for number in re.finditer(r"\d+", found[1])
    ]


def notes_in(content: str) -> list[tuple[str, int]]:
    """The labels of footnotes referred to in a text, each with its offset."""
    if "[^" not in content:
        return []
    return [(found[1], found.start()) for found in _NOTE.finditer(_without_code(content))]


def _without_code(content: str) -> str:
    """Code spans blanked: from a run of backticks to the next run of its length (CommonMark 0.31, section 6.1)."""
    if "`" not in content:
        return content
    runs = [(found.start(), found.end()) for found in _TICKS.finditer(content)]
    closing: dict[int, tuple[int, int]] = {}
    spans: dict[tuple[int, int], int] = {}
    for start, end in reversed(runs):
        if end - start in closing:
            spans[start, end] = closing[end - start][1]
        closing[end - start] = (start, end)
    pieces, at = [], 0
    for start, end in runs:
        if start >= at and (start, end) in spans:
            stop = spans[start, end]
            pieces += [content[at:start], " " * (stop - start)]
            at = stop
    return "".join((*pieces, content[at:]))


def anchors_of(tokens: Iterable[Token], env: dict[str, Any]) -> frozenset[str]:
    """Every anchor that a page made of this Markdown has: headings as GitHub names them, `{#id}`, HTML's `id`."""
    found: set[str] = set()
    taken: dict[str, int] = {}
    heading = False
    for token in tokens:
        if token.type == "heading_open":
            heading = True
        elif token.type == "inline":
            if heading:
                found |= _of_heading(token.content, taken)
            if "<" in token.content:
                found |= _ids(token.content)
            heading = False
        elif token.type == "html_block":
            found |= _ids(token.content)
    found |= {f"fn{label}" for label in env.get("footnotes", {}).get("refs", {})}
    return frozenset(found)


def _of_heading(content: str, taken: dict[str, int]) -> set[str]:
    explicit = _EXPLICIT.search(content)
    words = plain(content[: explicit.start()] if explicit else content)
    slug = _NO_SLUG.sub("", words.lower()).strip().replace(" ", "-")
    count = taken.get(slug, 0)
    taken[slug] = count + 1
    return {f"{slug}-{count}" if count else slug, *([explicit[1].lower()] if explicit else [])}


def _ids(text: str) -> set[str]:
    tags = (part for part in scan(text) if isinstance(part, Tag) and not part.closing)
    return {name.lower() for tag in tags for name in (tag.get("id"), tag.get("name")) if name}
