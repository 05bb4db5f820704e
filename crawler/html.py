"""HTML read with selectolax (lexbor): parsing, a tree as well-formed markup, and what a page says of itself."""

from collections.abc import Iterable, Iterator, Sequence

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.blocks import Block, Head, Page
from crawler.contexts import LEFT_OUT
from crawler.doubts import settled, unsettled
from crawler.markup import without_comments
from crawler.nesting import bounded
from crawler.noscript import with_closed_frames
from crawler.tags import SKIP_TAGS
from crawler.text import visible
from crawler.walk import Walk

_STRIPPED = sorted(SKIP_TAGS)
_MOST_FOR_LINKS = 2_000_000


def parse(source: str | bytes) -> LexborHTMLParser:
    """The tree of a document (bytes: in UTF-8). What no real page has is cut first: parsers are quadratic in it."""
    encoded = source.encode("utf-8", "replace") if isinstance(source, str) else source
    return LexborHTMLParser(bounded(with_closed_frames(encoded)))


def body_markup(tree: LexborHTMLParser) -> str:
    """A tree's body as well-formed markup, without comments and without what is never text (`SKIP_TAGS`).

    Takes the tree apart: whoever holds nodes of it must not touch them any more.
    """
    root = tree.body or tree.root
    return _written(root) if root is not None else ""


def _written(node: LexborNode) -> str:
    if node.is_element_node:
        node.strip_tags(_STRIPPED)
    return without_comments(node.html or "")


def read_xml(source: str, url: str) -> Page:
    """The text of each element. No entities are expanded and no other file is read."""
    tree = parse(source.replace("<![CDATA[", "").replace("]]>", ""))
    head = head_of(tree)
    walk = Walk(xml=True)
    if tree.root is not None:
        walk.over(_written(tree.root))
    blocks = unsettled(walk.runs)
    return Page(kind="xml", head=head, blocks=blocks, anchors=walk.anchors, source=source, url=url)


def read_elements(
    selected: Sequence[LexborNode], left_out: Iterable[LexborNode], tree: LexborHTMLParser
) -> tuple[Block, ...]:
    """The blocks of some elements and texts of a tree, none of them inside another, less those in `left_out`.

    Takes the tree apart.
    """
    controlled = controlled_by(tree)
    name, value = LEFT_OUT
    for node in left_out:
        node.attrs[name] = value
    walk = Walk(controlled=lambda: controlled)
    for markup in [_written(node) for node in selected]:
        walk.over(markup)
    return settled(walk.runs)


def controlled_by(tree: LexborHTMLParser) -> frozenset[str]:
    """The ids of what buttons open."""
    found: set[str] = set()
    for node in tree.css("[aria-controls],[data-target],[data-bs-target]")[:20_000]:
        for name in ("aria-controls", "data-target", "data-bs-target"):
            found.update((node.attributes.get(name) or "").replace("#", " ").split()[:20])
    return frozenset(found)


def head_of(tree: LexborHTMLParser) -> Head:
    metas: dict[str, str] = {}
    for node in tree.css("meta")[:500]:
        attributes = node.attributes
        name = (attributes.get("name") or attributes.get("http-equiv") or attributes.get("property") or "").lower()
        metas.setdefault(name, (attributes.get("content") or "")[:2000])
    html = tree.css_first("html")
    scripts = tree.css("script")
    return Head(
        title=title_of(tree),
        language=((html.attributes.get("lang") if html is not None else "") or "").strip()[:40],
        canonical=_canonical(tree),
        robots=metas.get("robots", ""),
        refresh=metas.get("refresh", ""),
        noscript=visible(" ".join(node.text(separator=" ")[:2000] for node in tree.css("noscript")[:20])),
        scripts=tuple((node.attributes.get("src") or "")[:300] for node in scripts[:200] if node.attributes.get("src")),
        script_chars=sum(len(node.text_content or "") for node in _texts(scripts[:500])),
        password_fields=len(tree.css("input[type=password]")[:10]),
        forms=len(tree.css("form")[:100]),
    )


def title_of(tree: LexborHTMLParser) -> str:
    title = tree.css_first("head > title") or tree.css_first("title")
    return visible((title.text() if title is not None else "")[:2000])


def _texts(nodes: Iterable[LexborNode]) -> Iterator[LexborNode]:
    for node in nodes:
        child = node.first_child
        if child is not None:
            yield child


def links_in(source: str) -> Iterator[tuple[str, str]]:
    """The targets of a document's links as written, each with the words that are linked."""
    for node in parse(source[:_MOST_FOR_LINKS]).css("a[href]")[:5_000]:
        yield (node.attributes.get("href") or "")[:4_096], visible(node.text(separator=" ")[:300])


def _canonical(tree: LexborHTMLParser) -> str:
    node = tree.css_first("link[rel=canonical]")
    return ((node.attributes.get("href") or "")[:2000]) if node is not None else ""
