"""Another address in the place of a cited one: where the page went, its archived copy, or one that is typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crawler.model import Verdict, VerdictKind
from crawler.urls import ResourceUrl, resource_url
from guides.model import Citation
from review.casework import Decision, DecisionError, Entry, Expected, Replacement
from review.model import Suggested
from review.ports import Writing
from review.text import link_target, one_line
from review.web.board import Dealt
from review.web.security import Form
from review.web.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An address to choose. `why`: where it comes from. `sure`: it was seen that the page is there."""

    url: str
    why: str
    sure: bool = True


def offers(site: Site, url: str, verdict: Verdict | None, suggested: Suggested | None = None) -> tuple[Offer, ...]:
    """The redirect's target, the address at which a dead page is now, its archived copy: where there are any."""
    found = []
    if suggested is not None and suggested.url and usable(suggested.url):
        found.append(Offer(url=suggested.url, why=suggested.why or "the same page"))
    if verdict is not None and verdict.kind is VerdictKind.MOVED:
        target = verdict.replacement or verdict.final_url
        if target and target != url and usable(target):
            found.append(Offer(url=target, why="where it redirects to"))
    if suggested is not None and suggested.archived and usable(suggested.archived):
        when = f" of {suggested.archived_at:%Y-%m-%d}" if suggested.archived_at else ""
        found.append(Offer(url=suggested.archived, why=f"the archived copy{when}"))
    elif site.archive and link_target(url):
        found.append(
            Offer(url=f"{site.archive}{url.partition('#')[0]}", why="what the archive has, if any", sure=False)
        )
    return tuple(found)


def usable(url: str) -> bool:
    return link_target(url) is not None and isinstance(resource_url(url), ResourceUrl)


def may_be_fetched(site: Site, url: str) -> bool:
    """Whether the crawl could ask this address, as far as is known without looking its name up."""
    read = resource_url(url)
    return isinstance(read, ResourceUrl) and not site.guard.refuses(read.host, read.port)


def replace_url(site: Site, form: Form, expected: Sequence[Expected], *, by: str, at: datetime, note: str) -> Decision:
    """Write the address into the guides' files and close the findings. Raises DecisionError."""
    from review.web.decisions import Writes, entries_of, one, way_of

    asked = one(form, "url", 4000)
    url = one(form, "typed", 4000) if asked in ("", "typed") else asked
    if not usable(url):
        raise DecisionError("Give a whole web address, beginning with https://")
    if not may_be_fetched(site, url):
        raise DecisionError(
            "This is an address inside a private network: readers cannot open it, and it would not be checked. "
            "Give the page's public address."
        )
    way = way_of(site, form, writes=True)
    if way is Writing.NONE:
        raise DecisionError("The address stands in the guide's file, and files are not written here.")
    dealt = site.board.dealt()
    links = [_link(dealt, entry, url) for entry in entries_of(dealt, {each.finding for each in expected})]
    files = site.scribe.relinked([link for link in links if link is not None])
    if not files:
        raise DecisionError("The guide's file no longer cites this address as it did; look at it, and crawl again.")
    message = f"Replace {one_line(links[0].citation.url if links[0] else '', 120)} by {one_line(url, 120)}"
    said = note or f"Now {url}"
    with site.shelf.held(), Writes(site, files, way=way, by=by, message=message) as written:
        return site.bench.replaced(expected, at=at, by=by, note=said, files=files, written=written.words)


def _link(dealt: Dealt, entry: Entry, url: str) -> Replacement | None:
    guide = dealt.guides.get(entry.guide)
    citation = cited(guide.citations, entry) if guide else None
    if guide is None or citation is None:
        return None
    fragment = citation.url.partition("#")[2]
    whole = url if "#" in url or not fragment else f"{url}#{fragment}"
    return Replacement(guide=guide.id, file=guide.file, citation=citation, url=whole)


def cited(citations: Sequence[Citation], entry: Entry) -> Citation | None:
    return next((each for each in citations if each.key == entry.citation and each.url == entry.url), None)
