"""What a look leaves behind, on both databases."""

import pytest
from storage_builders import (
    DAY,
    START,
    citation,
    digest,
    guide,
    look,
    only,
    opening,
    standing,
    sync,
    visit,
)

from crawler.model import DriftKind, Health, LinkHistory, ResourceId, SnapshotId, Validators
from guides.model import Claim, Css, GuideId
from review.model import CloseFinding, FindingId, FindingKind, FindingState
from storage.errors import StoreError
from storage.store import Store

A, B, C = b"<p>30 days</p>" * 50, b"<p>14 days</p>" * 50, b"<p>7 days</p>" * 50


def test_a_first_look_makes_the_basis(store: Store) -> None:
    sync(store, guide("coursera", citation(claim="within 30 days")))
    visit(store, A, START, etag='"1"', memory={"flappers": ["x"]})
    known = store.known(only(store))
    assert known.newest is not None and known.newest.digest == digest(A)
    assert known.newest.content_type == "text/html; charset=utf-8"
    assert known.history == LinkHistory(checked=START, last_ok=START)
    assert known.validators == Validators(etag='"1"')
    assert known.memory == {"flappers": ["x"]}
    assert known.interval_hours == 24.0
    assert known.verdict is not None and known.verdict.reason == "http-200"
    (cited,) = known.cited
    assert cited.basis == known.newest
    assert cited.claim == Claim(text="within 30 days", line=40)
    assert [each.text for each in cited.statements] == ["Wait up to 30 days."]
    assert store.body(digest(A)) == A
    basis = store.basis_of(GuideId("coursera"), known.id)
    assert basis is not None and basis.set_by == "crawl" and basis.set_at == START


def test_what_a_selector_is_applied_to_is_fetched_whole_where_it_was_read_from_its_data(store: Store) -> None:
    sync(store, guide("coursera", citation(place=Css(css="#answer"))))
    for made, validators in (("plain", Validators(etag='"1"')), ("embedded", Validators())):
        visit(store, A, START, etag='"1"', memory={"made": made})
        ((_, order),) = store.due(START, everything=True)
        assert (order.selected, order.validators) == (True, validators)


def test_the_same_page_again_only_moves_last_seen(store: Store) -> None:
    sync(store, guide())
    visit(store, A, START)
    visit(store, A, START + DAY)
    resource = only(store)
    (snapshot,) = store.snapshots(resource)
    assert (snapshot.at, snapshot.last_seen) == (START, START + DAY)
    assert [(each.status, each.snapshot) for each in store.timeline(resource)] == [
        (304, snapshot.id),
        (200, snapshot.id),
    ]


def test_a_page_that_returns_is_the_snapshot_it_was(store: Store) -> None:
    sync(store, guide())
    for day, body in enumerate((A, B, A)):
        visit(store, body, START + day * DAY)
    resource = only(store)
    first, second = store.snapshots(resource)
    assert [each.snapshot for each in store.timeline(resource)] == [first.id, second.id, first.id]
    newest = store.known(resource).newest
    assert newest is not None and newest.id == first.id


def test_recorded_twice_is_recorded_once(store: Store) -> None:
    sync(store, guide())
    visit(store, A, START)
    resource = only(store)
    seen = look(store.known(resource), B, START + DAY, drift=DriftKind.MATERIAL)
    for _ in range(3):
        store.record(seen, (opening(),))
    assert len(store.snapshots(resource)) == 2
    assert len(store.timeline(resource)) == 2
    (finding,) = store.findings()
    assert finding.opened == START + DAY
    (cited,) = store.known(resource).cited
    assert cited.standing is not None
    newest = store.known(resource).newest
    assert newest is not None and cited.standing.now == newest.id


def test_a_look_that_cannot_be_written_leaves_nothing(store: Store) -> None:
    sync(store, guide())
    resource = only(store)
    seen = look(store.known(resource), A, START)
    broken = type(seen)(**{**{name: getattr(seen, name) for name in seen.__slots__}, "body": b"something else"})
    with pytest.raises(StoreError, match="not its digest"):
        store.record(broken, ())
    assert store.snapshots(resource, good_only=False) == []
    assert store.timeline(resource) == []
    assert store.known(resource).history.checked is None


def test_no_such_resource(store: Store) -> None:
    sync(store, guide())
    seen = look(store.known(only(store)), A, START)
    lost = type(seen)(**{**{name: getattr(seen, name) for name in seen.__slots__}, "source": ResourceId(999)})
    with pytest.raises(StoreError, match="no resource 999"):
        store.record(lost, ())
    with pytest.raises(StoreError, match="no resource 999"):
        store.known(ResourceId(999))
    with pytest.raises(StoreError, match="no snapshot 999"):
        store.snapshot(SnapshotId(999))
    with pytest.raises(StoreError, match="not kept"):
        store.body(digest(b"never seen"))


def test_a_wall_is_kept_apart_and_never_the_newest(store: Store) -> None:
    sync(store, guide())
    visit(store, A, START)
    visit(store, b"Just a moment...", START + DAY, health=Health.CHALLENGE)
    visit(store, None, START + 2 * DAY)
    known = store.known(only(store))
    assert known.newest is not None and known.newest.digest == digest(A)
    assert len(store.snapshots(known.id)) == 1
    assert [each.health for each in store.snapshots(known.id, good_only=False)] == [Health.OK, Health.CHALLENGE]
    last = store.timeline(known.id)[0]
    assert (last.verdict, last.snapshot, last.status, last.elapsed_ms) == ("unreachable", None, None, 30000)


