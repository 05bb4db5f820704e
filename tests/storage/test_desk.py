"""Decisions of editors, the audit log, and guides with what is known of them, on both databases."""

from datetime import date

import pytest
from sqlalchemy import text
from storage_builders import DAY, START, citation, digest, guide, look, only, opening, sync, visit

from crawler.model import DriftKind
from guides.model import GuideId
from review.model import FindingId, FindingKind, FindingState
from storage.audit import BEGINNING, About, append_all, first_broken
from storage.errors import StoreError
from storage.marks import audit_end
from storage.store import Store

A, B, C = b"<p>30 days</p>" * 50, b"<p>14 days</p>" * 50, b"<p>7 days</p>" * 50
COURSERA = GuideId("coursera")


def drifted(store: Store) -> None:
    sync(store, guide(verified=date(2025, 11, 8)))
    visit(store, A, START)
    visit(store, B, START + DAY, opening(), drift=DriftKind.MATERIAL)


def test_stet_makes_the_newest_page_the_basis(store: Store) -> None:
    drifted(store)
    accepted = store.stet(COURSERA, on=date(2026, 1, 3), at=START + 2 * DAY, by="ann", note="still holds")
    assert [(each.state, each.by, each.note) for each in accepted] == [(FindingState.ACCEPTED, "ann", "still holds")]
    assert store.findings() == []
    basis = store.basis_of(COURSERA, only(store))
    assert basis is not None and basis.snapshot.digest == digest(B)
    assert (basis.set_by, basis.verified, basis.set_at) == ("ann", date(2026, 1, 3), START + 2 * DAY)
    (view,) = store.view([guide(verified=date(2025, 11, 8))])
    assert (view.verified, view.open_findings, view.citations[0].drift) == (date(2026, 1, 3), (), None)
    (entry,) = store.audit_log()
    assert (entry.who, entry.action, entry.note) == ("ann", "stet", "still holds")
    assert {each for _, each in entry.evidence} == {digest(A), digest(B)}


def test_stet_of_one_finding_leaves_the_others(store: Store) -> None:
    two = guide("coursera", citation("c1"), citation("c2", "https://other.example/"))
    sync(store, two)
    (first, _), (second, _) = store.due(START)
    for day, body in enumerate((A, B)):
        for resource, name in ((first, "c1"), (second, "c2")):
            ops = (opening(citation=name),) if day else ()
            store.record(look(store.known(resource), body, START + day * DAY), ops)
    one, other = store.findings()
    assert [each.id for each in store.stet(COURSERA, on=START.date(), at=START + DAY, by="a", finding=one.id)] == [
        one.id
    ]
    assert [each.id for each in store.findings()] == [other.id]
    bases = [store.basis_of(COURSERA, each) for each in (first, second)]
    assert [each.snapshot.digest for each in bases if each] == [digest(B), digest(A)]
    assert store.view([two])[0].verified is None
    with pytest.raises(StoreError, match="not an open finding"):
        store.stet(COURSERA, on=START.date(), at=START + DAY, by="a", finding=one.id)


def test_stet_before_anything_was_seen(store: Store) -> None:
    sync(store, guide())
    assert store.stet(COURSERA, on=START.date(), at=START, by="ann") == []
    assert store.view([guide()])[0].verified == START.date()
    with pytest.raises(StoreError, match="no guide 'unknown'"):
        store.stet(GuideId("unknown"), on=START.date(), at=START, by="ann")


def test_a_look_under_way_does_not_undo_a_stet(store: Store) -> None:
    drifted(store)
    before = look(store.known(only(store)), C, START + 2 * DAY, drift=DriftKind.MATERIAL)
    store.stet(COURSERA, on=date(2026, 1, 3), at=START + 3 * DAY, by="ann")
    store.record(before, ())
    (cited,) = store.known(only(store)).cited
    assert cited.basis is not None and cited.basis.digest == digest(B)
    assert cited.standing is None, "it was measured against the basis before"


