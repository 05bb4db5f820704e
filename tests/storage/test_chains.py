"""Bodies that rest on one another, and looks that leave next to nothing behind, on both databases."""

import os
import random
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text, update
from storage_builders import DAY, START, digest, guide, look, only, standing, sync, visit
from storage_old import old_store

from crawler.model import DriftKind, Health
from storage import bodies, deltas
from storage.errors import StoreError
from storage.headers import pack_headers, unpack_headers
from storage.migrate import HEAD
from storage.store import Store
from storage.tables import Body, Snapshot


def page(number: int, lines: int = 400) -> bytes:
    """Much of what other pages say, and something of its own."""
    rng = random.Random(1)
    same = [f"<p>{rng.getrandbits(64):x} stays</p>" for _ in range(lines)]
    same[number % lines] = f"<p>{number} differs, {random.Random(number).getrandbits(200):x}</p>"
    return "\n".join(same).encode()


def asked(store: Store, query: Any) -> Any:
    with store._database.reading() as connection:
        return connection.execute(query).all()


@pytest.mark.parametrize("first", [0, 256, 512])
def test_every_place_is_near_a_beginning(first: int) -> None:
    for place in range(first, first + 256):
        steps, at = 0, place
        while (before := deltas.rests_on(at)) is not None:
            assert before < at
            steps, at = steps + 1, before
        assert at == first and steps <= 8


def test_a_long_history_takes_little_room_and_each_of_it_is_read(store: Store) -> None:
    sync(store, guide())
    for number in range(40):
        visit(store, page(number), START + number * DAY)
    assert all(store.body(digest(page(number))) == page(number) for number in range(40))
    rows = asked(store, select(Body.place, Body.base, func.length(Body.data).label("size")).order_by(Body.place))
    assert [row.place for row in rows] == list(range(40))
    assert [row.base for row in rows] == [
        None if (before := deltas.rests_on(place)) is None else digest(page(before)) for place in range(40)
    ]
    assert max(row.size for row in rows[1:]) < rows[0].size / 20


def test_a_page_that_goes_to_and_fro_rests_on_its_own_form(store: Store) -> None:
    forms = [random.Random(number).randbytes(20_000).hex().encode() for number in range(3)]
    pages = [forms[(number * 7) % 3] + b"<p>%d</p>" % number for number in range(24)]
    sync(store, guide())
    for number, each in enumerate(pages):
        visit(store, each, START + number * DAY)
    rows = asked(store, select(func.length(Body.data).label("size")).order_by(Body.place))
    assert sum(row.size > 1000 for row in rows) == 3, "one of each form"
    assert all(store.body(digest(each)) == each for each in pages)
    assert store.fsck(at=START).whole


