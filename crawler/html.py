"""HTML → blocks, with selectolax (lexbor): one walk over the tree, without recursion."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.blocks import MAX_BLOCK_CHARS, MAX_BLOCKS, Block, Head, Page, Span, is_prose
from crawler.nesting import flattened, is_deep
from crawler.text import visible


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_INLINE = _listed(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark q rp rt ruby s "
    "samp small span strike strong sub sup time tt u var wbr svg button object picture source map area "
    "output meter progress -text -comment"
)
SKIP = _listed(
    "script style template noscript head iframe object embed canvas audio video select datalist textarea "
    "input svg math-annotation noframes map"
)
_CHROME_TAGS = {
    "nav": "nav",
    "footer": "footer",
    "header": "header",
    "aside": "aside",
    "dialog": "dialog",
    "menu": "nav",
    "fieldset": "form",
    "button": "button",
}
_CHROME_ROLES = {
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
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_CONSENT = re.compile(
    r"cookie|consent|onetrust|didomi|axeptio|tarteaucitron|usercentrics|gdpr|rgpd|(?:^|[\s_\-])cmp(?:\d|[\s_\-]|$)",
    re.I,
)
_CONSENT_BOX = re.compile(
    r"(?:cookies?|consent)[\-_]?(?:banner|notice|confirm|consent|bar|pop-?up|modal|dialog|overlay|wall)", re.I
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
_OVERLAYS = ("dialog", "consent?", "overlay?")
_UNSEEN = re.compile(
    r"(?:^|[\s_\-])(?:sr-only|visually-?hidden|screen-?reader(?:-text|-only)?|a11y-hidden)(?:$|\s)", re.I
)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_CFEMAIL = re.compile(r"^[0-9a-fA-F]{4,400}$")
_MAX_ANCHORS = 50_000
_MAX_LINKS = 200


class _Frame:
    """What an open element means for the text inside it."""

    __slots__ = (
        "anchor",
        "block",
        "chrome",
        "heading",
        "hidden",
        "kind",
        "level",
        "link",
        "node",
        "start",
        "unseen",
        "zone",
    )

    def __init__(self, node: LexborNode, outer: "_Frame | None") -> None:
        self.node = node
        self.anchor: tuple[str, ...] = ()
        self.block = False
        self.start = 0
        self.unseen: bool = outer.unseen if outer else False
        self.kind: str = outer.kind if outer else "body"
        self.level: int = outer.level if outer else 0
        self.chrome: str = outer.chrome if outer else ""
        self.zone: str = outer.zone if outer else ""
        self.hidden: bool = outer.hidden if outer else False
        self.heading: bool = outer.heading if outer else False
        self.link: bool = outer.link if outer else False


class Walk:
    """One pass over some elements of a tree, gathering blocks. Elements in `skip` (by `mem_id`) are left out."""

    def __init__(
        self,
        *,
        skip: frozenset[int] = frozenset(),
        controlled: frozenset[str] = frozenset(),
        all_blocks: bool = False,
        enough: int = 1 << 60,
    ) -> None:
        """`enough`: the walk may stop once it has met so many characters of content."""
        self.content = 0
        self._enough = enough
        self.blocks: list[Block] = []
        self.anchors: dict[str, Span] = {}
        self._skip = skip
        self._controlled = controlled
        self._all_blocks = all_blocks
        self._text: list[str] = []
        self._links: list[str] = []
        self._link_chars = 0
        self._chars = 0

    def over(self, root: LexborNode) -> None:
        """Adds the blocks of one element."""
        stack: list[_Frame] = []
        outer: _Frame | None = None
        node: LexborNode | None = root
        while node is not None and len(self.blocks) < MAX_BLOCKS and self.content < self._enough:
            entered = self._enter(node, outer)
            child = node.first_child if entered is not None else None
            if entered is not None and child is not None:
                stack.append(entered)
                outer = entered
                node = child
                continue
            if entered is not None:
                self._leave(entered)
            while True:
                if not stack:
                    node = None
                    break
                following = node.next if node is not None else None
                if following is not None:
                    node = following
                    break
                closed = stack.pop()
                self._leave(closed)
                node = closed.node
                outer = stack[-1] if stack else None
        while stack:
            self._leave(stack.pop())
        self._flush(_Frame(root, None))

    def _enter(self, node: LexborNode, outer: _Frame | None) -> _Frame | None:
        """The frame of an element whose children are to be read; None where there is nothing below."""
        tag = node.tag or ""
        if not self._opens(node, tag, outer):
            return None
        frame = _Frame(node, outer)
        attributes = node.attributes
        if attributes:
            self._read_attributes(frame, tag, attributes)
        if frame.block is False and (tag not in _INLINE or self._all_blocks):
            frame.block = True
        if frame.block:
            if outer is not None:
                self._flush(outer)
            if tag not in ("div", "section"):
                frame.kind = tag
        if tag in _HEADINGS:
            frame.level = _HEADINGS[tag]
            frame.heading = True
        self._place(frame, tag)
        frame.start = len(self.blocks)
        if attributes and (tag == "a" or "data-cfemail" in attributes):
            self._open_link(frame, attributes)
        return frame

    def _opens(self, node: LexborNode, tag: str, outer: _Frame | None) -> bool:
        """Whether a node is an element to go into; text and line breaks are taken in here."""
        if node.is_text_node:
            self._add(node.text_content or "", outer)
            return False
        if not node.is_element_node or tag in SKIP:
            return False
        if tag in ("br", "hr"):
            if outer is not None:
                self._flush(outer)
            return False
        return not (self._skip and node.mem_id in self._skip)

    def _place(self, frame: _Frame, tag: str) -> None:
        if tag == "main":
            frame.zone = "main"
            frame.chrome = ""
        elif tag == "article":
            frame.zone = frame.zone or "article"
        elif not frame.chrome and tag in _CHROME_TAGS:
            if tag == "button" and frame.heading:
                return
            if not (tag in _SECTIONAL and frame.zone):
                frame.chrome = _CHROME_TAGS[tag]

    def _read_attributes(self, frame: _Frame, tag: str, attributes: dict[str, str | None]) -> None:
        identifier = attributes.get("id")
        name = attributes.get("name") if tag == "a" else None
        if identifier or name:
            frame.anchor = tuple(value for value in (identifier, name) if value)
        role = attributes.get("role")
        if role:
            self._read_role(frame, role, attributes)
        if self._is_hidden(attributes, identifier):
            frame.hidden = True
        css_class = attributes.get("class")
        if tag in _INLINE and ("data-sr-only" in attributes or (css_class and _UNSEEN.search(css_class[:400]))):
            frame.unseen = True
        if not frame.chrome and tag not in ("body", "html", "main", "article") and (css_class or identifier):
            names = f"{css_class or ''} {identifier or ''}"[:400]
            if (_CONSENT_BOX if frame.zone else _CONSENT).search(names):
                frame.chrome = "consent?"
            elif _NAMED_OVERLAY.search(names):
                frame.chrome = "overlay?"
            elif _NAMED_CHROME.search(names):
                frame.chrome = "named?"

    def _read_role(self, frame: _Frame, role: str, attributes: dict[str, str | None]) -> None:
        if role in ("main", "article"):
            frame.zone = "main" if role == "main" else frame.zone or "article"
            frame.chrome = "" if role == "main" else frame.chrome
        elif role == "heading":
            level = attributes.get("aria-level") or "2"
            frame.level = int(level) if level in "123456" and len(level) == 1 else 2
            frame.heading = frame.block = True
            frame.kind = f"h{frame.level}"
        elif role in _CHROME_ROLES and not frame.chrome:
            kind = _CHROME_ROLES[role]
            if not (kind in _SECTIONAL and frame.zone):
                frame.chrome = kind

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

    def _open_link(self, frame: _Frame, attributes: dict[str, str | None]) -> None:
        href = (attributes.get("href") or "").strip()
        hidden_mail = attributes.get("data-cfemail")
        if "/cdn-cgi/l/email-protection#" in href:
            href = "mailto:" + _decode_cfemail(href.rsplit("#", 1)[1])
        if href and len(self._links) < _MAX_LINKS:
            self._links.append(href[:2000])
        frame.link = bool(href)
        if hidden_mail:
            self._add(_decode_cfemail(hidden_mail), frame)

    def _add(self, text: str, frame: _Frame | None) -> None:
        if not text or frame is None or frame.unseen:
            return
        if "email" in text and frame.node.attributes.get("data-cfemail"):
            return  # "[email protected]", which stands in for the address that was decoded
        if self._chars < MAX_BLOCK_CHARS:
            self._text.append(text[:MAX_BLOCK_CHARS])
            self._chars += len(text)
            if frame.link:
                self._link_chars += len(text.strip())

    def _leave(self, frame: _Frame) -> None:
        if frame.block:
            self._flush(frame)
        elif frame.node.tag == "img":
            return
        for name in frame.anchor:
            if name not in self.anchors and len(self.anchors) < _MAX_ANCHORS:
                end = len(self.blocks) + (1 if self._text else 0)
                self.anchors[name] = Span(start=frame.start, end=max(end, frame.start), heading=frame.heading)

    def _flush(self, frame: _Frame) -> None:
        if not self._text:
            self._links.clear()
            return
        text = visible("".join(self._text))
        if text:
            self.blocks.append(
                Block(
                    text=text,
                    kind=frame.kind,
                    level=frame.level if frame.heading else 0,
                    links=tuple(self._links),
                    link_share=min(1.0, self._link_chars / len(text)),
                    chrome=frame.chrome,
                    zone=frame.zone,
                    hidden=frame.hidden,
                )
            )
            self._links.clear()
            if not frame.hidden and not frame.chrome and is_prose(text):
                self.content += len(text)
        self._text.clear()
        self._link_chars = self._chars = 0


def _decode_cfemail(code: str) -> str:
    """Cloudflare's e-mail obfuscation: hexadecimal, XORed with its first byte."""
    if not _CFEMAIL.match(code) or len(code) % 2:
        return ""
    data = bytes.fromhex(code)
    return bytes(byte ^ data[0] for byte in data[1:]).decode("utf-8", "replace").split("?")[0]


def parse(source: str) -> LexborHTMLParser:
    """The tree of a document. Nesting beyond any real page's is cut first: parsers are quadratic in it."""
    return LexborHTMLParser(flattened(source) if is_deep(source) else source)


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
    is_overlay = overlay < 0.5 * total
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


def _canonical(tree: LexborHTMLParser) -> str:
    node = tree.css_first("link[rel=canonical]")
    return ((node.attributes.get("href") or "")[:2000]) if node is not None else ""
