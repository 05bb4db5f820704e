"""Accounts, links, sessions, tokens, notices and readers' reports, on both databases."""

import threading
from datetime import timedelta

import pytest
from storage_builders import DAY, START, citation, guide, sync

from guides.model import GuideId
from review.model import FindingKind, FindingState
from review.people import Role, Scope, TicketKind, hash_of
from review.reported import Step
from storage.audit import first_broken
from storage.errors import StoreError
from storage.store import Store

IDLE = timedelta(hours=1)
A, B, C = (hash_of(word) for word in "abc")


def test_accounts(store: Store) -> None:
    people = store.accounts
    ada = people.add("Ada", Role.ADMIN, at=START, by="x", password_hash="h1")
    assert not people.add("eve", Role.EDITOR, at=START, by="x").ready
    with pytest.raises(StoreError, match="already"):
        people.add("ADA", Role.VIEWER, at=START, by="x")
    assert people.account("aDa") == ada
    assert people.password_hash("ada") == "h1"
    assert people.password_hash("nobody") == people.password_hash("eve") == ""
    for act in (
        lambda: people.remove("ada", at=START, by="x"),
        lambda: people.set_role("ada", Role.VIEWER, at=START, by="x"),
    ):
        with pytest.raises(StoreError, match="only admin"):
            act()
    with pytest.raises(StoreError, match="no account"):
        people.remove("nobody", at=START, by="x")
    people.set_role("eve", Role.ADMIN, at=START, by="x")
    people.open_session(ada.id, A, at=START, expires=START + DAY)
    people.remove("ada", at=START, by="x")
    assert people.session(A, at=START, idle=IDLE) is None
    assert [each.name for each in people.accounts()] == ["eve"]
    assert people.add("ada", Role.VIEWER, at=START, by="x").role is Role.VIEWER
    assert people.count() == 2
    assert first_broken(store.audit_log()) is None
    people.add("\x00\ud800", Role.VIEWER, at=START, by="x")


def test_a_session_ends(store: Store) -> None:
    people = store.accounts
    ada = people.add("ada", Role.ADMIN, at=START, by="x", password_hash="h")
    people.open_session(ada.id, A, at=START, expires=START + DAY)
    people.open_session(ada.id, B, at=START, expires=START + DAY)
    minutes = [people.session(A, at=START + timedelta(minutes=n), idle=IDLE) for n in (0, 59, 118)]
    assert all(minutes)
    assert people.session(B, at=START + timedelta(minutes=61), idle=IDLE) is None
    assert people.session(A, at=START + DAY, idle=2 * DAY) is None
    assert people.session(C, at=START, idle=IDLE) is None
    people.set_password(ada.id, "h2", at=START)
    assert people.session(A, at=START, idle=IDLE) is None


def test_a_link_is_redeemed_once(store: Store) -> None:
    people = store.accounts
    people.add("ada", Role.ADMIN, at=START, by="x")
    people.ticket("ada", TicketKind.INVITE, A, at=START, expires=START + DAY)
    people.ticket("ada", TicketKind.RESET, B, at=START, expires=START + DAY)
    assert people.ticket_owner(A, at=START) is None
    assert people.ticket_owner(B, at=START + DAY) is None
    won = []
    both = [threading.Thread(target=lambda n=n: won.append(people.redeem(B, f"h{n}", at=START))) for n in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(each is None for each in won) == [False, True]
    assert people.redeem(B, "h", at=START) is None
    assert people.password_hash("ada") in ("h0", "h1")


def test_tokens(store: Store) -> None:
    people = store.accounts
    made = people.add_token("ci", Scope.READ, A, by="ada", at=START, expires=START + DAY)
    assert people.token(A, at=START) is not None
    assert people.tokens()[0].used == START
    assert people.token(A, at=START + DAY) is None
    assert people.token(B, at=START) is None
    assert people.revoke_token(made.id, at=START, by="ada")
    assert not people.revoke_token(made.id, at=START, by="ada")
    assert people.token(A, at=START) is None


def test_notices(store: Store) -> None:
    notices = store.notices
    assert notices.claim([A, B], "urgent", at=START) == [A, B]
    assert notices.claim([A, B, C], "urgent", at=START) == [C]
    notices.sent([A], "urgent", at=START)
    notices.failed([B], at=START)
    assert notices.claim([A, B, C], "urgent", at=START + timedelta(minutes=6)) == [B]
    assert notices.claim([A, B, C], "urgent", at=START + timedelta(minutes=16)) == [B, C]
    assert notices.told([A, B, C]) == {A}


def test_readers_reports(store: Store) -> None:
    first, second = guide("one", citation("c1")), guide("two", citation("c2", url="https://other.example/"))
    sync(store, first, second)
    step = Step(number=2, text="Press delete", line=9)
    one = store.report_incorrect(GuideId("one"), step, "No such button", at=START)
    assert store.report_incorrect(GuideId("one"), step, "no such  BUTTON", at=START + DAY) == one
    whole = store.report_incorrect(GuideId("one"), None, "All wrong", at=START)
    assert whole != one
    with pytest.raises(StoreError, match="knows no guide"):
        store.report_incorrect(GuideId("none"), None, "Wrong", at=START)
    found = store.finding(one)
    assert found is not None
    assert [(each.words, each.times) for each in found.reports] == [("No such button", 2)]
    assert (found.kind, found.citation, found.claims[0].line) == (FindingKind.READER_REPORT, "", 9)
    assert [each.id for each in store.view([first])[0].open_findings] == [one, whole]
    assert store.newest_findings(1)[0].id == whole
    assert [each.id for each in store.findings_after(one, 5, states=(FindingState.OPEN,))] == [whole]
    accepted = store.stet(GuideId("one"), on=START.date(), at=START, by="ada", finding=one)
    assert [each.id for each in accepted] == [one]
    assert store.report_incorrect(GuideId("one"), step, "No such button", at=START) > whole
    assert store.fsck(at=START).whole
    sync(store, second, at=START + DAY)
    assert store.findings() == []


def test_a_renamed_guide_keeps_its_reports(store: Store) -> None:
    cited = citation("c1")
    sync(store, guide("old", cited, title="Delete it"))
    number = store.report_incorrect(GuideId("old"), None, "Wrong", at=START)
    sync(store, guide("new", cited, title="Delete it"), at=START + DAY)
    (kept,) = store.findings()
    assert (kept.id, kept.guide) == (number, "new")
