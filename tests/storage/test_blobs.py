"""Bodies in a bucket, on both databases: what is referred to is there, whoever is killed, and nothing else stays."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select
from storage_bucket import BucketServer, running_bucket_server
from storage_builders import DAY, START, citation, digest, guide, look, only, opening, sync, visit

from crawler.model import DriftKind
from storage import blobs, bodies
from storage.blobs import BlobSettings
from storage.errors import BucketError, StoreError, WrongBucketError
from storage.retention import Retention
from storage.store import Store
from storage.tables import Body


@pytest.fixture(scope="module")
def server() -> Iterator[BucketServer]:
    with running_bucket_server() as running:
        yield running


@pytest.fixture
def bucket(server: BucketServer) -> BlobSettings:
    return server.new_bucket()


def page(number: int) -> bytes:
    return b"".join(b"<p>%d of %d stays</p>" % (line, line * 7919) for line in range(300)) + b"<p>%d</p>" % number


def history(store: Store, first: int, last: int) -> None:
    sync(store, guide())
    for number in range(first, last):
        ops = (opening(),) if number == 2 else ()
        visit(store, page(number), START + number * DAY, *ops, drift=DriftKind.MATERIAL if number else None)


def rows(store: Store) -> list[Any]:
    return store._database.read(lambda c: list(c.execute(select(Body.digest, Body.encoding, Body.data))))


def test_what_is_in_the_bucket_is_read_checked_and_thinned(
    url: str, bucket: BlobSettings, server: BucketServer
) -> None:
    with Store.open(url) as store:
        history(store, 0, 3)
    with Store.open(url, bucket=bucket) as store:
        history(store, 3, 30)
        away = [row for row in rows(store) if row.encoding.endswith("@")]
        assert len(away) == 27 and {len(row.data) for row in away} == {16}
        assert len(server.names(bucket)) == 27 + 1, "the pages, and whose they are"
        assert all(store.body(digest(page(number))) == page(number) for number in range(30))
        assert store.fsck(at=START).whole
        done = store.prune(Retention(whole_days=5, thin_days=10, looks_days=0), now=START + 30 * DAY)
        assert done.bodies > 10 and done.bytes > 16 * done.bodies
        assert store.fsck(at=START).whole
        left = len([row for row in rows(store) if row.encoding.endswith("@")])
        assert len(server.names(bucket)) > left, "what was let go is not taken away before a day has passed"
        later = datetime.now(UTC) + 2 * DAY
        keep_all = Retention(whole_days=36_000, thin_days=0, looks_days=0)
        assert store.prune(keep_all, now=later).objects == 0, "newer than the store's last look"
        visit(store, page(29), later)
        would = store.prune(keep_all, now=later, dry=True).objects
        assert store.prune(keep_all, now=later).objects == would == len(server.names(bucket)) + would - left - 1
        assert len(server.names(bucket)) == left + 1
        assert store.fsck(at=START).whole
    with Store.open(url) as without, pytest.raises(StoreError, match=r"name it in store\.blobs"):
        without.fsck(at=START)


def test_an_object_that_is_gone_is_said_with_what_depends_on_it(
    url: str, bucket: BlobSettings, server: BucketServer
) -> None:
    with Store.open(url, bucket=bucket) as store:
        history(store, 0, 6)
        wanted = digest(page(4))
        (name,) = [name for name in server.names(bucket) if wanted in name]
        blobs.connect(bucket).delete([name])
        damages = store.fsck(at=START).damages
        assert damages[0].what == f"the object of the body {wanted} is not in the bucket"
        assert f"it rests on {wanted}, which is damaged" in damages[1].what
        with pytest.raises(StoreError, match=f"{wanted} is damaged"):
            store.body(wanted)
        assert store.body(digest(page(3))) == page(3)


def test_killed_between_object_and_row_it_leaves_no_row(url: str, bucket: BlobSettings, server: BucketServer) -> None:
    def killed(connection: Connection) -> None:
        bodies.put(connection, digest(b"page"), b"page", chain=1)
        raise KeyboardInterrupt

    with Store.open(url, bucket=bucket) as store:
        history(store, 0, 2)
        with pytest.raises(KeyboardInterrupt):
            store._database.write(killed)
        assert len(server.names(bucket)) == 3 + 1 and len(rows(store)) == 2
        swept = store._database.read(lambda c: blobs.sweep(c, datetime.now(UTC), dry=False))
        assert swept == 0, "it may still be on its way into a row"
        visit(store, page(1), datetime.now(UTC) + 2 * DAY)
        swept = store._database.read(lambda c: blobs.sweep(c, datetime.now(UTC) + 2 * DAY, dry=False))
        assert swept == 1 and store.fsck(at=START).whole


def test_a_bucket_that_does_not_answer_or_is_not_there(url: str, bucket: BlobSettings) -> None:
    with Store.open(url, bucket=bucket) as store:
        history(store, 0, 2)
    for other, says in (
        (replace(bucket, endpoint="http://127.0.0.1:9"), "does not answer as it should; nothing was half written"),
        (replace(bucket, address="s3://nowhere/at/all"), "there is no such bucket"),
    ):
        with Store.open(url, bucket=other) as store:
            with pytest.raises(BucketError, match=says):
                visit(store, page(2), START + 2 * DAY, drift=DriftKind.MATERIAL)
            with pytest.raises(BucketError, match=says):
                store.fsck(at=START)
            assert len(store.snapshots(only(store))) == 2
    with pytest.raises(StoreError, match="names no bucket"):
        Store.open(url, bucket=BlobSettings(address="s3://"))


def test_a_wrong_bucket_costs_nothing(url: str, bucket: BlobSettings, server: BucketServer, tmp_path: Path) -> None:
    """Neither is a page given up for lost there, nor one of another store taken away."""
    other = replace(bucket, address=f"{bucket.address}-of-others")
    with Store.open(f"sqlite:///{tmp_path / 'other.db'}", bucket=other) as theirs:
        history(theirs, 0, 3)
    with Store.open(url, bucket=bucket) as store:
        history(store, 0, 12)
        before = rows(store)
    empty = replace(bucket, address=f"{bucket.address}/empty")
    for wrong, says in ((other, "belongs to another store"), (empty, "holds none of this store's pages")):
        names = server.names(wrong)
        with Store.open(url, bucket=wrong) as store:
            for asked in (
                lambda store=store: store.fsck(repair=True, at=START),
                lambda store=store: store.prune(Retention(whole_days=1, thin_days=5), now=START + 90 * DAY),
                lambda store=store: visit(store, page(50), START + 20 * DAY),
            ):
                with pytest.raises(WrongBucketError, match=says):
                    asked()
            assert rows(store) == before and server.names(wrong) == names
    with Store.open(url, bucket=bucket) as store:
        assert store.fsck(repair=True, at=START).damages == ()


def test_a_bucket_from_before_it_was_signed_is_known_by_its_pages(url: str, bucket: BlobSettings) -> None:
    with Store.open(url, bucket=bucket) as store:
        history(store, 0, 3)
    blobs.connect(bucket).delete([blobs.SIGN])
    with Store.open(url, bucket=bucket) as store:
        assert store.fsck(at=START).whole
    assert len(json.loads(blobs.connect(bucket).get(blobs.SIGN) or b"")["store"]) == 32


def test_a_bucket_that_was_emptied_is_given_up_only_where_that_is_said(
    url: str, bucket: BlobSettings, server: BucketServer
) -> None:
    with Store.open(url, bucket=bucket) as store:
        history(store, 0, 6)
        before = rows(store)
        blobs.connect(bucket).delete([name for name in server.names(bucket) if name != blobs.SIGN])
        checked = store.fsck(repair=True, at=START)
        assert "6 of 6 pages cannot be read, of which 6 are not in the bucket" in checked.refused
        assert not checked.whole and rows(store) == before
        blobs.connect(bucket).delete([blobs.SIGN])
    with Store.open(url, bucket=bucket) as store:
        with pytest.raises(WrongBucketError, match="holds none of this store's pages"):
            store.fsck(repair=True, at=START)
        checked = store.fsck(repair=True, accept_loss=True, at=START)
        assert [each.repaired for each in checked.damages].count(True) == 4, "the others are evidence"
        assert len(rows(store)) == 2
        visit(store, page(7), START + 9 * DAY)
        assert store.body(digest(page(7))) == page(7)


def test_a_batch_writes_each_object_once_and_before_its_transaction(
    url: str, bucket: BlobSettings, server: BucketServer
) -> None:
    """Pages that carry a nonce are let go when the next one comes; pages that change rest on those before."""
    cited = [citation(f"c{number}", f"https://example.com/{number}") for number in range(5)]
    written = 0
    with Store.open(url, bucket=bucket) as store:
        sync(store, guide("g", *cited))
        for turn in range(6):
            at = START + turn * DAY
            due = store.due(at, everything=True)
            looks = [
                look(store.known(resource), page(100 * number + turn), at, text="same" if number < 3 else None)
                for number, (resource, _) in enumerate(due)
            ]
            with store.batch():
                for each in looks:
                    store.record(each, ())
            written += len(looks)
            assert len(server.names(bucket)) == written + 1, "neither twice nor in vain"
        assert len(rows(store)) == 3 * 2 + 2 * 6, "the first and the newest of each text"
        assert store.fsck(at=START).whole
