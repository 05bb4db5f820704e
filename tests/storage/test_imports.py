"""Archived pages join what loccit saw itself, on both databases."""

from datetime import datetime

from storage_builders import DAY, START, digest, guide, only, sync, visit

from guides.model import GuideId
from storage.imports import Archived
from storage.store import Store

VERIFIED = START + 10 * DAY
"""The day of the guide's date; loccit came ten days later."""


def archived(store: Store, body: bytes | None, at: datetime, text: str = "") -> Archived:
    known = body if body is not None else b"old"
    return Archived(
        resource=only(store),
        at=at,
        status=200,
        digest=digest(known),
        final_url="https://example.com/privacy",
        headers=(("content-type", "text/html"),),
        reason="http-200",
        text_digest=text or digest(known),
        body=body,
    )


def basis(store: Store) -> tuple[str, str]:
    found = store.basis_of(GuideId("coursera"), only(store))
    assert found is not None
    return found.set_by, found.snapshot.digest


def test_a_guide_is_measured_from_the_page_of_its_own_day(store: Store) -> None:
    sync(store, guide(verified=VERIFIED.date()))
    visit(store, b"now", START + 20 * DAY)
    assert basis(store) == ("crawl", digest(b"now"))
    run = store.begin_run("import", START + 21 * DAY)
    pages = [
        archived(store, b"older", START),
        archived(store, b"old", START + 7 * DAY),
        archived(store, b"old<!-- nonce -->", START + 8 * DAY, text=digest(b"old")),
        archived(store, None, START + 9 * DAY),
        archived(store, b"now", START + 12 * DAY),
    ]
    assert store.take(pages, run=run) == 5
    assert store.take(pages, run=run) == 0, "done twice, it is as done once"
    (moved,) = store.rebase([only(store)], run=run, note="a.warc.gz", at=START + 21 * DAY)
    assert (moved.guide, moved.at) == ("coursera", START + 9 * DAY)
    assert basis(store) == ("archive", digest(b"old"))
    assert store.rebase([only(store)], run=run, note="again", at=START + 22 * DAY) == []
    known = store.known(only(store))
    assert known.newest is not None and known.newest.digest == digest(b"now")
    assert [(each.at, each.last_seen) for each in store.snapshots(only(store))] == [
        (START, START),
        (START + 7 * DAY, START + 9 * DAY),
        (START + 12 * DAY, START + 20 * DAY),
    ]
    nonce = next(each for each in store.timeline(only(store)) if each.at == START + 8 * DAY)
    assert nonce.digest == digest(b"old<!-- nonce -->"), "of a text that is kept, digest and headers stay"
    assert store.body(digest(b"old")) == b"old"
    first = store.audit_log()[0]
    assert (first.action, first.who, first.note) == ("import", "archive", f"run {run}: a.warc.gz")
    assert [each for _, each in first.evidence] == [digest(b"old")]
    assert store.fsck(at=START).whole


def test_what_an_editor_has_looked_at_stays_the_basis(store: Store) -> None:
    sync(store, guide(verified=VERIFIED.date()))
    visit(store, b"now", START + 20 * DAY)
    store.stet(GuideId("coursera"), on=(START + 20 * DAY).date(), at=START + 20 * DAY, by="ann")
    run = store.begin_run("import", START + 21 * DAY)
    store.take([archived(store, b"old", START + 9 * DAY)], run=run)
    assert store.rebase([only(store)], run=run, note="a.warc.gz", at=START + 21 * DAY) == []
    assert basis(store)[1] == digest(b"now")


def test_an_archive_comes_before_the_first_crawl(store: Store) -> None:
    sync(store, guide(verified=VERIFIED.date()))
    run = store.begin_run("import", START + 21 * DAY)
    assert store.take([archived(store, None, START)], run=run) == 0, "a revisit of nothing"
    assert store.take([archived(store, b"old", START + 9 * DAY)], run=run) == 1
    store.rebase([only(store)], run=run, note="a.warc.gz", at=START + 21 * DAY)
    known = store.known(only(store))
    assert known.newest is not None and known.cited[0].basis == known.newest
    assert known.history.checked is None and known.validators.etag == ""
    assert store.fsck(at=START).whole


def test_a_page_far_from_the_day_is_no_better_than_what_is_there(store: Store) -> None:
    sync(store, guide(verified=VERIFIED.date()))
    visit(store, b"now", START + 11 * DAY)
    run = store.begin_run("import", START + 21 * DAY)
    store.take([archived(store, b"old", START - 900 * DAY)], run=run)
    assert store.rebase([only(store)], run=run, note="a.warc.gz", at=START + 21 * DAY) == []
    assert basis(store)[0] == "crawl"
