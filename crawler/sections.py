"""Where on a page a citation points: place → section, or why there is none."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never
from urllib.parse import unquote

from rapidfuzz import fuzz

from crawler.blocks import Block, Page
from crawler.region import main_region
from crawler.selectors import SelectorError, select_css, select_xpath
from crawler.text import key, visible
from guides.model import Anchor, Css, Heading, MainContent, Place, Quote, TextRange, XPath

_FUZZY_HEADING = 85.0
_FUZZY_QUOTE = 80.0
_MAX_QUOTE = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The cited part of a page. `heading` is the nearest one above it; `context` the blocks of its whole section."""

    place: Place
    blocks: tuple[Block, ...]
    heading: str = ""
    context: tuple[Block, ...] = ()
    exact: bool = True
    """False where it was found by likeness only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The page is there, the place is not. `reason` is one line for people."""

    place: Place
    reason: str
    unreadable: bool = False
    """The place itself cannot be read: a selector with a mistake in it."""


def place_of(url: str, place: Place | None) -> Place:
    """The place of a citation: what the guide names, else the URL's text directive, else its fragment, else all."""
    if place is not None:
        return place
    fragment = url.partition("#")[2]
    name, _, directives = fragment.partition(":~:")
    for directive in directives.split("&"):
        if directive.startswith("text=") and (found := _text_range(directive[5:])):
            return found
    if name and not name.startswith(("!", "/")) and name.lower() != "top":
        return Anchor(id=unquote(name))
    return MainContent()


def _text_range(directive: str) -> TextRange | None:
    """`[prefix-,]start[,end][,-suffix]`, percent-encoded (WICG URL Fragment Text Directives, section 3.2)."""
    parts = directive.split(",")[:4]
    prefix = unquote(parts.pop(0)[:-1]) if len(parts) > 1 and parts[0].endswith("-") else ""
    suffix = unquote(parts.pop()[1:]) if len(parts) > 1 and parts[-1].startswith("-") else ""
    start = unquote(parts[0]) if parts else ""
    if not start.strip():
        return None
    return TextRange(start=start, end=unquote(parts[1]) if len(parts) > 1 else "", prefix=prefix, suffix=suffix)


_MADE_BY_SCRIPTS = re.compile(
    r"L\d+(?:C\d+)?(?:-L?\d+(?:C\d+)?)?|(?:issuecomment|discussioncomment|pullrequestreview|discussion_r|note_|diff)-?\w+"
)
"""Lines of code and comments on GitHub and GitLab: their pages have no such ids before their scripts have run."""


def fragment_state(page: Page, fragment: str) -> str | None:
    """ "found" or "missing"; None where it cannot be told (no fragment, a page built by scripts, no HTML)."""
    name, _, directives = fragment.lstrip("#").partition(":~:")
    texts = [found for one in directives.split("&") if one.startswith("text=") and (found := _text_range(one[5:]))]
    if texts:
        if any(_says(page, wanted) for wanted in texts):
            return "found"
        return None if _script_built(page) or page.kind in ("pdf", "binary") else "missing"
    if not name or page.kind not in ("html", "xml"):
        return None
    names = (name, unquote(name), f"user-content-{unquote(name)}")  # GitHub's own prefix, which its scripts look for
    if name.lower() == "top" or any(page.has_anchor(one) for one in names):
        return "found"
    if name.startswith(("!", "/")) or _MADE_BY_SCRIPTS.fullmatch(name) or _script_built(page):
        return None
    return "missing"


def _says(page: Page, wanted: TextRange) -> bool:
    """Whether a browser would find the words: as they are written, from the start to the end of the range."""
    found = _by_range(page, wanted)
    return isinstance(found, Section) and found.exact and key(wanted.end[:_MAX_QUOTE]) in found.blocks[-1].key


def _script_built(page: Page) -> bool:
    return page.text_chars < 400 and bool(page.head.scripts)


