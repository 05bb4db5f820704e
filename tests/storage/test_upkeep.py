"""Checking, mending, thinning and copying a store, on both databases."""

import random
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, text, update
from storage_builders import DAY, START, citation, digest, guide, look, only, opening, sync, visit
from storage_old import old_store

from crawler.model import DriftKind, Health
from guides.model import GuideId
from storage.errors import StoreError
from storage.fsck import Kind
from storage.retention import Retention
from storage.store import Store
from storage.tables import Body, Fetch, Resource, Snapshot

RULE = Retention(whole_days=10, thin_days=10, looks_days=20)


def page(number: int) -> bytes:
    rng = random.Random(1)
    return b"".join(b"<p>%x stays</p>" % rng.getrandbits(64) for _ in range(200)) + b"<p>%d</p>" % number


def history(store: Store, looks: int = 12) -> None:
    """A verified guide whose source says something else every day; a finding is open from the second day on."""
    sync(store, guide())
    for number in range(looks):
        ops = (opening(),) if number == 2 else ()
        visit(store, page(number), START + number * DAY, *ops, drift=DriftKind.MATERIAL if number else None)


def run(store: Store, statement: Any) -> Any:
    return store._database.write(lambda connection: connection.execute(statement))


def found(store: Store, *, repair: bool = False) -> list[tuple[str, bool]]:
    return [(each.kind.value, each.repaired) for each in store.fsck(repair=repair, at=START + 50 * DAY).damages]


def test_a_sound_store(store: Store) -> None:
    assert store.fsck(at=START).whole
    history(store)
    visit(store, b"wall", START + 20 * DAY, health=Health.CHALLENGE)
    store.stet(GuideId("coursera"), on=START.date(), at=START + 21 * DAY, by="ann")
    checked = store.fsck(at=START)
    assert (checked.whole, checked.bodies, checked.snapshots) == (True, 13, 13)


def test_damage_is_said_with_all_that_depends_on_it(store: Store) -> None:
    history(store)
    run(store, update(Body).where(Body.digest == digest(page(0))).values(data=b"?"))
    damages = store.fsck(at=START).damages
    assert {each.kind for each in damages} == {Kind.BODY}
    first = damages[0]
    assert first.what == f"the body {digest(page(0))} is damaged"
    assert first.depends == (
        "snapshot 1 of https://example.com/privacy (2026-01-01)",
        "guide coursera, verified against it",
    )
    assert f"it rests on {digest(page(0))}, which is damaged" in damages[1].what
    assert "finding 1" in damages[2].depends


def test_what_cannot_be_made_again_stays_as_it_is(store: Store) -> None:
    history(store, 3)
    run(store, update(Body).where(Body.digest == digest(page(0))).values(data=b"?"))
    assert found(store, repair=True)[0] == ("body", False)
    assert not store.fsck(at=START).whole
    assert store.has_body(digest(page(0)))


def test_a_damaged_newest_page_is_fetched_again(store: Store) -> None:
    history(store)
    run(store, update(Body).where(Body.digest == digest(page(11))).values(data=b"?"))
    resource = only(store)
    assert found(store, repair=True) == [("body", True)]
    assert store.fsck(at=START).whole
    known = store.known(resource)
    assert known.newest is not None and known.newest.digest == digest(page(10))
    assert (known.validators.etag, [each for each, _ in store.due(START + 50 * DAY)]) == ("", [resource])
    visit(store, page(11), START + 51 * DAY)
    assert store.body(digest(page(11))) == page(11)
    assert store.fsck(at=START).whole


def test_references_are_mended(store: Store) -> None:
    history(store, 6)
    run(store, update(Snapshot).values(pinned=False))
    run(store, update(Resource).values(newest_id=4711))
    run(store, update(Fetch).where(Fetch.snapshot_id == 5).values(snapshot_id=4712))
    kinds = {kind for kind, _ in found(store)}
    assert kinds == {"newest", "look", "pin"}
    assert all(repaired for _, repaired in found(store, repair=True))
    assert store.fsck(at=START).whole
    newest = store.known(only(store)).newest
    assert newest is not None and newest.digest == digest(page(5))


def test_a_missing_body_that_a_basis_needs(store: Store) -> None:
    history(store, 1)
    visit(store, b"other", START + DAY)
    run(store, delete(Body).where(Body.digest == digest(page(0))))
    assert found(store, repair=True) == [("missing-body", False)]


