"""What no real page has, cut out of a document's source because parsers are quadratic in it: depth, and attributes."""

import re

_CHUNK = 1 << 16
_DEEP = 3000
_MAX_DEPTH = 400
_MAX_FORMATTING = 32
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9\-]{0,40})[^<>]{0,2000}>?")
_FORMATTING = frozenset(
    ("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u")
)
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)


_LONG_TAG = re.compile(r"<[a-zA-Z][^>]{20000}[^>]*")
_MAX_ATTRIBUTES = 1000


def bounded(source: str) -> str:
    """The source as it may be parsed: nearly always as it came."""
    if _LONG_TAG.search(source) is not None:
        source = _LONG_TAG.sub(_without_crowd, source)
    return flattened(source) if is_deep(source) else source


def _without_crowd(tag: re.Match[str]) -> str:
    """A tag with a thousand attributes, without those that follow. A long one with few (an image as data) stays."""
    parts = tag[0].split(maxsplit=_MAX_ATTRIBUTES)
    return tag[0] if len(parts) <= _MAX_ATTRIBUTES else " ".join(parts[:-1])


def is_deep(source: str) -> bool:
    """Whether more elements may lie within one another than in any real page."""
    if source.count("<") <= _DEEP:
        return False
    depth = 0
    for start in range(0, len(source), _CHUNK):
        depth += source.count("<", start, start + _CHUNK) - 2 * source.count("</", start, start + _CHUNK)
        if depth > _DEEP:
            return True
    return False


def flattened(source: str) -> str:
    """The source without the tags that would open elements deeper than that."""
    depth = formatting = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal depth, formatting
        tag = match[2].lower()
        if tag in _VOID:
            return match[0]
        step = -1 if match[1] else 1
        if tag in _FORMATTING:
            formatting = max(0, formatting + step)
            return match[0] if formatting <= _MAX_FORMATTING else " "
        depth = max(0, depth + step)
        return match[0] if depth <= _MAX_DEPTH or tag in ("p", "li", "td", "th", "tr") else " "

    return _TAG.sub(keep, source)
