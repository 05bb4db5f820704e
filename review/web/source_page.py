"""Sources and hosts: how each was found at every check, what it said, and any two of its states compared."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from crawler import page as pages
from crawler.blocks import Page
from crawler.model import ResourceId, Snapshot, SnapshotId
from crawler.sections import place_of
from guides.model import Place
from review.casework import SourceView
from review.masks import mask_words
from review.model import FindingId
from review.passages import Compared, compare_pages
from review.queue import host_of
from review.text import count, link_target, one_line, shortened
from review.web.charts import looks_chart
from review.web.render import page
from review.web.site import Site, site_of
from review.web.words import drift_words, reason_words, severity_words, state_words, verdict_words

_PAGE: Final = 60
_MOST_BODY: Final = 6_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """How noisy a source is, and what would quiet it."""

    words: str
    advice: str


def sources(request: Request) -> HTMLResponse:
    site = site_of(request)
    text = one_line(request.query_params.get("q", ""), 200)
    start = _number(request.query_params.get("from", ""))
    lines = site.bench.source_lines(text=text, skip=start, limit=_PAGE + 1)
    return page(
        request,
        "sources.html.j2",
        lines=lines[:_PAGE],
        q=text,
        host="",
        start=start,
        following=start + _PAGE if len(lines) > _PAGE else 0,
        facts=(),
    )


def hosts(request: Request) -> HTMLResponse:
    """The hosts of the guides' citations, those with most open changes first."""
    site = site_of(request)
    dealt = site.board.dealt()
    cited = site.board.hosts(dealt.guides)
    opened = Counter(card.host for card in dealt.cards)
    query = one_line(request.query_params.get("q", ""), 100).lower()
    found = sorted((host for host in cited if host and query in host), key=lambda h: (-opened[h], -cited[h], h))
    start = _number(request.query_params.get("from", ""))
    rows = [(one_line(host, 100), cited[host], opened[host]) for host in found[start : start + _PAGE]]
    return page(
        request,
        "hosts.html.j2",
        rows=rows,
        q=query,
        total=len(found),
        start=start,
        following=start + _PAGE if start + _PAGE < len(found) else 0,
    )


