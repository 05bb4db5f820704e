"""A stored page's markup made harmless: written anew from a list of what is allowed, with passages marked. Pure.

Nothing is taken out of the page; what is known to be harmless is put into a new one, so that what this parser
misreads comes out as text. The policy with which it is served (no script, no network) stands behind it.
"""

import re
from html import escape
from html.parser import HTMLParser
from typing import Final

from crawler.text import visible

_MOST_SOURCE: Final = 3_000_000
_MOST_DEPTH: Final = 400


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_BLOCKS: Final = _names(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr li main menu nav ol p pre section "
    "summary table tbody td tfoot th thead tr ul"
)
_INLINE: Final = _names(
    "a abbr acronym b bdi bdo big br cite code col colgroup del dfn em font i img ins kbd mark q rp "
    "rt ruby s samp small span strike strong sub sup time tt u var wbr"
)
_ALLOWED: Final = _BLOCKS | _INLINE
_VOID: Final = frozenset(("br", "col", "hr", "img", "wbr"))
_SKIPPED: Final = _names(
    "script style noscript template iframe frame frameset object embed applet svg math audio video "
    "canvas title select option datalist textarea noembed noframes xmp plaintext portal fencedframe"
)
_ATTRIBUTES: Final = _names(
    "class id style colspan rowspan headers scope alt title lang dir align valign width height start "
    "value reversed type datetime open span"
)
_DATA_IMAGE: Final = re.compile(r"data:image/(?:png|gif|jpe?g|webp|avif);base64,[A-Za-z0-9+/=\s]{0,400000}\Z", re.I)
_UNSAFE_STYLE: Final = re.compile(
    r"url\s*\(|@import|expression\s*\(|image-set|src\s*\(|\\|<|position\s*:\s*(?:fixed|sticky)", re.I
)
_OWN_STYLE: Final = (
    "html{font:16px/1.5 system-ui,sans-serif;background:#fff;color:#1c1c1c}body{margin:1rem;max-width:60rem}"
    "img{max-width:100%;height:auto}table{border-collapse:collapse}td,th{padding:.2em .5em;vertical-align:top}"
    "mark.loccit-changed{background:#ffe08a;color:#111;outline:2px solid #b06f00;outline-offset:1px}"
    "a{color:#1a4f8b;text-decoration:underline}"
)


def cleaned(source: str, marked: frozenset[str], *, base: str) -> str:
    """A whole document. Passages that read as one of `marked` (one line each) are marked. `base` is told, not used."""
    keys = frozenset(_key(text) for text in marked if text.strip())
    writer = _Writer(keys)
    writer.feed(source[:_MOST_SOURCE])
    writer.finish()
    told = escape(base[:500], quote=True)
    return (
        '<!doctype html><html lang="und"><head><meta charset="utf-8"><title>Stored page</title>'
        f'<meta name="loccit-source" content="{told}"><style>{_OWN_STYLE}</style></head>'
        f"<body>{''.join(writer.out)}</body></html>"
    )


def _key(text: str) -> str:
    return "".join(visible(text).casefold().split())


class _Writer(HTMLParser):
    """Writes what is allowed; holds back the text of a block until its end, when it is known whether to mark it."""

    def __init__(self, keys: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._keys = keys
        self._held: list[tuple[bool, str]] = []
        self._open: list[str] = []
        self._skipping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            if tag not in ("frame", "embed"):
                self._skipping.append(tag)
            return
        if self._skipping or tag not in _ALLOWED or len(self._open) >= _MOST_DEPTH:
            return
        if tag in _BLOCKS:
            self._flush()
        if tag == "body":
            return
        self._held.append((False, f"<{tag}{''.join(self._attributes(tag, attrs))}>"))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # In HTML the slash means nothing: `<div/>` opens a div.
        self.handle_starttag(tag, attrs)
        if tag in _SKIPPED and self._skipping and self._skipping[-1] == tag and tag in ("svg", "math"):
            self._skipping.pop()

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            if tag in self._skipping:
                while self._skipping.pop() != tag:
                    pass
            return
        if tag not in self._open:
            return
        if tag in _BLOCKS:
            self._flush()
        while self._open:
            last = self._open.pop()
            self._held.append((False, f"</{last}>"))
            if last == tag:
                break

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self._held.append((True, data))

    def finish(self) -> None:
        self.close()
        self._flush()
        self.out += [f"</{tag}>" for tag in reversed(self._open)]

    def _flush(self) -> None:
        text = "".join(part for is_text, part in self._held if is_text)
        hit = bool(self._keys) and bool(text.strip()) and _key(text) in self._keys
        for is_text, part in self._held:
            if not is_text:
                self.out.append(part)
            elif hit and part.strip():
                self.out.append(f'<mark class="loccit-changed">{_text(part)}</mark>')
            else:
                self.out.append(_text(part))
        self._held = []

    def _attributes(self, tag: str, attrs: list[tuple[str, str | None]]) -> list[str]:
        made = []
        for name, value in attrs[:40]:
            kept = self._value(tag, name, value or "")
            if kept is not None:
                made.append(f' {name}="{escape(kept, quote=True)}"')
        return made

    def _value(self, tag: str, name: str, value: str) -> str | None:
        if tag == "img" and name == "src":
            return value if _DATA_IMAGE.match(value) else None
        if name not in _ATTRIBUTES or len(value) > 4000:
            return None
        if name == "style":
            return None if _UNSAFE_STYLE.search(value) else value
        return value


def _text(part: str) -> str:
    return escape(part, quote=False).replace("\x00", "\ufffd")
