"""CSS selectors and XPath expressions of guides, applied to a page's source. Both come from people: bounded."""

from collections.abc import Iterable

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from crawler.blocks import Block
from crawler.html import parse, read_elements
from guides.selectors import css_mistake, xpath_mistake

_MAX_MATCHES = 5000
_MAX_XPATH_SOURCE = 10_000_000


class SelectorError(ValueError):
    """A selector that cannot be read or applied; the message is for people."""


def select_css(
    source: str, css: str, remove: tuple[str, ...] = (), *, end: str = "", whole: bool = True
) -> tuple[Block, ...]:
    """The blocks of the elements that a selector matches, in document order, less what `remove` matches.

    With `end`: of what stands from the first match to the next match of `end`, that one included if `whole`. Nothing
    where there is no such end.
    """
    tree = parse(source)
    matches = _matches(tree, css)
    chosen = _between(matches[0], _matches(tree, end), whole=whole) if end and matches else _outermost(matches)
    return read_elements(chosen, [node for selector in remove for node in _matches(tree, selector)], tree)


def _between(start: LexborNode, ends: list[LexborNode], *, whole: bool) -> list[LexborNode]:
    """The largest nodes from one element to the first of `ends` after it, in document order."""
    last = {node.mem_id for node in ends} - {start.mem_id}
    around = _around(node for node in ends if node.mem_id != start.mem_id)
    found: list[LexborNode] = []
    at: LexborNode | None = start
    while at is not None:
        if at.mem_id in last:
            return [*found, at] if whole else found
        if at.mem_id in around and at.child is not None:
            at = at.child
            continue
        found.append(at)
        while at is not None and at.next is None:
            at = at.parent
        at = at.next if at is not None else None
    return []


def _around(nodes: Iterable[LexborNode]) -> set[int]:
    """The elements that hold any of these."""
    found: set[int] = set()
    for node in nodes:
        above = node.parent
        while above is not None and above.mem_id not in found:
            found.add(above.mem_id)
            above = above.parent
    return found


def _matches(tree: LexborHTMLParser, selector: str) -> list[LexborNode]:
    if mistake := css_mistake(selector):
        raise SelectorError(mistake)
    try:
        return tree.css(selector)[:_MAX_MATCHES]
    except (SelectolaxError, ValueError) as error:
        raise SelectorError(f"the CSS selector “{selector[:200]}” cannot be read") from error


def _outermost(nodes: list[LexborNode]) -> list[LexborNode]:
    """Matches inside other matches are read with them, not twice."""
    chosen = {node.mem_id for node in nodes}
    kept, seen = [], set()
    for node in nodes:
        above = node.parent
        while above is not None and above.mem_id not in chosen:
            above = above.parent
        if above is None and node.mem_id not in seen:
            seen.add(node.mem_id)
            kept.append(node)
    return kept


def select_xpath(source: str, xpath: str, remove: tuple[str, ...] = ()) -> tuple[Block, ...]:
    """The blocks of what an XPath 1.0 expression matches. No namespaces, no extension functions, no other files."""
    if mistake := xpath_mistake(xpath):
        raise SelectorError(mistake)
    if len(source) > _MAX_XPATH_SOURCE:
        raise SelectorError("the page is too large for an XPath expression")
    # Few guides have one, and lxml takes 8 MB.
    from lxml import etree
    from lxml import html as lxml_html

    try:
        expression = etree.XPath(xpath, regexp=False, smart_strings=False)
        parser = lxml_html.HTMLParser(no_network=True, encoding="utf-8")
        root = lxml_html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)
        found = expression(root)
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise SelectorError(f"the XPath expression “{xpath[:200]}” cannot be applied") from error
    markup = [piece for piece in map(_markup, found if isinstance(found, list) else [found]) if piece][:_MAX_MATCHES]
    tree = parse("<body>" + "".join(f"<div>{piece}</div>" for piece in markup))
    left_out = [node for selector in remove for node in _matches(tree, selector)]
    return read_elements([tree.body] if tree.body is not None else [], left_out, tree)


def _markup(found: object) -> str:
    from lxml import etree
    from lxml import html as lxml_html

    if etree.iselement(found):
        return str(lxml_html.tostring(found, encoding="unicode", with_tail=False))
    if isinstance(found, bool):
        return ""
    return str(found).replace("&", "&amp;").replace("<", "&lt;")
