"""A page in HTML whose parts are read when they are first asked for: most links are judged without most of them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crawler.blocks import Block, Head, Page, Span
from crawler.html import controlled_by, head_of, parse, settle_doubts, title_of
from crawler.walk import SKIP, Walk

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

_NO_PLACES = (*SKIP, "br", "hr")
_SILENT = [tag for tag in SKIP if tag != "head"]
_Walked = tuple[tuple[Block, ...], Mapping[str, Span]]


class HtmlPage(Page):
    """Equal to nothing but itself, and not for several threads at a time."""

    __slots__ = ("_read_head", "_tree", "_walked")
    _read_head: Head | None
    _tree: "LexborHTMLParser | None"
    _walked: _Walked | None

    def __init__(self, source: str, url: str) -> None:
        self._keep(kind="html", source=source, url=url, digest="", _tree=None, _read_head=None, _walked=None)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"HtmlPage({self.url!r})"

    def _keep(self, **parts: object) -> None:
        for name, value in parts.items():
            object.__setattr__(self, name, value)

    def _parsed(self) -> "LexborHTMLParser":
        if self._tree is None:
            self._keep(_tree=parse(self.source))
        assert self._tree is not None
        return self._tree

    def _walk(self) -> _Walked:
        if self._walked is None:
            tree = self._parsed()
            walk = Walk(controlled=controlled_by(tree))
            if (root := tree.body or tree.root) is not None:
                walk.over(root)
            self._keep(_walked=(settle_doubts(walk.blocks), walk.anchors))
        assert self._walked is not None
        return self._walked

    @property
    def head(self) -> Head:
        if self._read_head is None:
            self._keep(_read_head=head_of(self._parsed()))
        assert self._read_head is not None
        return self._read_head

    @property
    def blocks(self) -> tuple[Block, ...]:
        return self._walk()[0]

    @property
    def anchors(self) -> Mapping[str, Span]:
        return self._walk()[1]

    @property
    def title(self) -> str:
        return title_of(self._parsed()) if self._read_head is None else self._read_head.title

    def says_at_least(self, chars: int) -> int:
        if self._walked is not None:
            return Page.says_at_least(self, chars)
        tree = self._parsed()
        # What a button would open counts as hidden here: the page says at least so much.
        walk = Walk(enough=chars)
        if (root := tree.body or tree.root) is not None:
            walk.over(root)
        return walk.content if walk.content >= chars else 0

    def has_anchor(self, name: str) -> bool:
        if self._walked is not None:
            return name in self.anchors
        if not name or len(name) > 1_000:
            return False
        # Every character as an escape: a fragment is foreign text and must not become part of a selector.
        quoted = "".join(f"\\{ord(character):x} " for character in name)
        node = self._parsed().css_first(f'body[id="{quoted}"], body [id="{quoted}"], body a[name="{quoted}"]')
        found = node is not None
        while node is not None:
            if node.tag in _NO_PLACES:
                # What stands in a script or a list of choices is no place on the page, but there may be another.
                return name in self.anchors
            node = node.parent
        return found

    def all_text(self) -> str:
        """Takes the tree apart on the way: what is asked for afterwards is parsed again."""
        tree = self._parsed()
        self._keep(_tree=None)
        tree.strip_tags(_SILENT)
        root = tree.body or tree.root
        return root.text(separator="\n") if root is not None else ""
