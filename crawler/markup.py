"""What can be asked of markup without reading it as a page: the text in it, places on it, ids that buttons open.

Markup here is well-formed, as lexbor writes its trees, and has no comments: "<" and ">" stand for tags alone.
"""

import re
from collections.abc import Iterator
from html import unescape

from crawler.tags import BREAK_TAGS, name_of, unescaped

_VALUE = re.compile(r"""\s*=\s*(?:"([^"<]{1,2000})"|'([^'<]{1,2000})'|([^\s"'<>]{1,200}))""")
_OPENERS = ("aria-controls", "data-target", "data-bs-target")
_MOST_OPENED = 20_000
_MOST_LOOKED_AT = 1_000


def without_comments(markup: str) -> str:
    """Markup as a tree is written, less its comments."""
    if "<!--" not in markup:
        return markup
    first, *rest = markup.split("<!--")
    return first + "".join([part.partition("-->")[2] for part in rest])


def text_of(markup: str) -> str:
    """All text, in order, with no more than white space between two parts of it."""
    return unescaped("\n".join([part.partition(">")[2] for part in f">{markup}".split("<")]))


def has_place(markup: str, name: str) -> bool | None:
    """Whether an element's `id`, or an anchor's `name`, is this; None where that is too hard to tell."""
    value = name.replace("&", "&amp;").replace("\xa0", "&nbsp;").replace('"', "&quot;")
    value = value.replace("<", "&lt;").replace(">", "&gt;")
    for attribute, only in (("id", ""), ("name", "a")):
        for looked_at, element in enumerate(_having(markup, f' {attribute}="{value}"')):
            if element is None or looked_at >= _MOST_LOOKED_AT:
                return None
            if element and element not in BREAK_TAGS and (not only or element == only):
                return True
    return False


def _having(markup: str, attribute: str) -> Iterator[str | None]:
    """The names of the elements with an attribute; "" where the words stand in a text, None where in another value."""
    at = markup.find(attribute)
    while at >= 0:
        start = markup.rfind("<", 0, at)
        if start < markup.rfind(">", 0, at):
            yield ""
        else:
            yield name_of(markup[start + 1 : at + 1]) if markup.count('"', start, at) % 2 == 0 else None
        at = markup.find(attribute, at + 1)


def controlled_in(source: str) -> frozenset[str]:
    """The ids of what buttons open, looked for in a page's source as it came."""
    found: set[str] = set()
    for word in _OPENERS:
        at = source.find(word)
        while at >= 0 and len(found) < _MOST_OPENED:
            at += len(word)
            if (value := _VALUE.match(source, at)) is not None:
                found.update(unescape(value[value.lastindex or 0]).replace("#", " ").split()[:20])
            at = source.find(word, at)
    return frozenset(found)