def test_due_is_by_time_and_by_guide(store: Store) -> None:
    one, two = citation("c1", "https://a.example/"), citation("c1", "https://b.example/x")
    sync(store, guide("one", one), guide("two", two), guide("three", one))
    assert [order.url for _, order in store.due(START)] == ["https://a.example/", "https://b.example/x"]
    (first, _), (second, _) = store.due(START)
    store.record(look(store.known(first), A, START), ())
    assert [resource for resource, _ in store.due(START + DAY / 2)] == [second]
    assert [resource for resource, _ in store.due(START + 2 * DAY)] == [second, first]
    assert [resource for resource, _ in store.due(START + DAY / 2, everything=True)] == [second, first]
    mine = frozenset({GuideId("three")})
    assert [resource for resource, _ in store.due(START, everything=True, guides=mine)] == [first]
    assert store.due(START, everything=True, guides=frozenset()) == []
    (order,) = [order for _, order in store.due(START + 2 * DAY, guides=mine)]
    assert order.history.checked == START


def test_standings_come_back_as_they_were(store: Store) -> None:
    sync(store, guide())
    visit(store, A, START)
    resource = only(store)
    known = store.known(resource)
    basis = known.cited[0].basis
    assert basis is not None and basis.id is not None
    visit(store, B, START + DAY, drift=DriftKind.MATERIAL)
    found = store.known(resource).cited[0].standing
    newest = store.known(resource).newest
    assert newest is not None
    assert found == standing(basis.id, newest.id, START + DAY)
    visit(store, None, START + 2 * DAY)
    assert store.known(resource).cited[0].standing == found


def test_one_finding_is_open_and_brought_up_to_date(store: Store) -> None:
    sync(store, guide())
    visit(store, A, START)
    visit(store, B, START + DAY, opening())
    visit(store, C, START + 2 * DAY, opening(summary="30 days → 7 days", state="c"))
    (finding,) = store.findings()
    assert (finding.summary, finding.opened, finding.updated) == ("30 days → 7 days", START + DAY, START + 2 * DAY)
    assert finding.now is not None and store.snapshot(finding.now).digest == digest(C)
    assert finding.changes[0].reason == "30 days → 14 days"
    close = CloseFinding(finding=finding.id, state=FindingState.REVERTED, note="The source says again what it said")
    visit(store, A, START + 3 * DAY, close, close)
    assert store.findings() == []
    ended = store.finding(finding.id)
    assert ended is not None and (ended.state, ended.closed) == (FindingState.REVERTED, START + 3 * DAY)
    visit(store, B, START + 4 * DAY, opening())
    assert len(store.findings(states=tuple(FindingState))) == 2


def test_what_was_decided_is_told_to_triage(store: Store) -> None:
    sync(store, guide())
    visit(store, A, START)
    visit(store, B, START + DAY, opening(), opening(kind=FindingKind.LINK))
    drift, link = store.findings()
    store.decide(drift.id, FindingState.DISMISSED, by="ann", at=START + DAY)
    store.stet(GuideId("coursera"), on=START.date(), at=START + DAY, by="ann")
    told = store.findings_of(only(store))
    assert [(each.id, each.state) for each in told] == [
        (drift.id, FindingState.DISMISSED),
        (link.id, FindingState.ACCEPTED),
    ]
    assert store.finding(FindingId(10**12)) is None


def test_hostile_text_is_held(store: Store) -> None:
    odd = "a\0b\ud800c\U0001f600" + "x" * 100_000
    sync(store, guide("g\0\ud801", citation("k\0", claim=odd, number=10**30), title=odd))
    visit(store, A, START)
    more = opening(guide="g\0\ud801", citation="k\0", summary=odd)
    visit(store, B, START + DAY, more, memory={odd: [odd, 1.5, None]})
    known = store.known(only(store))
    assert known.memory["a\ufffdb\ufffdc\U0001f600" + "x" * 100_000][1:] == [1.5, None]
    (finding,) = store.findings()
    assert finding.summary.startswith("a\ufffdb\ufffdc")
    assert known.cited[0].basis is not None
    (view,) = store.view([guide("g\0\ud801", citation("k\0"))])
    assert view.open_findings == (finding,)
    assert view.citations[0].verdict is not None


def test_a_url_longer_than_an_index_takes(store: Store) -> None:
    import random

    long = "https://example.com/" + "".join(random.Random(1).choices("abcdefghijklmnop", k=60_000))
    sync(store, guide("coursera", citation(url=long)))
    sync(store, guide("coursera", citation(url=long), title="other"))
    visit(store, A, START)
    assert store.known(only(store)).url == long


def test_a_batch_writes_every_look(store: Store) -> None:
    sync(store, *(guide(f"g{n}", citation(url=f"https://e.example/{n}")) for n in range(150)))
    with store.batch():
        for resource, _ in store.due(START):
            store.record(look(store.known(resource), b"page %d" % resource, START), ())
    assert all(store.known(resource).newest for resource, _ in store.due(START, everything=True))


def test_one_bad_look_does_not_take_the_batch_with_it(store: Store) -> None:
    sync(store, *(guide(f"g{n}", citation(url=f"https://e.example/{n}")) for n in range(3)))
    first, second, third = (resource for resource, _ in store.due(START))
    bad = look(store.known(second), B, START)
    bad = type(bad)(**{**{name: getattr(bad, name) for name in bad.__slots__}, "body": b"?"})
    with pytest.raises(StoreError, match="not its digest"), store.batch():
        store.record(look(store.known(first), A, START), ())
        store.record(bad, ())
        store.record(look(store.known(third), A, START), ())
    assert [store.known(each).newest is not None for each in (first, second, third)] == [True, False, True]
    visit_after = look(store.known(second), A, START)
    store.record(visit_after, ())
    assert store.known(second).newest is not None
