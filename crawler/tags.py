"""Which sort of element a tag opens, and what stands in it: start tags as lexbor writes them, in well-formed markup."""

import re
from typing import Final


def listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


INLINE_TAGS = listed(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark q rp rt ruby s "
    "samp small span strike strong sub sup time tt u var wbr button object picture source area output meter progress"
)
SKIP_TAGS = listed(
    "script style template noscript head iframe object embed canvas audio video select datalist textarea "
    "input svg math-annotation noframes map"
)
BREAK_TAGS = listed("br hr")
VOID_TAGS = listed("area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr")
"""Elements that are written without an end tag (WHATWG HTML, 13.3, serialising fragments)."""

RAW_TAGS = listed("iframe noembed noframes plaintext script style xmp")
"""Elements whose text is written as it is, unescaped (WHATWG HTML, 13.3)."""

HEADINGS: Final = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}

# A name has no space in it, and a value no quotation mark.
_ATTRIBUTE = re.compile(r'\s([^\s=]+)(?:="([^"]*)")?')


def name_of(tag: str) -> str:
    """The name of the element that a start tag opens; `tag` is what stands between its angle brackets."""
    return tag.partition(" ")[0]


def attributes_of(tag: str) -> dict[str, str]:
    """A start tag's attributes by name."""
    if " " not in tag:
        return {}
    found: dict[str, str] = dict(_ATTRIBUTE.findall(tag))
    if "&" in tag:
        return {name: unescaped(value) if "&" in value else value for name, value in found.items()}
    return found


def unescaped(text: str) -> str:
    """A text or a value as it was before it was written as markup: these are all the references that are used."""
    text = text.replace("&nbsp;", "\xa0").replace("&lt;", "<").replace("&gt;", ">")
    return text.replace("&quot;", '"').replace("&amp;", "&")
