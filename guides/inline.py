"""Links in the running text of Markdown, each with the offset at which its URL is written.

The parser is markdown-it's; its inline rules are wrapped so that they note where in the text they matched.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from markdown_it import MarkdownIt, helpers
from markdown_it.common.utils import normalizeReference, unescapeAll
from markdown_it.rules_inline import StateInline
from mdit_py_plugins.footnote import footnote_plugin

from guides.blocks import by_first_character
from guides.links import absolute, cites
from guides.tags import Tag, scan

_BARE = re.compile(r"(?:(?<=[\s*_~(\[>])|^)(https?://[^\s<>\"`]+)", re.MULTILINE | re.IGNORECASE)
_BROKEN = re.compile(r"\]\(\s*(https?://?[^()\n<>]*?[^\s()<>][ \t]+[^()\n<>\"']*?)\s*\)", re.IGNORECASE)
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{/\*.*?\*/\}", re.DOTALL)
_ANCHOR_OPEN = re.compile(r"<a\s", re.IGNORECASE)
_JSX = re.compile(
    r"<[A-Za-z][\w.]*\s(?:[^<>]|=>){0,2000}?\bhref=(?:\"(?P<double>[^\"<>]+)\"|'(?P<single>[^'<>]+)'"
    r"|\{\s*([\"'`])(?P<braced>[^\"'`{}$<>]+)\3\s*\})"
)
"""A component's address in MDX, which is no HTML that CommonMark knows."""
_FILLED = re.compile(r"\{\{|\{%|\$\{|<%")
"""A template fills in what the address is."""
_ANCHOR_CLOSE = re.compile(r"</a", re.IGNORECASE)
_MOST_BRACKETS = 3_000
"""In one paragraph; markdown-it's time grows with their square, and beyond this only bare URLs are found."""
_SIGN = re.compile(r"\]\(|\]\[|<|://")
"""Text with none of these, and with no `[` that may refer to a definition, holds no link."""
_FIRST = {"link": "[", "autolink": "<", "backticks": "`", "image": "!", "html_inline": "<"}
"""The character with which what an inline rule matches begins."""
_STOP = re.compile(r"[\\`\[\]<!]")
"""Where a rule may match, or a link's words end."""
_BLANK = "\x00"
_SIMPLE = re.compile(r"[^\s<()\\&\x00-\x20\x7f][^\s()\\&\x00-\x20\x7f]*(?=[\s)])")
"""A link's destination without anything that has to be weighed (CommonMark 0.31, section 6.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link at an offset within a text, or (`line` given) at a line of the file, counted from 1."""

    url: str
    at: int
    title: str = ""
    definition: str = ""
    """The label of the link reference definition that holds the URL, where it is not written here."""
    spaced: bool = False
    inner: bool = False
    """It stays within the site, and cites no source."""


def make_parser() -> MarkdownIt:
    """CommonMark with tables and footnotes. `env["notes"]`, where given, receives what inline rules match."""
    parser = MarkdownIt("commonmark", {"maxNesting": 40}).enable(["table", "strikethrough"])
    parser.use(footnote_plugin, inline=False, move_to_end=False, always_match_refs=True)
    parser.validateLink = _any_url  # type: ignore[method-assign, assignment]
    parser.core.ruler.disable("inline")
    # Links bind closer than emphasis, and what is only shown need not be found.
    parser.inline.ruler.disable(["emphasis", "strikethrough", "newline", "entity"])
    parser.inline.ruler2.disable(["emphasis", "strikethrough", "fragments_join"])
    parser.helpers = _Helpers()  # type: ignore[assignment]
    parser.normalizeLink = parser.normalizeLinkText = str  # type: ignore[method-assign, assignment]
    parser.inline.ruler.at("text", _plain_text)
    for name in _FIRST:
        rule = next(rule for rule in parser.inline.ruler.__rules__ if rule.name == name)
        parser.inline.ruler.at(name, _noting(name, rule.fn))
    by_first_character(parser.block.ruler)
    return parser