@pytest.mark.parametrize("size", [10_000, 3_000_000, 9_000_000])
def test_large_bodies_find_each_other(size: int) -> None:
    base = random.Random(size).randbytes(size)
    data = b"new" + base[: size // 2] + b"different" + base[size // 2 :]
    encoding, packed, needed = deltas.compress(data, base)
    assert needed and len(packed) < size // 50
    assert deltas.decompress(packed, encoding, len(data), base) == data
    assert deltas.decompress(packed, encoding, len(data), base[1:]) != data
    assert deltas.decompress(packed, encoding, len(data), None) != data


@pytest.mark.parametrize("base", [None, b"", b"x", os.urandom(5000)], ids=["none", "empty", "one", "noise"])
@pytest.mark.parametrize("data", [b"", b"y", os.urandom(7000), b"a" * 100_000], ids=["empty", "one", "noise", "long"])
def test_whatever_is_compressed_comes_back(data: bytes, base: bytes | None) -> None:
    encoding, packed, needed = deltas.compress(data, base)
    assert deltas.decompress(packed, encoding, len(data), base if needed else None) == data
    assert deltas.decompress(packed, encoding, len(data) + 1, base if needed else None) is None


def test_damage_names_what_is_damaged_and_what_cannot_be_read_for_it(store: Store) -> None:
    sync(store, guide())
    for number in range(4):
        visit(store, page(number), START + number * DAY)
    culprit = digest(page(2))
    store._database.write(lambda c: c.execute(update(Body).where(Body.digest == culprit).values(data=b"?")))
    assert store.body(digest(page(1))) == page(1)
    with pytest.raises(StoreError, match=f"{digest(page(3))} is damaged .* rests on the body {culprit}, which is"):
        store.body(digest(page(3)))
    visit(store, page(4), START + 4 * DAY)
    visit(store, page(5), START + 5 * DAY)
    visit(store, page(6), START + 6 * DAY)
    assert [store.body(digest(page(number))) for number in (4, 5, 6)] == [page(4), page(5), page(6)]


def test_nothing_rests_on_what_is_damaged(store: Store) -> None:
    sync(store, guide())
    visit(store, page(0), START)
    store._database.write(lambda c: c.execute(update(Body).values(data=b"?")))
    visit(store, page(1), START + DAY)
    assert store.body(digest(page(1))) == page(1)


def test_a_circle_ends(store: Store) -> None:
    sync(store, guide())
    visit(store, page(0), START)
    visit(store, page(1), START + DAY)
    first, second = digest(page(0)), digest(page(1))
    store._database.write(lambda c: c.execute(update(Body).where(Body.digest == first).values(base=second)))
    with pytest.raises(StoreError, match="is damaged"):
        store.body(second)


def test_a_nonce_leaves_digest_and_headers(store: Store) -> None:
    sync(store, guide())
    pages = [b"<p>30 days</p><!-- %d -->" % n for n in range(4)]
    for n, body in enumerate(pages):
        visit(store, body, START + n * DAY, text="30 days", etag=f'"{n}"')
    first, newest = store.snapshots(only(store))
    looks = store.timeline(only(store))[::-1]
    assert [each.snapshot for each in looks] == [first.id, first.id, first.id, newest.id]
    assert [each.digest for each in looks] == [None, digest(pages[1]), digest(pages[2]), None]
    assert [dict(each.headers).get("etag") for each in looks] == [None, '"1"', '"2"', None]
    assert first.last_seen == START + 2 * DAY
    rows = asked(store, select(Body.place).order_by(Body.place))
    assert [row.place for row in rows] == [0, 1]


def test_the_text_of_a_first_page_is_known_once_another_comes(store: Store) -> None:
    sync(store, guide())
    pages = [b"<p>30 days</p><!-- %d -->" % n for n in range(4)]
    visit(store, pages[0], START, text="")
    visit(store, pages[1], START + DAY, text="30 days", earlier="30 days")
    for n in (2, 3):
        visit(store, pages[n], START + n * DAY, text="30 days")
    first, newest = store.snapshots(only(store))
    looks = store.timeline(only(store))[::-1]
    assert [each.snapshot for each in looks] == [first.id, first.id, first.id, newest.id]
    assert store.body(first.digest) == pages[0] and store.body(newest.digest) == pages[3]


def test_walls_of_a_kind_are_folded(store: Store) -> None:
    sync(store, guide())
    visit(store, b"page", START)
    for n in range(3):
        visit(store, b"Just a moment... Ray ID %d" % n, START + (n + 1) * DAY, health=Health.CHALLENGE)
    assert len(store.snapshots(only(store), good_only=False)) == 2
    assert [each.digest for each in store.timeline(only(store))[:2]] == [
        digest(b"Just a moment... Ray ID %d" % n) for n in (2, 1)
    ]


def test_a_look_that_read_what_was_folded_meanwhile(store: Store) -> None:
    """Two crawls at once: the slower one's standing and page are those of a snapshot that is gone."""
    sync(store, guide())
    visit(store, b"first", START, text="a")
    visit(store, b"noise 1", START + DAY, text="a")
    slow = store.known(only(store))
    visit(store, b"noise 2", START + 2 * DAY, text="a")
    visit(store, b"noise 3", START + 3 * DAY, text="a")
    again = look(slow, b"noise 1", START + 4 * DAY)
    assert again.same_as is not None
    store.record(again, ())
    (latest, *_) = store.timeline(only(store))
    assert latest.digest == digest(b"noise 1")
    basis = slow.cited[0].basis
    assert basis is not None and basis.id is not None and slow.newest is not None
    wall = look(slow, b"wall", START + 5 * DAY, health=Health.CHALLENGE)
    carried = replace(wall.cited[0], standing=standing(basis.id, slow.newest.id, START, kind=DriftKind.WORDING))
    store.record(replace(wall, cited=(carried,)), ())
    found = store.known(only(store)).cited[0].standing
    assert found is not None and found.now is not None and store.snapshot(found.now)


HEADERS = (
    ("content-type", "text/html; charset=utf-8"),
    ("server", "cloudflare"),
    ("cache-control", "private, max-age=0, must-revalidate"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
    ("content-security-policy", "default-src 'self'; img-src * data:; frame-ancestors 'none'; report-uri /csp"),
    ("x-frame-options", "DENY"),
)


def test_a_fetch_that_finds_nothing_new_costs_less_than_200_bytes(store: Store) -> None:
    sync(store, guide())
    rng = random.Random(3)
    nothing = b"<p>30 days</p>" * 2000

    def spent() -> int:
        if store._database.engine.dialect.name == "sqlite":
            return int(asked(store, text("SELECT sum(pgsize) FROM dbstat"))[0][0])
        # A relation grows by many pages at once: what its rows take, with line pointers and the index's entries.
        size = text('SELECT sum(pg_column_size(f.*) + 4 + 28) FROM "fetch" AS f')
        return int(asked(store, size)[0][0] or 0)

    def see(number: int) -> None:
        seen = look(store.known(only(store)), nothing + b"<!-- %x -->" % rng.getrandbits(128), at(number), text="same")
        assert seen.snapshot is not None
        own = (
            ("date", f"{at(number):%a, %d %b %Y %H:%M:%S GMT}"),
            ("cf-ray", f"{rng.getrandbits(64):016x}-FRA"),
            ("x-request-id", f"{rng.getrandbits(64):016x}"),
        )
        store.record(replace(seen, snapshot=replace(seen.snapshot, headers=HEADERS + own)), ())

    def at(number: int) -> Any:
        return START + number * DAY / 4

    with store.batch():
        for number in range(60):
            see(number)
            store.flush()
        before = spent()
        for number in range(60, 300):
            see(number)
            store.flush()
    each = (spent() - before) / 240
    assert each < 200
    assert dict(store.timeline(only(store))[1].headers)["server"] == "cloudflare"


@pytest.mark.parametrize("revision", [f"v{number:04}" for number in range(1, int(HEAD[1:]))])
def test_a_store_of_any_release_is_brought_up_to_date(url: str, revision: str) -> None:
    pages = old_store(url, revision)
    with Store.open(url) as store:
        resource = only(store)
        assert [each.digest for each in store.snapshots(resource)] == [digest(pages[n]) for n in (0, 2, 3)]
        assert [(each.snapshot, each.digest) for each in store.timeline(resource)] == [
            (4, None),
            (3, None),
            (1, digest(pages[1])),
            (1, None),
        ]
        assert dict(store.timeline(resource)[2].headers) == {"etag": "1"}
        assert store.snapshots(resource)[0].last_seen == START + DAY
        assert [store.body(digest(pages[n])) for n in (0, 2, 3)] == [pages[n] for n in (0, 2, 3)]
        visit(store, page(9), START + 9 * DAY)
        row = asked(store, select(Body.place, Body.base).where(Body.digest == digest(page(9))))[0]
        assert (row.place, row.base) == (3, digest(pages[3]))
        assert store.body(digest(page(9))) == page(9)
        assert [(each.id, each.summary, each.now) for each in store.findings()] == [(2, "14 days", 4)]
        assert store.fsck(at=START).whole


def test_bodies_shared_by_two_resources_keep_their_place(store: Store) -> None:
    def check(connection: Connection) -> None:
        connection.execute(select(Snapshot.id))
        for chain, number in ((7, 0), (7, 1), (8, 1), (8, 2), (7, 2), (7, 3)):
            bodies.put(connection, digest(page(number)), page(number), chain=chain)
        for number in range(4):
            assert bodies.get(connection, digest(page(number))) == page(number)

    store._database.write(check)


@pytest.mark.parametrize("bad", [b"", b"\x01", b"\x01rubbish", b"{", b"\x28\xb5\x2f\xfd"])
def test_damaged_headers_are_none(bad: bytes) -> None:
    assert unpack_headers(bad, START, [["a", "b"]], START) is None


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 02 Jan 2026 12:00:00 GMT",
        "Fri, 02 Jan 2026 11:59:58 GMT",
        "Thu, 01 Jan 2026 12:00:00 GMT",
        "Fri, 2 Jan 2026 12:00:00 +0000",
        "Fri, 02 Jan 0000 12:00:00 GMT",
        "",
        "yesterday",
        "99999999999999999999",
    ],
)
def test_headers_come_back_to_the_letter(date: str) -> None:
    base = [["date", "Thu, 01 Jan 2026 12:00:00 GMT"], ["etag", "1"]]
    headers = [["date", date], ["date", "x"], ["etag", "2"], ["x-odd", "\u00e9"]]
    packed = pack_headers(headers, START + DAY, base, START)
    assert unpack_headers(packed, START + DAY, base, START) == headers
