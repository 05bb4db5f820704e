"""From a tree to blocks: one walk in document order, without recursion, that carries what the open elements mean.

Most elements mean nothing of their own, so contexts are shared: siblings of one kind have the same one, and what a
class name says is looked up once for each name. The walk is where the time of reading a page goes.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from crawler.blocks import MAX_BLOCK_CHARS, MAX_BLOCKS, Block, Span, is_prose, pieces
from crawler.text import visible

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode


def listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_INLINE_TAGS = listed(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark q rp rt ruby s "
    "samp small span strike strong sub sup time tt u var wbr button object picture source area output meter progress"
)
SKIP = listed(
    "script style template noscript head iframe object embed canvas audio video select datalist textarea "
    "input svg math-annotation noframes map"
)
_NO_ELEMENTS = ("-comment", "-cdata-section", "-document", "!doctype", "-undef")
_TEXT, _SKIP, _BREAK, _INLINE, _BLOCK = range(5)
_SORTS: Final = {
    **dict.fromkeys(_INLINE_TAGS, _INLINE),
    **dict.fromkeys(SKIP, _SKIP),
    **dict.fromkeys(_NO_ELEMENTS, _SKIP),
    "-text": _TEXT,
    "br": _BREAK,
    "hr": _BREAK,
}
_CHROME_TAGS: Final = {
    "nav": "nav",
    "footer": "footer",
    "header": "header",
    "aside": "aside",
    "dialog": "dialog",
    "menu": "nav",
    "fieldset": "form",
    "button": "button",
}
_CHROME_ROLES: Final = {
    "navigation": "nav",
    "banner": "header",
    "contentinfo": "footer",
    "complementary": "aside",
    "search": "search",
    "dialog": "dialog",
    "alertdialog": "dialog",
    "menu": "nav",
    "menubar": "nav",
    "toolbar": "nav",
    "tooltip": "tip",
}
# These stand for content too when they stand in the content: an article's own header, a note in the margin.
_SECTIONAL = frozenset(("header", "footer", "aside"))
_ROOTS = frozenset(("body", "html", "main", "article"))
_HEADINGS: Final = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
# Products that ask for consent: nobody names a part of a document after one.
_CONSENT_KITS = r"onetrust|didomi|axeptio|tarteaucitron|usercentrics|cookiebot|cookieyes|quantcast|trustarc|iubenda-cs"
_CONSENT = re.compile(rf"cookie|consent|{_CONSENT_KITS}|gdpr|rgpd|(?:^|[\s_\-])cmp(?:\d|[\s_\-]|$)", re.I)
_CONSENT_BOX = re.compile(
    rf"{_CONSENT_KITS}"
    r"|(?:cookies?|consent)[\-_]?(?:banner|notice|confirm|consent|bar|pop-?up|modal|dialog|overlay|wall)",
    re.I,
)
_NAMED_CHROME = re.compile(
    r"(?:^|[\s_\-])(?:nav|navbar|navigation|menu|sidebar|breadcrumbs?|footer|share|sharing|social|related|newsletter"
    r"|skip(?:-?(?:to|link|nav))|pagination|toc|language-?(?:picker|switcher|selector))(?:$|[\s_\-])",
    re.I,
)
# Names that the common front-end kits give to what lies over a page.
_NAMED_OVERLAY = re.compile(
    r"(?:^|[\s_\-])(?:modals?|pop-?ups?|popover|lightbox|off-?canvas|toasts?|snackbar)(?:$|[\s_\-])", re.I
)
_UNSEEN = re.compile(
    r"(?:^|[\s_\-])(?:sr-only|visually-?hidden|screen-?reader(?:-text|-only)?|a11y-hidden)(?:$|\s)", re.I
)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_CFEMAIL = re.compile(r"^[0-9a-fA-F]{4,400}$")
_MAX_ANCHORS = 50_000
_MAX_LINKS = 200
_MAX_NAME = 400
_COARSE = MAX_BLOCKS - 2000
_COARSE_CHARS = MAX_BLOCK_CHARS // 2


@lru_cache(maxsize=1 << 14)
def _hint(names: str, inside: bool) -> str:
    """What class and id hint at: "consent?", "overlay?", "named?" or "". `inside`: within the marked main part."""
    if (_CONSENT_BOX if inside else _CONSENT).search(names):
        return "consent?"
    if _NAMED_OVERLAY.search(names):
        return "overlay?"
    return "named?" if _NAMED_CHROME.search(names) else ""


@lru_cache(maxsize=1 << 13)
def _is_unseen(css_class: str) -> bool:
    return _UNSEEN.search(css_class) is not None


_KNOWN_TAGS = 196
"""lexbor numbers the tags of the HTML standard below this (LXB_TAG__LAST_ENTRY); others are addresses."""
_BY_NUMBER: dict[int, tuple[str, int]] = {}


def _sort_of(node: "LexborNode", number: int) -> tuple[str, int]:
    """An element's tag and what it is to the walk; asking lexbor for a tag's name costs more than all the rest."""
    tag = node.tag or ""
    known = tag, _SORTS.get(tag, _BLOCK)
    if 0 < number < _KNOWN_TAGS:
        _BY_NUMBER[number] = known
    return known


class _Context:
    """What the open elements mean for a text inside them. Never changed once others share it."""

    __slots__ = ("by_tag", "chrome", "heading", "hidden", "kind", "level", "link", "masked", "unseen", "zone")

    def __init__(self, outer: "_Context | None" = None) -> None:
        self.by_tag: dict[str, _Context] = {}
        self.masked = False
        if outer is None:
            self.kind, self.level, self.chrome, self.zone = "body", 0, "", ""
            self.hidden = self.heading = self.link = self.unseen = False
            return
        self.kind, self.level, self.chrome, self.zone = outer.kind, outer.level, outer.chrome, outer.zone
        self.hidden, self.heading = outer.hidden, outer.heading
        self.link, self.unseen = outer.link, outer.unseen

    def place(self, tag: str) -> None:
        """What the tag itself says."""
        if tag in _HEADINGS:
            self.level, self.heading = _HEADINGS[tag], True
        if tag == "main":
            self.zone, self.chrome = "main", ""
        elif tag == "article":
            self.zone = self.zone or "article"
        elif not self.chrome and tag in _CHROME_TAGS:
            if tag == "button" and self.heading:
                return
            if not (tag in _SECTIONAL and self.zone):
                self.chrome = _CHROME_TAGS[tag]


class Walk:
    """One pass over some elements of a tree, gathering blocks. Elements in `skip` (by `mem_id`) are left out."""

    def __init__(
        self,
        *,
        skip: frozenset[int] = frozenset(),
        controlled: frozenset[str] = frozenset(),
        all_blocks: bool = False,
        enough: int | None = None,
    ) -> None:
        """`enough`: the walk may stop once it has met so many characters of content; `content` says how many."""
        self.content = 0
        self._enough = enough
        self._is_enough = False
        self.blocks: list[Block] = []
        self.anchors: dict[str, Span] = {}
        self._skip = skip
        self._controlled = controlled
        self._all_blocks = all_blocks
        self._text: list[str] = []
        self._links: list[str] = []
        self._link_chars = 0
        self._chars = 0
        # Of the element that was entered last.
        self._is_block = False
        self._names: tuple[str, ...] = ()

    def over(self, root: "LexborNode") -> None:
        """Adds the blocks of one element."""
        stack: list[tuple[LexborNode, _Context, _Context, bool, tuple[str, ...], int]] = []
        context = outermost = _Context()
        blocks, skip = self.blocks, self._skip
        node: LexborNode | None = root
        while node is not None and len(blocks) < MAX_BLOCKS and not self._is_enough:
            number = node.tag_id
            tag, sort = _BY_NUMBER.get(number) or _sort_of(node, number)
            if sort == _TEXT:
                self._add(node.text_content or "", context)
            elif sort == _BREAK:
                self._flush(context)
            elif sort >= _INLINE and not (skip and node.mem_id in skip):
                inner = self._enter(node, tag, sort, context)
                child = node.first_child
                if child is not None:
                    stack.append((node, context, inner, self._is_block, self._names, len(blocks)))
                    node, context = child, inner
                    continue
                self._leave(inner, self._is_block, self._names, len(blocks))
            while stack and (following := node.next) is None:
                node, context, inner, is_block, names, start = stack.pop()
                self._leave(inner, is_block, names, start)
            node = following if stack else None
        while stack:
            _, _, inner, is_block, names, start = stack.pop()
            self._leave(inner, is_block, names, start)
        self._flush(outermost, last=True)

    def _enter(self, node: "LexborNode", tag: str, sort: int, outer: _Context) -> _Context:
        """The context of an element's content."""
        self._is_block = sort == _BLOCK or self._all_blocks
        self._names = ()
        attributes = node.attributes
        own: _Context | None = None
        if attributes:
            own = self._read_attributes(tag, attributes, outer)
        if self._is_block:
            if self._text or self._links:
                self._flush(outer)
            if own is not None and tag != "div" and tag != "section":
                own.kind = tag
        if own is not None:
            own.place(tag)
            if tag == "a" or "data-cfemail" in attributes:
                self._open_link(own, attributes)
            return own
        if tag in ("div", "section", "span"):
            return outer
        shared = outer.by_tag.get(tag)
        if shared is None:
            shared = _Context(outer)
            if self._is_block:
                shared.kind = tag
            shared.place(tag)
            outer.by_tag[tag] = shared
        return shared

    def _read_attributes(self, tag: str, attributes: dict[str, str | None], outer: _Context) -> _Context | None:
        """A context of its own where the attributes say something, else None."""
        identifier = attributes.get("id")
        name = attributes.get("name") if tag == "a" else None
        if identifier or name:
            self._names = tuple(value for value in (identifier, name) if value)
        own: _Context | None = None
        if role := attributes.get("role"):
            own = _Context(outer)
            self._read_role(own, role, attributes)
        css_class = attributes.get("class")
        if ("style" in attributes or "hidden" in attributes or "aria-hidden" in attributes) and self._is_hidden(
            attributes, identifier
        ):
            own = own or _Context(outer)
            own.hidden = True
        if tag in _INLINE_TAGS and ("data-sr-only" in attributes or (css_class and _is_unseen(css_class[:_MAX_NAME]))):
            own = own or _Context(outer)
            own.unseen = True
        known = own or outer
        if not known.chrome and tag not in _ROOTS and (css_class or identifier):
            names = f"{css_class or ''} {identifier}" if identifier else css_class or ""
            hint = _hint(names[:_MAX_NAME], bool(known.zone))
            if hint:
                own = own or _Context(outer)
                own.chrome = hint
        if own is None and (("href" in attributes and tag == "a") or "data-cfemail" in attributes):
            own = _Context(outer)
        return own

    def _read_role(self, own: _Context, role: str, attributes: dict[str, str | None]) -> None:
        if role in ("main", "article"):
            own.zone = "main" if role == "main" else own.zone or "article"
            own.chrome = "" if role == "main" else own.chrome
        elif role == "heading":
            level = attributes.get("aria-level") or "2"
            own.level = int(level) if level in "123456" and len(level) == 1 else 2
            own.heading = self._is_block = True
            own.kind = f"h{own.level}"
        elif role in _CHROME_ROLES and not own.chrome:
            kind = _CHROME_ROLES[role]
            if not (kind in _SECTIONAL and own.zone):
                own.chrome = kind

    def _is_hidden(self, attributes: dict[str, str | None], identifier: str | None) -> bool:
        """Hidden for good: what a tab or an accordion shows on demand is content."""
        if "hidden" in attributes:
            hidden = attributes["hidden"] != "until-found"
        else:
            style = attributes.get("style")
            hidden = attributes.get("aria-hidden") == "true" or bool(style and _HIDDEN_STYLE.search(style))
        if not hidden:
            return False
        if identifier and identifier in self._controlled:
            return False
        return attributes.get("role") not in ("tabpanel", "region") and not attributes.get("aria-labelledby")

    def _open_link(self, own: _Context, attributes: dict[str, str | None]) -> None:
        href = (attributes.get("href") or "").strip()
        hidden_mail = attributes.get("data-cfemail")
        if "/cdn-cgi/l/email-protection#" in href:
            href = "mailto:" + decode_cfemail(href.rsplit("#", 1)[1])
        if href and len(self._links) < _MAX_LINKS:
            self._links.append(href[:2000])
        own.link = bool(href)
        if hidden_mail:
            self._add(decode_cfemail(hidden_mail), own)
            own.masked = True

    def _add(self, text: str, context: _Context) -> None:
        if not text or context.unseen or (not self._text and text.isspace()):
            return
        if context.masked and "email" in text:
            return  # "[email protected]", which stands in for the address that was decoded
        for piece in pieces(text) if len(text) > MAX_BLOCK_CHARS else (text,):
            if self._chars + len(piece) > MAX_BLOCK_CHARS:
                self._flush(context)
            self._text.append(piece)
            self._chars += len(piece)
            if context.link:
                self._link_chars += len(piece.strip())

    def _leave(self, inner: _Context, is_block: bool, names: tuple[str, ...], start: int) -> None:
        if is_block and (self._text or self._links):
            self._flush(inner)
        for name in names:
            if name not in self.anchors and len(self.anchors) < _MAX_ANCHORS:
                end = len(self.blocks) + (1 if self._text else 0)
                self.anchors[name] = Span(start=start, end=max(end, start), heading=inner.heading)

    def _flush(self, context: _Context, *, last: bool = False) -> None:
        """Ends a block. Links without a text are dropped. Far beyond any real page, blocks are large ones."""
        if not self._text:
            self._links.clear()
            return
        if len(self.blocks) >= _COARSE and self._chars < _COARSE_CHARS and not last:
            self._text.append(" ")
            return
        text = visible("".join(self._text))
        if text:
            self.blocks.append(
                Block(
                    text=text,
                    kind=context.kind,
                    level=context.level if context.heading else 0,
                    links=tuple(self._links),
                    link_share=min(1.0, self._link_chars / len(text)),
                    chrome=context.chrome,
                    zone=context.zone,
                    hidden=context.hidden,
                )
            )
            self._links.clear()
            if self._enough is not None and not context.hidden and not context.chrome and is_prose(text):
                self.content += len(text)
                self._is_enough = self.content >= self._enough
        self._text.clear()
        self._link_chars = self._chars = 0


def decode_cfemail(code: str) -> str:
    """Cloudflare's e-mail obfuscation: hexadecimal, XORed with its first byte."""
    if not _CFEMAIL.match(code) or len(code) % 2:
        return ""
    data = bytes.fromhex(code)
    return bytes(byte ^ data[0] for byte in data[1:]).decode("utf-8", "replace").split("?")[0]