class _Helpers:
    """markdown-it's helpers for links; it looks at a destination's characters one by one, which few need."""

    parseLinkLabel = staticmethod(helpers.parseLinkLabel)  # noqa: N815
    parseLinkTitle = staticmethod(helpers.parseLinkTitle)  # noqa: N815

    @staticmethod
    def parseLinkDestination(text: str, at: int, end: int) -> Any:  # noqa: N802
        simple = _SIMPLE.match(text, at, end)
        if simple is None:
            return helpers.parseLinkDestination(text, at, end)
        return _Destination(ok=True, pos=simple.end(), str=simple.group())


class _Destination(NamedTuple):
    ok: bool
    pos: int
    str: str


def _any_url(_url: str) -> bool:
    """markdown-it leaves `file:` and the like as plain text; here they are links, so that they are judged."""
    return True


def _plain_text(state: StateInline, _silent: bool) -> bool:
    """Passes over text in longer strides than markdown-it's own rule, which stops for rules that are off here."""
    found = _STOP.search(state.src, state.pos, state.posMax)
    end = found.start() if found else state.posMax
    if end == state.pos:
        return False
    state.pos = end
    return True


def _noting(name: str, rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    first = _FIRST[name]

    def noted(state: StateInline, silent: bool) -> bool:
        start = state.pos
        if state.src[start] != first:
            return False
        if silent:
            return rule(state, silent)
        # Within an image's description nothing is a link, and offsets would be those of the description.
        state.env["depth"] = state.env.get("depth", 0) + (name == "image")
        matched = rule(state, silent)
        state.env["depth"] -= name == "image"
        if matched and not state.env["depth"]:
            state.env["notes"].append((name, start, state.pos))
        return matched

    return noted


def links_in(content: str, parser: MarkdownIt, env: dict[str, Any]) -> list[Link]:
    """Every link in the content of one inline token, in order."""
    if _SIGN.search(content) is None and not (env.get("references") and "[" in content):
        return []
    notes: list[tuple[str, int, int]] = []
    inner = {"references": env.get("references", {}), "footnotes": env.get("footnotes", {}), "notes": notes}
    if content.count("[") <= _MOST_BRACKETS:
        parser.inline.parse(content, parser, inner, [])
    found = [link for note in notes for link in _noted_links(note, content, parser, inner)]
    found += _unmarked(content, notes)
    return sorted(found, key=lambda link: link.at)


def _noted_links(note: tuple[str, int, int], content: str, parser: MarkdownIt, env: dict[str, Any]) -> Iterator[Link]:
    name, start, end = note
    if name == "autolink":
        url = content[start + 1 : end - 1]
        if cites(url):
            yield Link(url=url, at=start + 1)
    elif name == "link":
        link = _link(content, start, end, parser, env)
        if link is not None and _FILLED.search(link.url):
            return
        if link is not None and (link.definition or cites(link.url)):
            yield link
        elif link is not None:
            yield replace(link, inner=True)
    elif name == "html_inline" and "href" in content[start:end].lower():
        yield from anchors(content, start, first=True)


def _link(content: str, start: int, end: int, parser: MarkdownIt, env: dict[str, Any]) -> Link | None:
    state = StateInline(content, parser, env, [])
    state.pos = start
    label_end = parser.helpers.parseLinkLabel(state, start, True)
    title = plain(content[start + 1 : label_end])
    after = label_end + 1
    if content.startswith("(", after) and content[end - 1] == ")":
        at = after + 1 + len(content[after + 1 :]) - len(content[after + 1 :].lstrip(" \t\n"))
        target = parser.helpers.parseLinkDestination(content, at, len(content))
        if target.ok and target.str:
            return Link(url=absolute(target.str), at=at + content.startswith("<", at), title=title)
    if end > after + 2 and content.startswith("[", after):
        return Link(url="", at=start, title=title, definition=normalizeReference(content[after + 1 : end - 1]))
    return Link(url="", at=start, title=title, definition=normalizeReference(content[start + 1 : label_end]))


def _unmarked(content: str, notes: list[tuple[str, int, int]]) -> Iterator[Link]:
    """URLs written without any markup (GFM's extended autolinks), and links that a space in their URL broke."""
    text = _TEMPLATE.sub(lambda found: _BLANK * len(found.group()), content)
    text = _blank(text, [(start, end) for _, start, end in notes] + _raw_anchors(content, notes))
    for found in _JSX.finditer(text):
        group = next(name for name in ("double", "single", "braced") if found[name] is not None)
        if cites(found[group]) and _BLANK not in found[group]:
            yield Link(url=absolute(found[group]), at=found.start(group))
    for found in _BROKEN.finditer(text):
        if _BLANK not in found[1]:
            yield Link(url=found[1], at=found.start(1), spaced=True)
    text = _BROKEN.sub(lambda found: _BLANK * len(found.group()), text)
    for found in _BARE.finditer(text):
        url = _trim(found[1].split(_BLANK, 1)[0])
        if len(url) > len("https://"):
            yield Link(url=url, at=found.start(1))


def _blank(text: str, spans: list[tuple[int, int]]) -> str:
    pieces, at = [], 0
    for start, end in sorted(spans):
        if end > at:
            pieces += [text[at:start], _BLANK * (end - max(at, start))]
            at = end
    return "".join((*pieces, text[at:]))


def _raw_anchors(content: str, notes: list[tuple[str, int, int]]) -> list[tuple[int, int]]:
    """Where raw `<a>` elements stand: their words are links already."""
    spans: list[tuple[int, int]] = []
    for name, start, _ in notes:
        if name == "html_inline" and _ANCHOR_OPEN.match(content, start) and not (spans and spans[-1][1] > start):
            closing = _ANCHOR_CLOSE.search(content, start)
            spans.append((start, closing.start() if closing else len(content)))
    return spans


def _trim(url: str) -> str:
    """Without the punctuation of the sentence around it (GFM 0.29, section 6.9)."""
    while url and url[-1] in "?!.,:*_~'\";)]":
        if url[-1] == ")" and url.count(")") <= url.count("("):
            break
        url = url[:-1]
    return url


def anchors(text: str, start: int = 0, *, first: bool = False) -> Iterator[Link]:
    """The `<a href>` of raw HTML and of components, from `start` on; with `first` only of the tag that stands there."""
    for part in scan(text, start):
        if isinstance(part, Tag) and part.name not in _NO_LINKS and "href" in part.attributes and not part.closing:
            url, at = part.attributes.get("href", ("", 0))
            closing = _ANCHOR_CLOSE.search(text, part.end, part.end + 2_000)
            title = plain(text[part.end : closing.start()]) if closing else ""
            if cites(url.strip()):
                yield Link(url=absolute(url.strip()), at=at + len(url) - len(url.lstrip()), title=title)
        if first:
            return


_NO_LINKS = frozenset({"link", "base", "use", "image"})
"""Elements whose `href` is no link that a reader could follow."""

_MARKUP = (
    ("<", re.compile(r"<!--.*?-->|</?[A-Za-z][^<>]*>", re.DOTALL), ""),
    ("![", re.compile(r"!\[([^\[\]]*)\]\([^()]*\)"), r"\1"),
    ("[^", re.compile(r"\[\^[^\s\[\]]+\]"), ""),
    ("](", re.compile(r"\[([^\[\]]*)\]\([^()]*(?:\([^()]*\)[^()]*)*\)"), r"\1"),
    ("][", re.compile(r"\[([^\[\]]+)\]\[[^\[\]]*\]"), r"\1"),
    ("<", re.compile(r"<(https?://[^<>\s]+)>"), r"\1"),
    ("", re.compile(r"\*\*(?<!\\\*\*)|__(?<!\\__)|~~(?<!\\~~)|`(?<!\\`)"), ""),
    ("", re.compile(r"[*_](?:(?<![\\\w][*_])(?=\S)|(?<=[^\s\\][*_])(?!\w))"), ""),
)
"""What each begins to be looked for at, since most texts hold none of it; the pattern; and what stays of it."""
_MAY_BE_MARKUP = re.compile(r"[<\[*_~`\\&]")


def plain(content: str) -> str:
    """Markdown as the words that a reader sees, on one line."""
    text = content[:20_000]
    if _MAY_BE_MARKUP.search(text) is None:
        return " ".join(text.split())
    for sign, pattern, replacement in _MARKUP:
        if sign in text:
            text = pattern.sub(replacement, text)
    return " ".join(unescapeAll(text).split())
