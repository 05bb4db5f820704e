"""The queue: open findings as cards, worst first, with filters, search and counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from guides.model import Guide, GuideId
from review.queue import FACETS, NOBODY, Card, Filters, Order, Selection, position_of, position_text
from review.text import count, link_target, one_line, shortened
from review.web.board import Dealt
from review.web.render import fragment, macro, page
from review.web.security import FIELD, form_token, user_of
from review.web.site import site_of
from review.web.words import kind_words, severity_words, stet_words

PLACEHOLDER: Final = "\ue000token\ue001"
"""Stands in kept markup for the token of whoever looks; foreign text cannot hold it (see `_safe`)."""
_SHOWN_GUIDES: Final = 4
_KEPT: Final = 4000
_LONGEST: Final = 300
_MOST_CHOICES: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideMark:
    """A guide on a card."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """A card as it is told."""

    key: str
    version: str
    finding: int
    findings: int
    severity: str
    severity_words: str
    kind: str
    summary: str
    stet_words: str
    host: str
    url: str
    target: str | None
    mass: bool
    pages: int
    claims: int
    guides: tuple[GuideMark, ...]
    more_guides: int
    people: tuple[str, ...]
    needs_edit: bool
    note: str
    opened: Any
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value of a filter, with how many changes it would leave."""

    value: str
    words: str
    chosen: bool


_kept: dict[tuple[Any, ...], Markup] = {}
_lock = Lock()


def filters_of(query: Mapping[str, str]) -> Filters:
    """What the address asks for. Nothing in it is trusted: unknown values find nothing, long ones are cut."""
    asked = {name: one_line(query.get(name, ""), _LONGEST) for name in (*FACETS, "q")}
    order = query.get("order", "")
    return Filters(
        **asked,
        order=Order(order) if order in tuple(Order) else Order.NEED,
        after=position_of(query.get("after", "")),
    )


def address(filters: Filters, **changed: Any) -> str:
    """The queue with these filters; with `after` only where it is given."""
    wanted = replace(filters, **{"after": None, **changed})
    parts = {name: getattr(wanted, name) for name in (*FACETS, "q") if getattr(wanted, name)}
    if wanted.order is not Order.NEED:
        parts["order"] = wanted.order.value
    if wanted.after is not None:
        parts["after"] = position_text(wanted.after)
    return "/?" + urlencode(parts) if parts else "/"


def queue(request: Request) -> HTMLResponse:
    site = site_of(request)
    filters = filters_of(request.query_params)
    dealt, selection = site.board.selection(filters)
    user = user_of(request)
    cards, choices = site.drawn.get(
        # With the queue's version, its cards and guides are what they were.
        (dealt.version, filters, user.may_decide),
        lambda: _drawn(dealt, selection, filters, decides=user.may_decide),
    )
    return page(
        request,
        "queue.html.j2",
        # Made by our own template; only the token of this browser is put in.
        cards=Markup(cards.replace(PLACEHOLDER, form_token(request))),  # noqa: S704
        selection=selection,
        filters=filters,
        choices=choices,
        chosen=_chosen(filters, dealt.guides),
        orders=_ORDERS,
        following=address(filters, after=selection.following) if selection.following else "",
        start=address(filters),
        all_cards=len(dealt.cards),
        version=dealt.version,
        people=site.people(),
        checked=_checked(request) if not selection.cards else None,
        here=str(request.url.path) + (f"?{request.url.query}" if request.url.query else ""),
    )


def _drawn(dealt: Dealt, selection: Selection, filters: Filters, *, decides: bool) -> tuple[Markup, Markup]:
    """The cards, and what each filter can be set to."""
    cards = Markup("".join([card_markup(card, dealt, decides=decides) for card in selection.cards]))  # noqa: S704
    choices = _choices(selection, dealt.guides, filters)
    return cards, macro("filters.html.j2", "filters")(_LABELS, choices)


_LABELS: Final = (
    ("severity", "Severity"),
    ("kind", "Kind"),
    ("guide", "Guide"),
    ("host", "Host"),
    ("tag", "Tag"),
    ("assignee", "Assigned to"),
)
_ORDERS: Final = (
    ("need", "Worst first"),
    ("claims", "Most claims touched"),
    ("guides", "Most guides"),
    ("oldest", "Longest open"),
    ("newest", "Newest"),
)


