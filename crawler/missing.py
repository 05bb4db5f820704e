"""What a host shows for an address that cannot exist, and whether a page is that. Pure.

Many hosts answer 200 to everything, or send whatever they do not know to one general page. To be told from a page that
is merely short, an answer has to say what the host says for nothing, and the host must say something else elsewhere:
where even its home page looks so, it shows one shell to everybody, or a gate before everything, and nothing follows.
(After Bar-Yossef et al., "Sic transit gloria telae", WWW 2004: a page beside a random address of the same directory.)
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from crawler.blocks import Block, Page
from crawler.model import Fetched, Health, PageHealth
from crawler.signs import GONE
from crawler.text import key
from crawler.urls import ResourceUrl, is_home, one_line, public, resource_url, same_address, same_site

THIN = 1_000
"""A page with fewer characters of its own may be a "not found" in words that nobody taught us."""

_SAYS = 15
_SENTENCE = 30
_MAX_BLOCKS = 2_000
_EXTENSION = re.compile(r"\.[a-z]{2,5}$", re.IGNORECASE)
_APP_ROOT = re.compile(
    r"""<(?:div|main|section)\b[^>]{0,300}?\bid=["']?(?:root|app|main-app|react-root|__next|__nuxt|___gatsby|svelte"""
    r"""|ember-app|q-app|application)\b[^>]{0,300}>\s*(?:<!--.{0,200}?-->\s*)?</"""
    r"""|<[a-z]+-[a-z\-]{1,40}(?:\s[^>]{0,300})?>\s*</[a-z]+-""",
    re.IGNORECASE | re.DOTALL,
)
_ORDINARY = (Health.OK, Health.SOFT_404, Health.ERROR_PAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What an answer looks like, small enough to be kept for each host.

    `blocks` and `said` are hashes of this process: of everything that stands in the content, and of its headings and
    sentences. `built`: scripts may put the text in, so what is there says nothing. `gate`: it asks who one is.
    """

    url: str
    final_url: str
    status: int
    title: int
    blocks: frozenset[int]
    said: frozenset[int]
    chars: int
    built: bool
    gate: bool

    @property
    def redirected(self) -> bool:
        return not same_address(self.url, self.final_url)

    def looks_like(self, other: "Likeness") -> bool:
        """Whether both say the same, the addresses that they repeat left out."""
        return self.title == other.title and self.blocks == other.blocks


def likeness(answer: Fetched, page: Page, health: PageHealth) -> Likeness:
    """The likeness of an answer whose body was read as `page`."""
    shown = [block for block in page.blocks[:_MAX_BLOCKS] if not block.hidden and block.key]
    content = [block for block in shown if not block.chrome]
    names = _names(answer)
    keys = [_masked(block.text, names) for block in content]
    built = (
        not content
        or health.health not in _ORDINARY
        or bool(page.head.noscript and health.chars < THIN and "javascript" in page.head.noscript.lower())
        or bool(_APP_ROOT.search(page.source[:400_000]))
    )
    return Likeness(
        url=answer.url,
        final_url=answer.final_url,
        status=answer.status,
        title=hash(_masked(page.title, names)),
        blocks=frozenset(hash(one) for one in keys if one),
        said=frozenset(hash(one) for block, one in zip(content, keys, strict=True) if _speaks(block) and len(one) > 5),
        chars=sum(len(block.text) for block in content),
        built=built,
        gate=page.head.password_fields > 0,
    )


def nowhere(url: str) -> str:
    """An address beside `url` that cannot exist: the same for all pages of a host's folder in all runs."""
    parsed = resource_url(url)
    assert isinstance(parsed, ResourceUrl)  # it has been fetched
    folder, _, leaf = parsed.path.rpartition("/")
    extension = found[0] if (found := _EXTENSION.search(leaf)) else ""
    name = hashlib.sha256(parsed.key.encode()).hexdigest()[:12]
    return f"{parsed.scheme}://{parsed.authority}{folder}/no-such-page-{name}{extension}"


def home_of(url: str) -> str:
    """The home page of a URL's host."""
    parsed = resource_url(url)
    assert isinstance(parsed, ResourceUrl)  # it has been fetched
    return f"{parsed.scheme}://{parsed.authority}/"


def is_suspect(answer: Fetched, health: PageHealth | None) -> bool:
    """Whether an answer that looks good may be a host's way of saying "not found": short, titled with its number, or
    come by a redirect.
    """
    if health is None or health.health is not Health.OK or not 200 <= answer.status < 300 or is_home(answer.url):
        return False
    return (
        0 <= health.chars < THIN
        or bool(health.evidence)
        or (bool(answer.hops) and not same_address(answer.url, answer.final_url))
    )


def may_be_missing(one: Likeness, missing: Likeness | None) -> bool:
    """Whether it is worth asking for the home page: `one` is what the host shows for an address that cannot exist."""
    return missing is not None and (_same_redirect(one, missing) or _same_text(one, missing))


def missing_evidence(one: Likeness, missing: Likeness, home: Likeness | None) -> str:
    """Why `one` is the host's "not found", in one line; "" where that cannot be said."""
    if home is None or not may_be_missing(one, missing):
        return ""
    if _same_redirect(one, missing):
        elsewhere = is_home(one.final_url) and not same_site(one.url, one.final_url)
        if elsewhere or not _lands_alike(home, missing):
            return f"redirects to {public(one.final_url)}, as this host does with addresses that do not exist"
        return ""
    if home.looks_like(missing):
        return ""
    if missing.status in GONE:
        return one_line(f"shows the page that this host shows with {missing.status} for what does not exist")
    return "shows what this host shows for any address that does not exist" if missing.said - home.said else ""


def _same_redirect(one: Likeness, missing: Likeness) -> bool:
    """Both were sent to one address, by which no page was asked for in the first place."""
    if not (one.redirected and missing.redirected) or one.built or one.gate or missing.gate:
        return False
    return 200 <= missing.status < 300 and same_address(one.final_url, missing.final_url)


def _lands_alike(home: Likeness, missing: Likeness) -> bool:
    return same_address(home.final_url, missing.final_url) or home.looks_like(missing)


def _same_text(one: Likeness, missing: Likeness) -> bool:
    if one.built or missing.built or one.gate or missing.gate or one.chars < _SAYS:
        return False
    return (200 <= missing.status < 300 or missing.status in GONE) and one.looks_like(missing)


def _speaks(block: Block) -> bool:
    return (
        bool(block.level) or len(block.text) >= _SENTENCE or block.text.rstrip().endswith((".", "!", "?", "。", "！"))
    )


def _names(answer: Fetched) -> Sequence[str]:
    """What a page may repeat of the address that was asked for, the longest first."""
    names: set[str] = set()
    for address in (answer.url, answer.final_url):
        parsed = resource_url(address)
        if isinstance(parsed, ResourceUrl):
            leaf = parsed.path.rstrip("/").rpartition("/")[2]
            stem = _EXTENSION.sub("", leaf)
            names |= {parsed.href, parsed.target, parsed.path, leaf, stem, stem.replace("-", " ").replace("_", " ")}
    names |= {unquote(name, errors="replace") for name in names}
    return sorted((name for name in names if len(name) > 2), key=len, reverse=True)


def _masked(text: str, names: Sequence[str]) -> str:
    lowered = text[:5_000].casefold()
    for name in names:
        lowered = lowered.replace(name.casefold(), " ")
    return key(lowered)