def locate(page: Page, place: Place) -> Section | Missing:
    """The cited part of a page. Never raises: a selector that cannot be read is a missing place with a reason."""
    match place:
        case MainContent():
            return _main(page, place)
        case Css():
            return _selected(page, place)
        case XPath():
            return _selected(page, place)
        case Heading():
            return _by_heading(page, place)
        case Quote():
            return _by_quote(page, place)
        case TextRange():
            return _by_range(page, place)
        case Anchor():
            return _by_anchor(page, place)
        case _:
            assert_never(place)


def _main(page: Page, place: Place) -> Section | Missing:
    region = main_region(page.blocks)
    blocks = tuple(block for block, inside in zip(page.blocks, region, strict=True) if inside)
    if not blocks:
        return Missing(place=place, reason="the page has no text")
    return Section(place=place, blocks=blocks, heading=next((block.text for block in blocks if block.level), ""))


def _selected(page: Page, place: Css | XPath) -> Section | Missing:
    if page.kind not in ("html", "xml"):
        return Missing(place=place, reason=f"a selector cannot be applied to a {page.kind} document")
    if page.made == "embedded":  # its markup is of our making: a match would be an accident
        return Missing(place=place, reason="a selector needs the page as a browser shows it")
    what = _words(place) if isinstance(place, Css) else place.xpath
    try:
        if isinstance(place, Css):
            blocks = select_css(
                page.source, place.css, place.remove, end=place.until or place.through, whole=not place.until
            )
        else:
            blocks = select_xpath(page.source, place.xpath, place.remove)
    except SelectorError as error:
        return Missing(place=place, reason=str(error), unreadable=True)
    shown = tuple(block for block in blocks if not block.hidden and block.key)
    if not shown:
        return Missing(place=place, reason=f"nothing on the page matches {what}")
    return Section(place=place, blocks=shown, heading=next((block.text for block in shown if block.level), ""))


def _words(place: Css) -> str:
    if place.until:
        return f"{place.css} until {place.until}"
    return f"{place.css} through {place.through}" if place.through else place.css


def _by_heading(page: Page, place: Heading) -> Section | Missing:
    wanted = key(place.heading)
    headings = [(index, block) for index, block in enumerate(page.blocks) if block.level and not block.hidden]
    exact = [index for index, block in headings if wanted and block.key == wanted]
    if exact:
        return _under(page, exact[0], place, exact=True)
    scored = [
        (fuzz.ratio(visible(place.heading).casefold(), block.text[:500].casefold()), index) for index, block in headings
    ]
    best = max(scored, default=(0.0, -1))
    if best[0] >= _FUZZY_HEADING:
        return _under(page, best[1], place, exact=False)
    # Many pages only look as if they had headings: a short paragraph of these very words will do.
    plain = [index for index, block in enumerate(page.blocks) if wanted and block.key == wanted and not block.hidden]
    if plain:
        return _under(page, plain[-1], place, exact=True)
    return Missing(place=place, reason=f"no heading “{place.heading[:200]}” on the page")


def _under(page: Page, index: int, place: Place, *, exact: bool) -> Section:
    """A heading and what stands under it, down to the next heading of its rank or above."""
    head = page.blocks[index]
    level = head.level or 6
    end = index + 1
    while end < len(page.blocks):
        block = page.blocks[end]
        if (block.level and block.level <= level and not block.hidden) or block.chrome == "footer" != head.chrome:
            break
        end += 1
    blocks = tuple(block for block in page.blocks[index:end] if not block.hidden and block.key)
    return Section(place=place, blocks=blocks, heading=head.text, exact=exact)


def _by_quote(page: Page, place: Quote) -> Section | Missing:
    return _quoted(page, place, place.quote, "", place.prefix, place.suffix)


def _by_range(page: Page, place: TextRange) -> Section | Missing:
    return _quoted(page, place, place.start, place.end, place.prefix, place.suffix)