def test_a_changed_decision_is_noticed(store: Store) -> None:
    history(store)
    for _ in range(3):
        store.stet(GuideId("coursera"), on=START.date(), at=START + 20 * DAY, by="ann")
    assert store.fsck(at=START).whole
    if store._database.engine.dialect.name == "sqlite":
        run(store, text("DROP TRIGGER audit_append_only_update"))
    else:
        run(store, text("ALTER TABLE audit DISABLE TRIGGER audit_append_only"))
    run(store, text("UPDATE audit SET who = 'eve' WHERE id = 2"))
    (damage,) = store.fsck(at=START, repair=True).damages
    assert (damage.kind, damage.key, damage.repaired, damage.depends) == (
        Kind.AUDIT,
        "2",
        False,
        ("1 entries after it",),
    )


@pytest.mark.parametrize(("cut", "key"), [("id > 2", "end"), ("id = 3", "end"), ("id > 0", "end"), ("id = 2", "3")])
def test_a_decision_that_was_taken_out_is_noticed_also_at_the_end(store: Store, cut: str, key: str) -> None:
    history(store, 3)
    for number in range(3):
        store.stet(GuideId("coursera"), on=START.date(), at=START + (20 + number) * DAY, by="ann")
    whole = store.fsck(at=START)
    log = store.audit_log()
    assert whole.whole and whole.audit_end == (len(log), log[-1].hash)
    if store._database.engine.dialect.name == "sqlite":
        run(store, text("DROP TRIGGER audit_append_only_delete"))
    else:
        run(store, text("ALTER TABLE audit DISABLE TRIGGER audit_append_only"))
    run(store, text(f"DELETE FROM audit WHERE {cut}"))
    damages = store.fsck(at=START, repair=True).damages
    assert key in [each.key for each in damages] and not any(each.repaired for each in damages)
    if cut == "id > 2":
        assert f"had 3 entries, the last of them {log[-1].hash[:16]}" in damages[0].what
        assert damages[0].depends == ("1 decisions",)


def test_where_most_is_damaged_nothing_is_let_go_unasked(store: Store) -> None:
    history(store)
    run(store, update(Body).values(data=b"?"))
    checked = store.fsck(repair=True, at=START)
    assert "12 of 12 pages cannot be read: " in checked.refused and not any(d.repaired for d in checked.damages)
    assert all(store.has_body(digest(page(number))) for number in range(12))
    checked = store.fsck(repair=True, accept_loss=True, at=START)
    assert checked.refused == "" and sum(d.repaired for d in checked.damages) == 10