def news(request: Request) -> Response:
    """How many cards there are now: asked by a page that is open, which never moves its cards by itself."""
    dealt = site_of(request).board.dealt()
    seen = request.query_params.get("seen", "")
    known = set(seen.split(".")) if len(seen) < 20_000 else set()
    selection = site_of(request).board.selection(replace(filters_of(request.query_params), after=None))[1]
    fresh = sum(1 for card in selection.cards if card.key not in known)
    return HTMLResponse(fragment("news.html.j2", fresh=fresh, total=len(dealt.cards)) if fresh else "")


def card_markup(card: Card, dealt: Dealt, *, decides: bool) -> Markup:
    """The card with a placeholder for the token. Made once for each state of a card."""
    titles = tuple(dealt.guides[name].title if name in dealt.guides else name for name in card.guides[:_SHOWN_GUIDES])
    kept = (card.version, card.first.work, card.severity, card.needs_edit, titles, decides)
    with _lock:
        if kept in _kept:
            return _kept[kept]
    made: Markup = macro("card.html.j2", "card")(card_view(card, dealt.guides), decides, PLACEHOLDER, FIELD)
    with _lock:
        if len(_kept) >= _KEPT:
            _kept.clear()
        _kept[kept] = made
    return made


def card_view(card: Card, guides: Mapping[GuideId, Guide]) -> CardView:
    first = card.first
    pages = len({each.resource for each in card.entries})
    named = tuple(
        GuideMark(id=name, title=_safe(guides[GuideId(name)].title if GuideId(name) in guides else name, 90))
        for name in card.guides[:_SHOWN_GUIDES]
    )
    people = tuple(_safe(each, 40) for each in sorted(card.people) if each != NOBODY)
    return CardView(
        key=card.key,
        version=card.version,
        finding=first.id,
        findings=len(card.entries),
        severity=card.severity,
        severity_words=severity_words(card.severity),
        kind=first.kind,
        summary=_safe(first.summary, 240) or "Something changed",
        stet_words=stet_words(first.kind),
        host=_safe(card.host, 80) or "no address",
        url=_safe(first.url, 110),
        target=link_target(first.url),
        mass=card.mass,
        pages=pages,
        claims=card.claims,
        guides=named,
        more_guides=len(card.guides) - len(named),
        people=people,
        needs_edit=card.needs_edit,
        note=_safe(first.work.note, 300),
        opened=card.opened,
        name=_safe(f"{severity_words(card.severity)}: {first.summary}", 200),
    )


def _safe(text: str, limit: int) -> str:
    return shortened(one_line(text, limit).replace(PLACEHOLDER, "").replace("\ue000", "").replace("\ue001", ""), limit)


def _choices(selection: Selection, guides: Mapping[GuideId, Guide], filters: Filters) -> dict[str, tuple[Choice, ...]]:
    found = {}
    for name, values in selection.facets.items():
        shown = [each for each in values if each[0]][:_MOST_CHOICES]
        asked = getattr(filters, name)
        if asked and all(value != asked for value, _ in shown):
            shown.append((asked, 0))
        found[name] = tuple(
            Choice(value=value, words=f"{_words(name, value, guides)} ({many:,})", chosen=value == asked)
            for value, many in shown
        )
    return found


def _words(name: str, value: str, guides: Mapping[GuideId, Guide]) -> str:
    match name:
        case "severity":
            return severity_words(value)
        case "kind":
            return kind_words(value)
        case "assignee":
            return "nobody" if value == NOBODY else one_line(value, 40)
        case "guide":
            known = guides.get(GuideId(value))
            return one_line(known.title if known else value, 60)
        case _:
            return one_line(value, 60)


def _chosen(filters: Filters, guides: Mapping[GuideId, Guide]) -> Iterable[tuple[str, str, str]]:
    """The filters that are set: name, words, and the queue without it."""
    return [
        (name, _words(name, value, guides) if name != "q" else f"“{value}”", address(filters, **{name: ""}))
        for name in (*FACETS, "q")
        if (value := getattr(filters, name))
    ]


def _checked(request: Request) -> dict[str, Any]:
    """What the empty queue says: what was checked, and when."""
    site = site_of(request)
    figures = site.figures()
    return {
        "guides": count(figures.guides, "guide"),
        "sources": count(figures.sources, "source"),
        "at": figures.last_crawl,
        "next": figures.next_due,
        "verdicts": figures.verdicts,
    }
