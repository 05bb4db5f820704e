"""HTML → blocks, with selectolax (lexbor): parsing, what a page says of itself, and what only the whole can settle."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.blocks import Block, Head, Page
from crawler.nesting import bounded
from crawler.noscript import with_closed_frames
from crawler.text import visible
from crawler.walk import Walk

_OWN_TEXT = 300
_MOST_FOR_LINKS = 2_000_000
_OVERLAYS = ("dialog", "consent?", "overlay?")


def parse(source: str) -> LexborHTMLParser:
    """The tree of a document. Nesting beyond any real page's is cut first: parsers are quadratic in it."""
    return LexborHTMLParser(bounded(with_closed_frames(source)))


def read_xml(source: str, url: str) -> Page:
    """The text of each element. No entities are expanded and no other file is read."""
    plain = source.replace("<![CDATA[", "").replace("]]>", "")
    tree = parse(plain)
    walk = Walk(all_blocks=True)
    if tree.root is not None:
        walk.over(tree.root)
    return Page(kind="xml", head=head_of(tree), blocks=tuple(walk.blocks), anchors=walk.anchors, source=source, url=url)


def read_elements(selected: Iterable[LexborNode], skip: frozenset[int], tree: LexborHTMLParser) -> tuple[Block, ...]:
    """The blocks of some elements of a tree, less those in `skip`."""
    walk = Walk(skip=skip, controlled=controlled_by(tree))
    for node in selected:
        walk.over(node)
    return settle_doubts(walk.blocks)


def controlled_by(tree: LexborHTMLParser) -> frozenset[str]:
    found: set[str] = set()
    for node in tree.css("[aria-controls],[data-target],[data-bs-target]")[:20_000]:
        for name in ("aria-controls", "data-target", "data-bs-target"):
            found.update((node.attributes.get(name) or "").replace("#", " ").split()[:20])
    return frozenset(found)


def settle_doubts(blocks: list[Block]) -> tuple[Block, ...]:
    """What a class name or a hiding attribute hints at holds only where the text agrees.

    A "cookie" box with the better part of the text is a page about cookies; a "menu" without links is a list; and
    where nearly all text is hidden, a dialog lies over the page or a script would have shown it.
    """
    shown = sum(len(block.text) for block in blocks if not block.hidden and block.chrome not in _OVERLAYS)
    hidden = sum(len(block.text) for block in blocks if block.hidden and block.chrome not in _OVERLAYS)
    overlaid = any(block.chrome in _OVERLAYS for block in blocks)
    veiled = hidden > 2 * shown and (hidden > 500 or (overlaid and not shown))
    total = (shown + (hidden if veiled else 0)) or 1
    consent = sum(len(block.text) for block in blocks if block.chrome == "consent?" and not block.hidden)
    nav = sum(len(block.text) for block in blocks if block.chrome == "nav" and not block.hidden)
    is_consent = consent < total
    overlay = sum(len(block.text) for block in blocks if block.chrome == "overlay?" and not block.hidden)
    rest = sum(len(block.text) for block in blocks if block.chrome in ("", "named?") and not block.hidden)
    is_overlay = rest >= min(_OWN_TEXT, overlay)
    settled = []
    for block in blocks:
        chrome = block.chrome
        if chrome == "consent?":
            chrome = "dialog" if is_consent else ""
        elif chrome == "overlay?":
            chrome = "dialog" if is_overlay else ""
        elif chrome == "named?":
            chrome = "nav" if block.link_share > 0.6 and len(block.text) < 100 else ""
        elif chrome == "nav" and nav > 0.7 * total:
            chrome = ""
        unveiled = veiled and block.hidden and chrome != "dialog"
        settled.append(
            replace(block, chrome=chrome, hidden=block.hidden and not unveiled)
            if chrome != block.chrome or unveiled
            else block
        )
    return tuple(settled)


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
        generator=metas.get("generator", ""),
        scripts=tuple((node.attributes.get("src") or "")[:300] for node in scripts[:200] if node.attributes.get("src")),
        script_chars=sum(len(node.text_content or "") for node in _texts(scripts[:500])),
        password_fields=len(tree.css("input[type=password]")[:10]),
        forms=len(tree.css("form")[:100]),
        frames=len(tree.css("iframe,frame")[:100]),
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
