"""The values that reading a page gives: blocks of text in document order, and what the page says of itself."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from crawler.text import answer_mark, key, visible

CELLS = frozenset(("td", "th", "dd"))
MAX_BLOCKS = 50_000
MAX_BLOCK_CHARS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A run of text between two block boundaries.

    `kind` is the innermost block element's tag; `level` 1–6 for a heading, else 0. `links` are the targets of the
    links in it, `link_share` the part of its characters that is link text. `chrome` names the part of the page it
    stands in when that is not content ("nav", "footer", "dialog" …), "" otherwise. `zone`: "main", "article" or "".
    """

    text: str
    kind: str = "p"
    level: int = 0
    links: tuple[str, ...] = ()
    link_share: float = 0.0
    chrome: str = ""
    zone: str = ""
    hidden: bool = False

    @property
    def key(self) -> str:
        """What of it is compared (see `crawler.text.key`). In a cell a mark by itself is an answer."""
        if len(self.text) <= 3 and self.kind in CELLS:
            return answer_mark(self.text) or key(self.text)
        return key(self.text)


_set_text, _set_kind, _set_level, _set_links, _set_share, _set_chrome, _set_zone, _set_hidden = (
    *(vars(Block)[slot].__set__ for slot in Block.__slots__),
)


def new_block(
    text: str,
    kind: str,
    level: int,
    links: tuple[str, ...],
    link_share: float,
    chrome: str,
    zone: str,
    hidden: bool,
) -> Block:
    """A block, by position: made in less than half the time that its own constructor takes, and pages have hundreds."""
    block = Block.__new__(Block)
    _set_text(block, text)
    _set_kind(block, kind)
    _set_level(block, level)
    _set_links(block, links)
    _set_share(block, link_share)
    _set_chrome(block, chrome)
    _set_zone(block, zone)
    _set_hidden(block, hidden)
    return block


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Blocks [start, end) that belong to one element; `heading` when the element is one or stands in one."""

    start: int
    end: int
    heading: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a page says of itself, and what is needed to judge whether it is one."""

    title: str = ""
    language: str = ""
    canonical: str = ""
    robots: str = ""
    refresh: str = ""
    noscript: str = ""
    scripts: tuple[str, ...] = ()
    script_chars: int = 0
    password_fields: int = 0
    forms: int = 0
    unread: str = ""
    """Why a document's text could not be read, one line for people; "" where it could."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as read. `kind`: "html", "text", "markdown", "json", "xml", "pdf" or "binary" (which has no blocks)."""

    kind: str
    head: Head = Head()
    blocks: tuple[Block, ...] = ()
    anchors: Mapping[str, Span] = field(default_factory=dict)
    source: str = field(default="", repr=False)
    url: str = ""
    digest: str = ""

    @property
    def title(self) -> str:
        return self.head.title

    @property
    def language(self) -> str:
        return self.head.language

    @property
    def made(self) -> str:
        """How its text was come by: a word of `crawler.made.Made`."""
        return "plain"

    @property
    def text_chars(self) -> int:
        return sum(len(block.text) for block in self.blocks if not block.hidden)

    def says_at_least(self, chars: int) -> int:
        """How many characters of content stand on the page, where that is cheaply known to be `chars` or more; else 0.

        Content is what is shown and no menu, banner or dialog.
        """
        plain = 0
        for block in self.blocks:
            if not block.hidden and not block.chrome and is_prose(block.text):
                plain += len(block.text)
                if plain >= chars:
                    return plain
        return 0

    def has_anchor(self, name: str) -> bool:
        """Whether an element's `id`, or an anchor's `name`, is this."""
        return name in self.anchors

    def all_text(self) -> str:
        """Everything in words, in order, whether shown or not; white space in it says nothing."""
        return "\n".join(block.text for block in self.blocks)


_PROSE = re.compile(r"[^\W\d_]{1,11}(?:,? [^\W\d_]{1,11}){4}")


def is_prose(text: str) -> bool:
    """Whether a text surely has a key without making it: a longer one with several plain words in a row."""
    return len(text) > 60 and _PROSE.search(text, 0, 2_000) is not None


def visible_blocks(blocks: Sequence[Block]) -> list[Block]:
    """The blocks that are shown and say something."""
    return [block for block in blocks if not block.hidden and block.key]


def pieces(text: str) -> Iterator[str]:
    """A text in parts that are short enough for a block, cut at white space: nearly always the text itself."""
    start = 0
    while len(text) - start > MAX_BLOCK_CHARS:
        end = text.rfind(" ", start, start + MAX_BLOCK_CHARS)
        end = end if end > start else start + MAX_BLOCK_CHARS
        yield text[start:end]
        start = end
    yield text[start:] if start else text


def make_block(text: str, *, kind: str = "p", level: int = 0) -> Block:
    return Block(text=visible(text)[:MAX_BLOCK_CHARS], kind=kind, level=level)
