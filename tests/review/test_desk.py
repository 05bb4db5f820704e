"""The pure parts of the editors' page: cards, masks, passages side by side, and stored pages made harmless."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.model import Change, DriftKind
from crawler.page import read
from review.casework import Entry
from review.cleaning import cleaned
from review.masks import covers, proposals
from review.model import Mask
from review.passages import Fold, Row, compare_pages, pieces
from review.queue import Card, Filters, Order, hand, host_of, laid, position_of, position_text, select

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def _entry(number: int, **more: object) -> Entry:
    values: dict[str, object] = {
        "id": number,
        "kind": "drift",
        "severity": "material",
        "guide": f"g{number}",
        "citation": "c",
        "resource": number,
        "url": f"https://h{number}.example/p",
        "opened": NOW - timedelta(hours=number),
        "updated": NOW,
        "summary": f"change {number}",
        "claims": 0,
        "change": f"change {number}",
        **more,
    }
    return Entry(**values)  # type: ignore[arg-type]


def _dealt(entries: list[Entry]) -> tuple[Card, ...]:
    hosts: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        hosts[host_of(entry.url)].append(entry)
    return laid(hand(host, own, {}) for host, own in hosts.items())


def test_cards_are_changes_and_a_host_that_changed_everywhere_is_one() -> None:
    same = [_entry(n, change="one", resource=1, url="https://one.example/p") for n in range(1, 6)]
    mass = [_entry(n, url=f"https://big.example/{n}", marks=frozenset({"m"})) for n in range(10, 14)]
    two = [_entry(n, url=f"https://small.example/{n}", marks=frozenset({"m"})) for n in range(20, 22)]
    cards = _dealt([*same, *mass, *two])
    assert sorted(len(card.entries) for card in cards) == [1, 1, 4, 5]
    assert [card.mass for card in cards].count(True) == 1
    with_claims = _dealt([_entry(1, severity="dead"), _entry(2, claims=3), _entry(3, severity="wording")])
    assert [card.first.id for card in with_claims] == [2, 1, 3], "by severity, then what touches sentences"


def test_a_page_begins_after_a_card_that_has_gone() -> None:
    cards = _dealt([_entry(n) for n in range(100)])
    first = select(cards, Filters(), size=10)
    assert first.following is not None and first.total == 100
    left = tuple(card for card in cards if card.key != first.cards[-1].key)
    second = select(left, Filters(after=first.following), size=10)
    assert second.cards == cards[10:20], "nothing is skipped because something was decided"
    assert position_of(position_text(first.following)) == first.following
    assert len(select(cards, Filters(q="CHANGE 42")).cards) <= 1 and not select(cards, Filters(tag="x")).cards
    for order in Order:
        assert select(cards, Filters(order=order)).total == 100


@given(st.text(max_size=200))
def test_what_stands_in_an_address_is_never_an_error(text: str) -> None:
    place = position_of(text)
    assert place is None or position_of(position_text(place)) == place


def _change(before: str, after: str) -> Change:
    return Change(before=before, after=after, drift=DriftKind.MATERIAL)


def test_a_mask_covers_what_it_was_made_from_and_not_what_says_something_else() -> None:
    seats = _change("Only 12 seats left for this trip.", "Only 9 seats left for this trip.")
    (proposal,) = proposals([seats])
    assert proposal.numbers and covers(proposal.mask, seats)
    assert covers(proposal.mask, _change("Only 3 seats left for this trip.", ""))
    assert not covers(proposal.mask, _change("Only 3 seats left for this trip.", "No trips any more."))
    assert not covers(proposal.mask, _change("", "")) and not covers(Mask(words=("", "")), seats)
    assert proposals([_change("a", "b"), _change("yes", "no")]) == (), "a mask that fits everything is not proposed"


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_proposed_mask_always_covers_its_own_change(before: str, after: str) -> None:
    for proposal in proposals([_change(before, after)]):
        assert covers(proposal.mask, _change(before, after))


def test_pages_side_by_side_with_what_agrees_folded() -> None:
    filler = "".join(f"<p>Paragraph {n} says the same as it did before.</p>" for n in range(20))
    before, after = (read(f"<h1>Help</h1>{filler}<p>Wait {n} days for it.</p>{filler}".encode()) for n in (30, 14))
    made = compare_pages(before, after)
    changed = [part for part in made.parts if isinstance(part, Row) and part.kind == "changed"]
    folds = [part for part in made.parts if isinstance(part, Fold)]
    assert made.changed == 1 and len(folds) == 2
    told = pieces(changed[0].marks)
    assert [part.text for part in told if part.kind == "deleted"] == ["30"]
    assert (
        "".join(part.lead + part.text + part.tail for part in pieces(changed[0].marks, "after"))
        == "Wait 14 days for it."
    )


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>x</svg>",
    "<iframe src=//e>",
    '<a href="javascript:1">x</a>',
    "<meta http-equiv=refresh content='0;url=//e'>",
    "<base href=//e>",
    "<form action=//e>",
    '<p style="background:url(//e)">x</p>',
    "<style>@import url(//e)</style>",
    "<plaintext>",
    "<!--><script>1</script>-->",
    "<noscript><p title='</noscript><img src=x onerror=1>'>",
    "<img src='data:image/svg+xml,<svg onload=1>'>",
    "<" * 5000,
    "<div>" * 5000,
    "<p onclick=1 ONMOUSEOVER=2>x</p>",
    "<textarea><img src=x onerror=1>",
    "<x-y onfoo=1>x</x-y>",
    "\x00<scr\x00ipt>",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_a_stored_page_can_do_nothing(source: str) -> None:
    made = cleaned(f"<p>before</p>{source}", frozenset({"before"}), base='"><script>')
    body = made.partition("<body>")[2].lower()
    for bad in ("<script", "<iframe", "<form", "<meta", "<base", "<style", "<svg", "javascript:", "<link", "<object"):
        assert bad not in body, bad
    assert " on" not in body.replace(" on the", "") or "&lt;" in body
    assert '<mark class="loccit-changed">before</mark>' in made and "<script" not in made
