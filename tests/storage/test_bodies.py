"""Which raw bodies are kept, and that none is given out that is not what was stored."""

import os
from typing import Any

import pytest
from sqlalchemy import select, text, update
from storage_builders import DAY, START, digest, guide, look, only, opening, sync, visit

from crawler.model import DriftKind, Health
from guides.model import GuideId
from storage.errors import StoreError
from storage.store import Store
from storage.tables import Body

A, B, C = b"<p>30 days</p>" * 50, b"<p>14 days</p>" * 50, b"<p>7 days</p>" * 50


def run(store: Store, statement: Any) -> Any:
    return store._database.write(lambda connection: connection.execute(statement))


def kept(store: Store, *bodies: bytes) -> list[bool]:
    return [store.has_body(digest(body)) for body in bodies]


def test_a_body_whose_text_is_known_is_kept_only_while_it_is_the_newest(store: Store) -> None:
    sync(store, guide())
    pages = [b"<p>30 days</p><!-- %d -->" % n for n in range(5)]
    for n, body in enumerate(pages):
        visit(store, body, START + n * DAY, text="30 days")
    assert kept(store, *pages) == [True, False, False, False, True]
    told = [digest(page) for page in reversed(pages)]
    shown = {each.id: each.digest for each in store.snapshots(only(store))}
    assert [each.digest or shown[each.snapshot] for each in store.timeline(only(store)) if each.snapshot] == told
    assert len(shown) == 2, "what shows a known text is a snapshot only while it is the newest"
    visit(store, A, START + 6 * DAY, text="14 days")
    assert kept(store, *pages, A) == [True, False, False, False, False, True]
    visit(store, pages[2], START + 7 * DAY, text="30 days")
    assert kept(store, *pages, A) == [True, False, True, False, False, True]


def test_keep_all(url: str) -> None:
    with Store.open(url, keep="all") as store:
        sync(store, guide())
        pages = [b"<p>30 days</p><!-- %d -->" % n for n in range(5)]
        for n, body in enumerate(pages):
            visit(store, body, START + n * DAY, text="30 days")
        assert all(kept(store, *pages))


def test_what_is_referred_to_stays(store: Store) -> None:
    sync(store, guide())
    pages = [b"<p>14 days</p><!-- %d -->" % n for n in range(4)]
    visit(store, A, START)
    visit(store, pages[0], START + DAY, text="14 days")
    visit(store, pages[1], START + 2 * DAY, opening(), text="14 days", drift=DriftKind.MATERIAL)
    visit(store, pages[2], START + 3 * DAY, text="14 days")
    store.stet(GuideId("coursera"), on=START.date(), at=START + 3 * DAY, by="ann")
    visit(store, pages[3], START + 4 * DAY, text="14 days")
    visit(store, B, START + 5 * DAY)
    assert kept(store, *pages) == [True, True, True, False]


def test_a_body_shared_by_two_resources_stays_while_either_needs_it(store: Store) -> None:
    from storage_builders import citation

    sync(store, guide("one"), guide("two", citation("c1", "https://two.example/")))
    first, second = (resource for resource, _ in store.due(START))
    for n, body in enumerate((b"x1", b"x2")):
        store.record(look(store.known(first), body, START + n * DAY, text="x"), ())
    store.record(look(store.known(second), b"x2", START + 2 * DAY, text="x"), ())
    store.record(look(store.known(first), b"x3", START + 3 * DAY, text="x"), ())
    assert kept(store, b"x1", b"x2", b"x3") == [True, True, True]


def test_one_wall_of_a_kind_is_evidence_enough(store: Store) -> None:
    sync(store, guide())
    walls = [b"Just a moment... Ray ID %d" % n for n in range(3)]
    for n, body in enumerate(walls):
        visit(store, body, START + n * DAY, health=Health.CHALLENGE)
    assert kept(store, *walls) == [True, False, False]
    assert store.known(only(store)).newest is None


@pytest.mark.parametrize(
    "body", [b"", b"\0", os.urandom(100_000), b"a" * 3_000_000], ids=["empty", "nul", "noise", "long"]
)
def test_any_bytes_come_back(store: Store, body: bytes) -> None:
    sync(store, guide())
    visit(store, body, START)
    assert store.body(digest(body)) == body


@pytest.mark.parametrize(
    "damage",
    [
        {"data": b"\x28\xb5\x2f\xfd rubbish"},
        {"data": b""},
        {"encoding": "raw"},
        {"encoding": "from the future"},
        {"size": 7},
        {"size": -1},
    ],
    ids=str,
)
def test_a_damaged_body_is_named_with_what_it_belongs_to(store: Store, damage: dict[str, Any]) -> None:
    sync(store, guide())
    visit(store, A, START)
    run(store, update(Body).where(Body.digest == digest(A)).values(**damage))
    with pytest.raises(StoreError, match=rf"{digest(A)} is damaged \(snapshot 1 of https://example.com/privacy"):
        store.body(digest(A))


def test_a_flipped_bit_is_noticed(store: Store) -> None:
    sync(store, guide())
    body = os.urandom(5000)
    visit(store, body, START)
    data = bytearray(run(store, select(Body.data)).scalar_one())
    data[1000] ^= 1
    run(store, update(Body).values(data=bytes(data)))
    with pytest.raises(StoreError, match="damaged"):
        store.body(digest(body))


def test_a_body_under_another_ones_digest_is_noticed(store: Store) -> None:
    sync(store, guide())
    visit(store, A, START)
    run(store, update(Body).where(Body.digest == digest(A)).values(encoding="raw", size=len(B), data=B))
    with pytest.raises(StoreError, match="damaged"):
        store.body(digest(A))


def test_what_can_be_made_again_is_read_tolerantly(store: Store) -> None:
    sync(store, guide())
    visit(store, A, START)
    visit(store, B, START + DAY, drift=DriftKind.MATERIAL)
    for statement in (
        "UPDATE resource SET verdict = :bad",
        "UPDATE memory SET data = :bad",
        "UPDATE standing SET drift = :bad",
        "UPDATE snapshot SET headers = :bad, health = 'unheard-of'",
        "UPDATE guide SET statements = :bad",
        "UPDATE citation SET place = :bad, claim = :bad",
    ):
        for bad in (b"\x28\xb5\x2f\xfd", b"{", b'{"kind": "unheard-of"}', b"[1, 2]", b'"x"', b"\xff\xfe"):
            run(store, text(statement).bindparams(bad=bad))
            known = store.known(only(store))
            store.view([guide()])
            assert known.newest is not None
    assert known.verdict is None and known.cited[0].standing is None


def test_fields_of_a_newer_version_are_passed_over(store: Store) -> None:
    sync(store, guide())
    visit(store, A, START)
    newer = b'{"kind": "ok", "reason": "http-200", "invented_later": {"a": [1]}}'
    run(store, text("UPDATE resource SET verdict = :newer").bindparams(newer=newer))
    verdict = store.known(only(store)).verdict
    assert verdict is not None and verdict.reason == "http-200"
