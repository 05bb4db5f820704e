"""A page in HTML whose parts are read when they are first asked for: most links are judged without most of them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crawler.beginning import Sure, beginning_of, surely_said
from crawler.blocks import Block, Head, Page, Span
from crawler.doubts import settled
from crawler.html import body_markup, head_of, parse, title_of
from crawler.markup import controlled_in, has_place, text_of
from crawler.walk import Walk

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

_Walked = tuple[tuple[Block, ...], Mapping[str, Span]]


_ENOUGH = 1_500
"""Who asks whether a page says this much has mostly asked for less before: one look does for both."""


class HtmlPage(Page):
    """Equal to nothing but itself, and not for several threads at a time."""

    __slots__ = ("_begun", "_content", "_encoded", "_markup", "_read_head", "_sure", "_title", "_tree", "_walked")
    _begun: Walk | None
    _content: tuple[int, int]
    _encoded: bytes | None
    _markup: str | None
    _read_head: Head | None
    _sure: Sure | None
    _title: str | None
    _tree: "LexborHTMLParser | None"
    _walked: _Walked | None

    def __init__(self, source: str, url: str, encoded: bytes | None = None) -> None:
        """`encoded`: the source in UTF-8, where that is at hand."""
        self._keep(kind="html", source=source, url=url, digest="", _encoded=encoded)
        self._keep(_tree=None, _markup=None, _read_head=None, _title=None, _walked=None, _begun=None, _content=(0, 0))
        self._keep(_sure=None)

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
            self._keep(_tree=parse(self.source if self._encoded is None else self._encoded))
        assert self._tree is not None
        return self._tree

    def _body(self) -> str:
        """The body's markup. The tree is taken apart for it: what else it would tell is read again if need be."""
        if self._markup is None:
            tree = self._parsed()
            self._keep(_title=title_of(tree), _tree=None, _encoded=None)
            self._keep(_markup=body_markup(tree))
        assert self._markup is not None
        return self._markup

    def _walk(self) -> _Walked:
        if self._walked is None:
            if (walk := self._begun) is not None:
                walk.go_on(lambda: controlled_in(self.source))
            else:
                walk = Walk(controlled=lambda: controlled_in(self.source))
                walk.over(self._body())
            self._keep(_walked=(settled(walk.runs), walk.anchors), _begun=None)
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
        if self._title is None:
            self._keep(_title=title_of(self._parsed()))
        assert self._title is not None
        return self._title

    def says_at_least(self, chars: int) -> int:
        sought, content = self._content
        if chars > sought and self._walked is None:
            sought = max(chars, _ENOUGH)
            content = self._surely_says(sought) or self._look_for(sought)
            self._keep(_content=(sought, content))
        if content >= chars:
            return content
        # Once all is read, what names only hinted at is settled: there may be more content than was sure before.
        return 0 if self._walked is None else Page.says_at_least(self, chars)

    def _surely_says(self, chars: int) -> int:
        """How many characters of content its passages have, or those of its beginning, if so many; else 0."""
        if self._encoded is None or self._markup is not None:
            return 0
        begins = beginning_of(self._encoded) if self._tree is None else None
        sure = surely_said(begins or self._parsed(), enough=chars)
        if sure is None:
            return 0
        # The tree goes: it takes more memory than all else, and few ask for more of a page that is one.
        self._keep(_sure=sure, _title=self._title or sure.title or None, _tree=None)
        return sure.content

    def _look_for(self, chars: int) -> int:
        """How many characters of content there are, up to so many. The walk is kept, to be gone on with."""
        asked = False

        def controlled() -> frozenset[str]:
            # What a button would open counts as hidden here: the page says at least so much.
            nonlocal asked
            asked = True
            return frozenset()

        walk = Walk(controlled=controlled, enough=chars)
        walk.over(self._body())
        if not asked:
            self._keep(_begun=walk)
            if walk.is_whole:
                self._walk()
        return walk.content

    def has_anchor(self, name: str) -> bool:
        if self._walked is not None:
            return name in self.anchors
        if not name or len(name) > 1_000:
            return False
        if self._sure is not None and name in self._sure.names:
            return True
        found = has_place(self._body(), name)
        return name in self.anchors if found is None else found

    def all_text(self) -> str:
        body = self._body()
        # A page of frames has no body: its title is all the text there is.
        return f"{self.title}\n{text_of(body)}" if body.startswith("<html") else text_of(body)