def test_flipped_bytes_in_a_sqlite_file_end_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with Store.open(f"sqlite:///{path}") as store:
        history(store)
    whole = path.read_bytes()
    rng = random.Random(7)
    for _ in range(30):
        data = bytearray(whole)
        for _ in range(20):
            data[rng.randrange(100, len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        try:
            with Store.open(f"sqlite:///{path}") as store:
                store.fsck(at=START)
                store.fsck(at=START, repair=True)
        except StoreError:
            pass


# ---------------------------------------------------------------- thinning


def test_thinning_keeps_what_is_referred_to_and_one_in_so_many_days(store: Store) -> None:
    history(store, 60)
    now = START + 60 * DAY
    would = store.prune(RULE, now=now, dry=True)
    assert all(store.has_body(digest(page(number))) for number in range(60))
    done = store.prune(RULE, now=now)
    assert done == would and done.bodies > 30
    kept = [number for number in range(60) if store.has_body(digest(page(number)))]
    assert {0, 2, *range(50, 60)} <= set(kept)
    old = [number for number in kept if number < 50]
    assert len(old) <= 2 + 6
    assert all(store.body(digest(page(number))) == page(number) for number in kept)
    assert store.fsck(at=now).whole
    assert len(store.snapshots(only(store))) == 60, "digest, headers and time stay"
    assert store.prune(RULE, now=now) == replace(done, bodies=0, bytes=0, looks=0)
    visit(store, page(20), now)
    assert store.body(digest(page(20))) == page(20)
    assert store.fsck(at=now).whole


def test_old_looks_at_which_nothing_changed_go(store: Store) -> None:
    sync(store, guide())
    for number in range(40):
        visit(store, b"first" if number < 15 else b"second", START + number * DAY)
    done = store.prune(RULE, now=START + 40 * DAY)
    assert (done.bodies, done.looks) == (0, 20 - 4)
    left = [(each.at - START) // DAY for each in store.timeline(only(store))]
    assert left == [*range(39, 18, -1), 15, 14, 0]


@pytest.mark.parametrize("rule", [Retention(whole_days=0, thin_days=0, looks_days=0), Retention()])
def test_rules_that_let_nothing_go(store: Store, rule: Retention) -> None:
    history(store)
    assert store.prune(rule, now=START + 20 * DAY).bodies == 0


def test_any_rule_leaves_a_sound_store(store: Store) -> None:
    sync(store, guide(), guide("two", citation("c1", "https://two.example/")))
    rng = random.Random(5)
    pages = [page(number) for number in range(25)]
    for number in range(120):
        at = START + number * DAY / 2
        for resource, _ in store.due(at, everything=True):
            health = Health.CHALLENGE if rng.random() < 0.1 else Health.OK
            body = rng.choice(pages) if health is Health.OK else b"wall %d" % rng.randrange(5)
            store.record(look(store.known(resource), body, at, health=health, text=str(len(body) % 7)), ())
        if number % 20 == 19:
            rule = Retention(whole_days=rng.randrange(20), thin_days=rng.randrange(1, 9), looks_days=rng.randrange(30))
            store.prune(rule, now=at)
            assert store.fsck(at=at).damages == ()


# ---------------------------------------------------------------- copies


def test_a_copy_made_while_others_write_is_sound(tmp_path: Path) -> None:
    stop = threading.Event()
    with Store.open(f"sqlite:///{tmp_path / 'a.db'}") as store:
        history(store)

        def write() -> None:
            number = 100
            while not stop.is_set():
                visit(store, page(number), START + number * DAY)
                number += 1

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for number in range(5):
                assert store.backup(tmp_path / f"copy{number}.db") > 0
        finally:
            stop.set()
            writer.join()
    for number in range(5):
        with Store.open(f"sqlite:///{tmp_path / f'copy{number}.db'}") as copy:
            assert copy.fsck(at=START).whole
            looks = copy.timeline(only(copy), limit=10_000)
            assert len(looks) == len(copy.snapshots(only(copy)))
    assert not list(tmp_path.glob(".*tmp*"))


def test_copies_that_cannot_be_made(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'a.db'}") as store:
        history(store, 2)
        with pytest.raises(StoreError, match="is the store itself"):
            store.backup(tmp_path / "a.db")
        (tmp_path / "file").write_text("x")
        with pytest.raises(StoreError, match=r"cannot be written|cannot be made"):
            store.backup(tmp_path / "file" / "b.db")
        assert store.fsck(at=START).whole


def test_a_copy_of_a_store_in_memory(tmp_path: Path) -> None:
    with Store.open("sqlite://") as store:
        history(store, 2)
        store.backup(tmp_path / "b.db")
    with sqlite3.connect(tmp_path / "b.db") as copy:
        assert copy.execute("SELECT count(*) FROM snapshot").fetchone() == (2,)
    copy.close()


@pytest.mark.parametrize("there", ["sqlite", "postgresql"])
def test_a_copy_fills_an_empty_store_on_either_database(
    store: Store, there: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Also one that was made while somebody wrote."""
    history(store)
    store.stet(GuideId("coursera"), on=START.date(), at=START + 21 * DAY, by="ann")
    stop = threading.Event()

    def write() -> None:
        number = 100
        while not stop.is_set():
            visit(store, page(number), START + number * DAY)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        store.backup(tmp_path / "copy 100%?.db")
    finally:
        stop.set()
        writer.join()
    assert [each.name for each in tmp_path.iterdir() if "copy" in each.name] == ["copy 100%?.db"]
    url = request.getfixturevalue("postgres").new_database() if there == "postgresql" else f"sqlite:///{tmp_path}/n.db"
    with Store.open(url) as new:
        assert new.restore(tmp_path / "copy 100%?.db") > 30
        assert new.fsck(at=START).whole and new.audit_log() == store.audit_log()
        assert new.known(only(new)).cited[0].basis == store.known(only(store)).cited[0].basis
        assert new.findings() == store.findings() and new.body(digest(page(11))) == page(11)
        with pytest.raises(StoreError, match=r"holds something already .*nothing was changed"):
            new.restore(tmp_path / "copy 100%?.db")
        # New rows get numbers of their own.
        visit(new, page(7000), START + 7000 * DAY, opening())
        new.stet(GuideId("coursera"), on=START.date(), at=START + 7001 * DAY, by="ann")
        assert new.fsck(at=START).whole and len(new.audit_log()) == len(store.audit_log()) + 1


def test_a_copy_of_an_older_loccit_is_brought_up_to_date_beside_it(store: Store, tmp_path: Path) -> None:
    pages = old_store(f"sqlite:///{tmp_path / 'old.db'}", "v0003")
    before = (tmp_path / "old.db").read_bytes()
    store.restore(tmp_path / "old.db")
    assert store.fsck(at=START).whole and store.body(digest(pages[3])) == pages[3]
    assert (tmp_path / "old.db").read_bytes() == before
    (tmp_path / "none").write_bytes(b"")
    (tmp_path / "text").write_text("Dear diary, " * 200)
    for name, says in (("absent", "no such file"), ("none", "no store in it"), ("text", "this file is no database")):
        with pytest.raises(StoreError, match=says):
            store.restore(tmp_path / name)