def host(request: Request) -> HTMLResponse:
    site = site_of(request)
    name = one_line(request.path_params["host"], 255).lower()
    if not name:
        raise HTTPException(404)
    start = _number(request.query_params.get("from", ""))
    lines = site.bench.source_lines(host=name, skip=start, limit=_PAGE + 1)
    if not lines and not start:
        raise HTTPException(404)
    dealt = site.board.dealt()
    cards = [card for card in dealt.cards if card.host == name]
    facts = (
        (count(len(cards), "open change"), f"/?host={name}"),
        (count(sum(len(card.entries) for card in cards), "finding"), ""),
    )
    return page(
        request,
        "sources.html.j2",
        lines=lines[:_PAGE],
        q="",
        host=name,
        start=start,
        following=start + _PAGE if len(lines) > _PAGE else 0,
        facts=facts,
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def source(request: Request) -> HTMLResponse:
    site = site_of(request)
    found = _source(site, request.path_params["number"])
    changes = _changes(found)
    return page(
        request,
        "source.html.j2",
        source=found,
        title=one_line(found.title, 200) or shortened(one_line(found.url, 400), 100),
        url=shortened(one_line(found.url, 600), 200),
        target=link_target(found.url),
        host=host_of(found.url),
        chart=looks_chart(found.looks),
        verdict=verdict_words(found.verdict.kind.value if found.verdict else ""),
        verdict_kind=found.verdict.kind.value if found.verdict else "",
        reason=reason_words(found.verdict.reason) if found.verdict else "",
        every=_every(found.interval_hours),
        looks=_lines(found, changes),
        drift_words=drift_words,
        snapshots=[each for each in reversed(found.snapshots) if each.good][:100],
        findings=[(each, severity_words(each.severity), state_words(each.state.value)) for each in found.findings[:60]],
        noise=_noise(found, len(changes)),
        masks=[(number, one_line(mask_words(mask), 160)) for number, mask in found.masks],
    )


def _every(hours: float | None) -> str:
    """ "3 days", "12 hours"."""
    if not hours:
        return ""
    days = hours >= 48
    return count(max(1, round(hours / 24 if days else hours)), "day" if days else "hour")


def _source(site: Site, number: int) -> SourceView:
    found = site.bench.source(ResourceId(number))
    if found is None:
        raise HTTPException(404)
    return found


def _changes(found: SourceView) -> set[datetime]:
    """The moments at which another content was served than at the look before."""
    moments = set()
    last = None
    for look in reversed(found.looks):
        if look.snapshot is not None:
            if last is not None and look.snapshot != last:
                moments.add(look.at)
            last = look.snapshot
    return moments


def _lines(found: SourceView, changes: set[datetime]) -> list[dict[str, Any]]:
    """The looks, those that tell nothing new folded into one line."""
    lines: list[dict[str, Any]] = []
    for look in found.looks:
        changed = look.at in changes
        last = lines[-1] if lines else None
        if (
            last
            and not changed
            and not last["changed"]
            and (last["verdict"], last["code"]) == (look.verdict, one_line(look.reason, 40))
        ):
            last["first"], last["many"] = look.at, last["many"] + 1
            continue
        if len(lines) >= 60:
            break
        lines.append(
            {
                "last": look.at,
                "first": look.at,
                "many": 1,
                "verdict": look.verdict,
                "words": verdict_words(look.verdict),
                "reason": reason_words(look.reason),
                "code": one_line(look.reason, 40),
                "changed": changed,
                "snapshot": look.snapshot,
            }
        )
    return lines


def _noise(found: SourceView, changes: int) -> Noise:
    states = Counter(each.state.value for each in found.findings)
    ended = states["dismissed"] + states["reverted"]
    real = states["accepted"] + states["resolved"]
    looks = f"{count(len(found.looks), 'check')}, {count(changes, 'change')} of content"
    words = f"{looks}, {count(len(found.findings), 'finding')}"
    if not found.findings:
        return Noise(words=words, advice="It has raised nothing yet.")
    if not ended and not real:
        return Noise(words=words, advice="None of them has been decided yet.")
    if ended <= real:
        return Noise(
            words=words, advice=f"{real} of {len(found.findings)} findings were worth a look: nothing to quiet."
        )
    if found.masks:
        return Noise(words=words, advice="It has been quieted by the masks below.")
    return Noise(
        words=words,
        advice=f"{ended} of {len(found.findings)} findings were noise or went away. What would quiet it: name the "
        "cited place in the guide (a heading or a quotation), or dismiss the next one with the mask that it proposes.",
    )


# ---------------------------------------------------------------- two states compared


def compare(request: Request) -> HTMLResponse:
    """Any two snapshots of a source as text; with `finding`, of the place that it is about."""
    site = site_of(request)
    found = _source(site, request.path_params["number"])
    good = [each for each in found.snapshots if each.good]
    numbers = {each.id: each for each in found.snapshots}
    from_id = _snapshot_id(request, "from", good[-2].id if len(good) > 1 else None)
    to_id = _snapshot_id(request, "to", good[-1].id if good else None)
    told = ""
    compared: Compared | None = None
    place = _place(site, request)
    if from_id in numbers and to_id in numbers:
        before, after = stored_page(site, from_id), stored_page(site, to_id)
        if before is None or after is None:
            told = "The text of one of them is no longer kept."
        else:
            compared = compare_pages(before[1], after[1], place)
    else:
        told = "Choose two states of this source to compare."
    return page(
        request,
        "compare.html.j2",
        source=found,
        title=one_line(found.title, 200) or shortened(one_line(found.url, 400), 100),
        snapshots=list(reversed(good))[:200],
        from_id=from_id,
        to_id=to_id,
        before=numbers.get(from_id) if from_id else None,
        after=numbers.get(to_id) if to_id else None,
        compared=compared,
        words_told=told,
        placed=place is not None,
        finding=request.query_params.get("finding", "") if place is not None else "",
        side=request.query_params.get("view") == "side",
    )


def _snapshot_id(request: Request, name: str, default: SnapshotId | None) -> SnapshotId | None:
    text = request.query_params.get(name, "")
    return SnapshotId(int(text)) if text.isascii() and text.isdigit() and len(text) < 16 else default


def _place(site: Site, request: Request) -> Place | None:
    text = request.query_params.get("finding", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return None
    case = site.bench.case(FindingId(int(text)))
    guide = site.shelf.guides().get(case.finding.guide) if case else None
    if case is None or guide is None:
        return None
    cited = next((each for each in guide.citations if each.key == case.finding.citation), None)
    return place_of(cited.url, cited.place) if cited else None


def stored_page(site: Site, number: SnapshotId) -> tuple[Snapshot, Page, bytes] | None:
    """A stored snapshot, read as a page; None where its bytes are not kept. Snapshots never change."""
    found = site.bench.snapshot_body(number)
    if found is None:
        return None
    snapshot, _, body = found
    body = body[:_MOST_BODY]
    return snapshot, pages.read(body, content_type=snapshot.content_type, url=snapshot.final_url), body
