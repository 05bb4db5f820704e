"""What no real page has, cut out of a document's source because parsers are quadratic in it: depth, and attributes."""

import re
from collections.abc import Iterator

_CHUNK = 1 << 16
_DEEP = 3000
_MAX_DEPTH = 400
_MAX_FORMATTING = 32
_MOST_COPIES = 500_000
"""What a parser may copy of unclosed formatting: it opens each of them again in every block that follows."""

_TAG = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9\-]{0,40})[^<>]{0,2000}>?")
_FORMATTING = frozenset(
    (b"a", b"b", b"big", b"code", b"em", b"font", b"i", b"nobr", b"s", b"small", b"strike", b"strong", b"tt", b"u")
)
# A link closes the one before it, so links are not copied. In the strings of scripts, tags are closed by "<\/".
# The first letters by themselves are what makes the search quick: most tags are none of these.
_COPIED = re.compile(
    rb"<(\\?/)?(?=[bcefinstuBCEFINSTU])(?i:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s>/])"
)
_VOID = frozenset(
    (
        *(b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"param", b"source"),
        *(b"track", b"wbr"),
    )
)
_LONG = 20_000
_OPENING = re.compile(rb"<[a-zA-Z]")
_MAX_ATTRIBUTES = 1000


def bounded(source: bytes) -> bytes:
    """The source (in UTF-8) as it may be parsed: nearly always as it came."""
    crowds = [(start, end) for start, end in _long_tags(source) if _is_crowded(source[start:end])]
    if crowds:
        source = _thinned(source, crowds)
    tags = source.count(b"<")
    if is_deep(source, tags):
        return flattened(source)
    return without_copies(source) if is_copied(source, tags) else source


def _long_tags(source: bytes) -> Iterator[tuple[int, int]]:
    """Where tags of more than 20,000 bytes begin and end. Their values may hold no ">", as nearly no long one does."""
    at = 0
    while len(source) - at > _LONG:
        last = source.rfind(b">", at, at + _LONG)
        if last < 0:
            last = source.find(b">", at + _LONG)
            last = last if last >= 0 else len(source)
            opening = _OPENING.search(source, at, last)
            if opening is not None and last - opening.end() >= _LONG:
                yield opening.start(), last
        at = last + 1


def _is_crowded(tag: bytes) -> bool:
    return len(tag.split(maxsplit=_MAX_ATTRIBUTES)) > _MAX_ATTRIBUTES


def _thinned(source: bytes, crowds: list[tuple[int, int]]) -> bytes:
    """Tags with a thousand attributes, without those that follow. A long one with few (an image as data) stays."""
    kept: list[bytes] = []
    at = 0
    for start, end in crowds:
        kept += (source[at:start], b" ".join(source[start:end].split(maxsplit=_MAX_ATTRIBUTES)[:-1]))
        at = end
    return b"".join((*kept, source[at:]))


def is_deep(source: bytes, tags: int) -> bool:
    """Whether more elements may lie within one another than in any real page. `tags`: how often "<" stands in it."""
    if tags <= 2 * _DEEP:
        return False
    depth = 0
    for start in range(0, len(source), _CHUNK):
        depth += source.count(b"<", start, start + _CHUNK) - 2 * source.count(b"</", start, start + _CHUNK)
        if depth > _DEEP:
            return True
    return False


def is_copied(source: bytes, tags: int) -> bool:
    """Whether formatting is left open so often that a parser would copy it without end."""
    if tags * tags <= 4 * _MOST_COPIES:
        return False
    found = _COPIED.findall(source)
    if len(found) * (tags - len(found)) <= _MOST_COPIES:
        return False
    still_open = most = 0
    for closes in found:
        still_open = max(0, still_open - 1) if closes else still_open + 1
        most = max(most, still_open)
    return most > _MAX_FORMATTING and most * tags > _MOST_COPIES


def without_copies(source: bytes) -> bytes:
    """The source without the formatting that is opened while much is open already: it means nothing to a reader."""
    still_open = 0

    def keep(match: re.Match[bytes]) -> bytes:
        nonlocal still_open
        still_open = max(0, still_open - 1) if match[1] else still_open + 1
        return match[0] if match[1] or still_open <= _MAX_FORMATTING else b"<wbr"

    return _COPIED.sub(keep, source)


def flattened(source: bytes) -> bytes:
    """The source without the tags that would open elements deeper than that."""
    depth = formatting = 0

    def keep(match: re.Match[bytes]) -> bytes:
        nonlocal depth, formatting
        tag = match[2].lower()
        if tag in _VOID:
            return match[0]
        step = -1 if match[1] else 1
        if tag in _FORMATTING:
            formatting = max(0, formatting + step)
            return match[0] if formatting <= _MAX_FORMATTING else b" "
        depth = max(0, depth + step)
        return match[0] if depth <= _MAX_DEPTH or tag in (b"p", b"li", b"td", b"th", b"tr") else b" "

    return _TAG.sub(keep, source)
