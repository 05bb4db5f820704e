"""The beginning of a long page, read by itself: nearly always it settles that there is content, and much more cheaply.

What a beginning says, the whole page says: a parser only adds to what it has made, and what hides a passage stands
before it. What a beginning does not say, the rest may.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crawler.blocks import is_prose
from crawler.contexts import CONTEXTS, SKIP, Context
from crawler.html import parse, title_of
from crawler.tags import BREAK_TAGS, SKIP_TAGS
from crawler.text import visible

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_LANDMARKS: Final = (b"<h1", b"<main", b"<article")
"""Where content begins on nearly all pages. Whatever else these meet (a string in a script), it only costs time."""

_BEYOND: Final = 14_000
"""Bytes of markup from there on that mostly hold 1,500 characters of content (four of five pages measured)."""

_LARGE: Final = 0.6
"""A beginning that is more than this share of its page is not worth reading by itself."""

_PASSAGES: Final = "p,li,dd,td"
_MOST_NAMES: Final = 500


def beginning_of(encoded: bytes) -> "LexborHTMLParser | None":
    """The tree of a page's beginning (of a source in UTF-8); None where the whole page is read as quickly."""
    landmarks = [at for mark in _LANDMARKS if (at := encoded.find(mark)) >= 0]
    cut = min(landmarks, default=0) + _BEYOND
    return parse(encoded[:cut]) if cut <= _LARGE * len(encoded) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sure:
    """What the whole page has, too: a title, so many characters of content, and elements of these ids among others."""

    title: str
    content: int
    names: frozenset[str]


def surely_said(tree: "LexborHTMLParser", *, enough: int) -> Sure | None:
    """What a tree surely has, if so many characters of content stand in its passages; else None.

    A reader of the whole page finds all of it, and more: what stands in links and in bold type is not counted, and
    what a button would open is taken for hidden.
    """
    said = 0
    root = tree.root
    contexts: dict[int, Context | None] = {} if root is None else {root.mem_id: CONTEXTS.outermost()}
    for passage in tree.css(_PASSAGES):
        text = visible(passage.text(deep=False))
        if is_prose(text):
            context = _context_in(passage, contexts)
            if context is not None and _is_content(context):
                said += len(text)
                if said >= enough:
                    return Sure(title=_title(tree), content=said, names=_names(tree, contexts))
    return None


def _is_content(context: Context) -> bool:
    return not (context.hidden or context.chrome or context.unseen or context.masked)


def _title(tree: "LexborHTMLParser") -> str:
    """The title in the head, which has ended. One in the body (of a drawing, say) may break off with the beginning."""
    return title_of(tree) if tree.css_first("head > title") is not None else ""


def _names(tree: "LexborHTMLParser", contexts: dict[int, Context | None]) -> frozenset[str]:
    """The ids of the first elements that are read. Names only: a tree takes ten times as much memory as its page."""
    found = ((node.id, node) for node in tree.css("[id]")[:_MOST_NAMES] if node.tag != "html")
    return frozenset(name for name, node in found if name and _context_in(node, contexts) is not None)


def _context_in(node: "LexborNode", known: dict[int, Context | None]) -> Context | None:
    """What the open elements mean for a text in this one; None where it is passed over, or this is no place to tell."""
    above: list[LexborNode] = []
    at: LexborNode | None = node
    while at is not None and at.mem_id not in known:
        above.append(at)
        at = at.parent
    context = known[at.mem_id] if at is not None else None
    for element in reversed(above):
        context = _inside(context, element) if context is not None else None
        known[element.mem_id] = context
    return context


def _inside(outer: Context, element: "LexborNode") -> Context | None:
    if element.tag in SKIP_TAGS or element.tag in BREAK_TAGS or element.tag == "a":
        return None
    tag = _start_tag(element)
    step = outer.steps.get(tag) or CONTEXTS.step(outer, tag, frozenset)
    return None if step.sort == SKIP else step.inner


def _start_tag(element: "LexborNode") -> str:
    """An element's start tag as a tree is written, without its brackets."""
    said = [
        f'{name}="{(value or "").replace("&", "&amp;").replace(chr(34), "&quot;")}"'
        for name, value in element.attributes.items()
    ]
    return " ".join((element.tag or "", *said))