def _quoted(page: Page, place: Place, start: str, end: str, prefix: str, suffix: str) -> Section | Missing:
    wanted = key(start[:_MAX_QUOTE])
    shown = [(index, block) for index, block in enumerate(page.blocks) if not block.hidden and block.key]
    if not wanted:
        return Missing(place=place, reason="the quotation has no words")
    found = _exact_quote(shown, wanted, key(prefix), key(suffix))
    exact = found is not None
    if found is None:
        found = _fuzzy_quote(shown, start[:_MAX_QUOTE])
    if found is None:
        return Missing(place=place, reason=f"the words “{visible(start)[:120]}” are not on the page")
    first, last = found
    if end and (finish := key(end[:_MAX_QUOTE])):
        last = next((at for at in range(last, len(shown)) if finish in shown[at][1].key), last)
    indexes = [shown[at][0] for at in range(first, last + 1)]
    return Section(
        place=place,
        blocks=tuple(page.blocks[index] for index in indexes),
        heading=_heading_above(page.blocks, indexes[0]),
        context=_context(page, indexes[0]),
        exact=exact,
    )


def _exact_quote(shown: Sequence[tuple[int, Block]], wanted: str, prefix: str, suffix: str) -> tuple[int, int] | None:
    """The blocks that hold the words, which may run over several; among many, those with prefix and suffix around."""
    keys = [block.key for _, block in shown]
    text = "".join(keys)
    starts: list[int] = []
    at = 0
    for one in keys:
        starts.append(at)
        at += len(one)
    best: tuple[int, int] | None = None
    position = text.find(wanted)
    looked = 0
    while position >= 0 and looked < 1000:
        around = (not prefix or text.endswith(prefix, 0, position)) and (
            not suffix or text.startswith(suffix, position + len(wanted))
        )
        if best is None or around:
            best = (_block_at(starts, position), _block_at(starts, position + len(wanted) - 1))
            if around:
                break
        position = text.find(wanted, position + 1)
        looked += 1
    return best


def _block_at(starts: Sequence[int], position: int) -> int:
    return bisect_right(starts, position) - 1


def _fuzzy_quote(shown: Sequence[tuple[int, Block]], quote: str) -> tuple[int, int] | None:
    wanted = visible(quote).casefold()
    if len(wanted) < 12:
        return None
    best, best_at = _FUZZY_QUOTE, -1
    for at, (_, block) in enumerate(shown):
        if len(block.text) * 2 < len(wanted):
            continue
        text = block.text[:20_000].casefold()
        score = max(fuzz.ratio(wanted, text, score_cutoff=best), fuzz.partial_ratio(wanted, text, score_cutoff=best))
        if score > best:
            best, best_at = score, at
    return (best_at, best_at) if best_at >= 0 else None


def _by_anchor(page: Page, place: Anchor) -> Section | Missing:
    span = page.anchors.get(place.id)
    if span is None:
        return Missing(place=place, reason=f"no element “#{place.id[:200]}” on the page")
    if span.start >= len(page.blocks):
        return Missing(place=place, reason=f"nothing stands at “#{place.id[:200]}”")
    at_heading = next((i for i in range(span.start, min(span.end + 1, len(page.blocks))) if page.blocks[i].level), None)
    size = sum(len(block.text) for block in page.blocks[span.start : span.end])
    if at_heading is not None and (span.heading or (at_heading == span.start and size < 200)):
        return _under(page, at_heading, place, exact=True)
    if size >= 40:
        blocks = tuple(block for block in page.blocks[span.start : span.end] if not block.hidden and block.key)
        if blocks:
            return Section(place=place, blocks=blocks, heading=_heading_above(page.blocks, span.start))
    # An empty target marks what follows: down to the next heading.
    return replace(_under(page, span.start, place, exact=True), heading=_heading_above(page.blocks, span.start))


def _heading_above(blocks: Sequence[Block], index: int) -> str:
    for at in range(min(index, len(blocks) - 1), -1, -1):
        if blocks[at].level and not blocks[at].hidden:
            return blocks[at].text
    return ""


def _context(page: Page, index: int) -> tuple[Block, ...]:
    for at in range(index, -1, -1):
        if page.blocks[at].level and not page.blocks[at].hidden:
            return _under(page, at, MainContent(), exact=True).blocks
    return tuple(block for block in page.blocks if not block.hidden and not block.chrome and block.key)
