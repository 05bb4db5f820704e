"""Where a page that is gone may be now: candidates from a host's own links and site maps, and what makes sure. Pure.

A wrong suggestion costs more than none. A candidate counts only when it says what the page said last; what other pages
of the host say as well (frames, notices, lists of links) proves nothing and is left out of account.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from rapidfuzz import fuzz

from crawler.blocks import Block, Page, visible_blocks
from crawler.html import links_in
from crawler.region import main_region
from crawler.text import key
from crawler.urls import ResourceUrl, is_home, resource_url, same_address, same_site

MOST_CANDIDATES: Final = 20_000
LEAST_CHARS: Final = 200
"""Characters of its own that a page needs to be known again."""
_LIKELY: Final = 55.0
_SAME: Final = (0.97, 0.9)
_SAME_UNDER_TITLE: Final = (0.8, 0.6)
"""The part of the old text that must be on the new page, and of the new text that must be from the old one."""
_NUMBER = re.compile(r"\d{4,}")
_WORDS = re.compile(r"[^\W_]+")
_EXTENSION = re.compile(r"\.[a-z]{2,5}$", re.IGNORECASE)
_SEPARATOR = re.compile(r"\s+[|–—·:»-]\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address of the host; `words` is what a link to it says, `found` where it stands, for people.

    `own`: the page, or its old address, leads there itself. Then it may be of another host.
    """

    url: str
    found: str
    words: str = ""
    own: bool = False


def links_on(page: Page, found: str) -> Iterator[Candidate]:
    """The links of a page in HTML, with their words."""
    if page.kind != "html":
        return
    for target, words in links_in(page.source):
        parsed = resource_url(target, page.url or None)
        if isinstance(parsed, ResourceUrl):
            yield Candidate(url=parsed.href, found=found, words=words)


def rank(candidates: Iterable[Candidate], *, url: str, page: Page) -> list[Candidate]:
    """The candidates that may be the page, the likeliest first: by the words of their addresses and links.

    Only addresses of the same site (or where the page leads itself), none that is its own old one or a home page.
    """
    leaf, title = _leaf(url), " ".join(_titles(page))
    numbers = set(_NUMBER.findall(leaf))
    best: dict[str, tuple[float, Candidate]] = {}
    for number, each in enumerate(candidates):
        if number >= MOST_CANDIDATES:
            break
        if same_address(url, each.url) or is_home(each.url) or not (each.own or same_site(url, each.url)):
            continue
        score = 100.0 if each.own else _likeness(each, leaf, title, numbers)
        if score >= _LIKELY and score > best.get(each.url, (0.0,))[0]:
            best[each.url] = (score, each)
    return [each for _, each in sorted(best.values(), key=lambda pair: (-pair[0], len(pair[1].url), pair[1].url))]


def _likeness(each: Candidate, leaf: str, title: str, numbers: set[str]) -> float:
    name = _leaf(each.url)
    if leaf and name == leaf:
        return 100.0
    if numbers & set(_NUMBER.findall(name)):
        return 95.0  # help centres put an article's number into its address, whatever its title
    said = max(fuzz.token_sort_ratio(leaf, name), fuzz.token_set_ratio(title, name) - 5 if len(name) > 8 else 0)
    return max(said, fuzz.token_sort_ratio(title, each.words.casefold()) if each.words else 0.0)


def _leaf(url: str) -> str:
    """The words of an address's last part."""
    parsed = resource_url(url)
    if not isinstance(parsed, ResourceUrl):
        return ""
    last = unquote(parsed.target.rstrip("/").rpartition("/")[2], errors="replace")
    return " ".join(_WORDS.findall(_EXTENSION.sub("", last).casefold()))


def _titles(page: Page) -> list[str]:
    """What a page is called: its title without the site's name, and its first heading."""
    whole = page.title.casefold()
    first = next((block.text.casefold() for block in visible_blocks(page.blocks) if block.level == 1), "")
    part = _SEPARATOR.split(whole)[0]
    return [each for each in dict.fromkeys((first, part)) if each]


@dataclass(frozen=True, slots=True, kw_only=True)
class SamePage:
    """How it is known that two pages are one, in a few words; "" where it is not known.

    `certain`: they say the same. Else they are one page under the same title, some of it written anew, unless another
    page is as much like it.
    """

    words: str = ""
    certain: bool = False


def same_page(before: Page, now: Page, others: Sequence[Page]) -> SamePage:
    """Whether `now` is the page that `before` was.

    `others` are further pages of the host: what stands on them too is not the page's own.
    """
    common = {block.key for page in others for block in visible_blocks(page.blocks)}
    old, new = _own(before, common), _own(now, common)
    size, new_size = _chars(old), _chars(new)
    if size < LEAST_CHARS or new_size < LEAST_CHARS:
        return SamePage()
    old_keys, new_keys = {block.key for block in old}, {block.key for block in new}
    kept = _chars([block for block in old if block.key in new_keys]) / size
    back = _chars([block for block in new if block.key in old_keys]) / new_size
    if kept >= _SAME[0] and back >= _SAME[1]:
        return SamePage(words="the same text", certain=True)
    named = {key(one) for one in _titles(before)} & {key(one) for one in _titles(now)} - {""}
    if named and kept >= _SAME_UNDER_TITLE[0] and back >= _SAME_UNDER_TITLE[1]:
        return SamePage(words=f"the same title and {kept:.0%} of its text")
    return SamePage()


def twins(one: Page, other: Page) -> bool:
    """Whether two pages say the same throughout: one page at two addresses, which do not tell against each other."""
    first, second = ({block.key for block in visible_blocks(page.blocks)} for page in (one, other))
    return first == second


def _own(page: Page, common: set[str]) -> list[Block]:
    blocks = visible_blocks(page.blocks)
    inside = main_region(blocks)
    return [block for block, use in zip(blocks, inside, strict=True) if use and block.key not in common]


def _chars(blocks: Iterable[Block]) -> int:
    return sum(len(block.text) for block in blocks)