def test_decisions(store: Store) -> None:
    drifted(store)
    (finding,) = store.findings(guides=(COURSERA,))
    assert store.findings(guides=(GuideId("other"),)) == []
    noise = store.decide(finding.id, FindingState.DISMISSED, by="ann", note="noise", at=START + 2 * DAY)
    assert (noise.state, noise.by, noise.note, noise.closed) == (
        FindingState.DISMISSED,
        "ann",
        "noise",
        START + 2 * DAY,
    )
    again = store.decide(finding.id, FindingState.DISMISSED, by="bob", at=START + 3 * DAY)
    assert again == noise
    with pytest.raises(StoreError, match="was dismissed by ann on 2026-01-03"):
        store.decide(finding.id, FindingState.RESOLVED, by="bob", at=START + 3 * DAY)
    with pytest.raises(StoreError, match="no finding 77"):
        store.decide(FindingId(77), FindingState.DISMISSED, by="bob", at=START)
    with pytest.raises(StoreError, match="closing"):
        store.decide(finding.id, FindingState.OPEN, by="bob", at=START)
    assert [entry.action for entry in store.audit_log()] == ["dismissed"]


def test_a_drift_is_pending_until_it_is_a_finding_or_decided(store: Store) -> None:
    sync(store, guide())
    visit(store, A, START)
    visit(store, B, START + DAY, drift=DriftKind.MATERIAL)
    (view,) = store.view([guide()])
    assert (view.citations[0].drift, view.citations[0].pending) == (DriftKind.MATERIAL, True)
    assert view.citations[0].basis_at == START and view.citations[0].checked == START + DAY
    visit(store, B, START + 2 * DAY, opening(), drift=DriftKind.MATERIAL)
    (view,) = store.view([guide()])
    assert not view.citations[0].pending and len(view.open_findings) == 1
    store.decide(view.open_findings[0].id, FindingState.DISMISSED, by="ann", at=START + 3 * DAY)
    (view,) = store.view([guide()])
    assert (view.citations[0].drift, view.citations[0].pending) == (DriftKind.MATERIAL, False)


def test_guides_that_the_store_does_not_know(store: Store) -> None:
    (view,) = store.view([guide("new", verified=date(2026, 1, 1))])
    assert (view.verified, view.citations[0].verdict, view.open_findings) == (date(2026, 1, 1), None, ())
    assert store.view([]) == []


def test_the_audit_log_is_a_chain(store: Store) -> None:
    drifted(store)
    for day in range(4):
        store.stet(COURSERA, on=date(2026, 1, 3 + day), at=START + (2 + day) * DAY, by=f"ann{day}")
    log = store.audit_log()
    assert log[0].before == BEGINNING and first_broken(log) is None
    assert [entry.before for entry in log[1:]] == [entry.hash for entry in log[:-1]]
    forged = [type(log[1])(**{name: getattr(log[1], name) for name in log[1].__slots__} | {"who": "eve"})]
    assert first_broken([log[0], *forged, *log[2:]]) == forged[0]
    assert first_broken([log[0], *log[2:]]) == log[2]

    many = [About(guide=f"g{number}", findings=(number,), snapshots=(1, 2, None, 999)) for number in range(3)]
    store._database.write(lambda connection: append_all(connection, many, at=START, who="Ben", action="dismissed"))
    store._database.write(lambda connection: append_all(connection, [], at=START, who="Ben", action="dismissed"))
    log = store.audit_log()
    assert first_broken(log) is None and [entry.guide for entry in log[4:]] == ["g0", "g1", "g2"]
    assert [number for number, _ in log[-1].evidence] == [1, 2], "what is not there is no evidence"
    assert store._database.read(audit_end) == (7, log[-1].hash)


@pytest.mark.parametrize("change", ["UPDATE audit SET who = 'eve'", "DELETE FROM audit"])
def test_the_audit_log_refuses_to_be_changed(store: Store, change: str) -> None:
    drifted(store)
    store.stet(COURSERA, on=date(2026, 1, 3), at=START + 2 * DAY, by="ann")
    with pytest.raises(StoreError, match="append-only"):
        store._database.write(lambda connection: connection.execute(text(change)))
    assert first_broken(store.audit_log()) is None


def test_everything_at_once_is_one_open_finding_a_kind(store: Store) -> None:
    sync(store, guide())
    visit(store, A, START, opening(), opening(kind=FindingKind.LINK), opening(), opening(kind=FindingKind.UNLOCATED))
    assert sorted(each.kind for each in store.findings()) == ["drift", "link", "unlocated"]
