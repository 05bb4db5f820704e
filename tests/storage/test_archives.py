"""What archives were asked and what they answered, on both databases."""

from datetime import timedelta

from storage_builders import DAY, START, digest, guide, only, opening, sync, visit

from crawler.model import ResourceId
from guides.model import GuideId
from review.model import ArchivedBasis, FindingKind, Suggested
from storage.archives import Answer, Rest
from storage.imports import Archived
from storage.store import Store

VERIFIED = START + 10 * DAY
"""The day of the guide's date; loccit came ten days later."""
CAME = START + 20 * DAY
COPY = "https://web.archive.org/web/20260109120000/https://example.com/privacy"


def archived(store: Store, body: bytes, days: int) -> Archived:
    return Archived(
        resource=only(store),
        at=START + days * DAY,
        status=200,
        digest=digest(body),
        final_url="https://example.com/privacy",
        headers=(("content-type", "text/html"),),
        reason="http-200",
        text_digest=digest(body),
        body=body,
    )


def rebase(store: Store, *pages: Archived) -> int:
    run = store.begin_run("archive", CAME)
    store.take(pages, run=run)
    return len(store.rebase([only(store)], run=run, note="a copy", at=CAME + DAY))


def test_a_question_is_asked_until_it_is_answered(store: Store) -> None:
    sync(store, guide(verified=VERIFIED.date()), guide("second", verified=VERIFIED.date()))
    visit(store, b"now", CAME)
    (question,) = store.archives.questions(CAME)
    assert (question.url, question.day, question.guides) == (
        "https://example.com/privacy",
        VERIFIED.date(),
        ("coursera", "second"),
    )
    again = CAME + 14 * DAY
    none = Answer(resource=question.resource, day=question.day, outcome="none", detail="it has no copy", again=again)
    store.archives.answered(none, at=CAME)
    store.archives.answered(none, at=CAME)
    assert store.archives.questions(again - timedelta(seconds=1)) == []
    assert len(store.archives.questions(again)) == 1
    sync(store, guide(verified=(VERIFIED - DAY).date()), guide("second", verified=VERIFIED.date()), at=CAME)
    assert [each.day for each in store.archives.questions(CAME)] == [(VERIFIED - DAY).date()], "of another day: anew"
    assert store.archives.figures().answered == 1


def test_what_needs_no_archive_is_no_question(store: Store) -> None:
    sync(store, guide(), guide("today", verified=CAME.date()), guide("wrong", verified=(CAME + 40 * DAY).date()))
    visit(store, b"now", CAME)
    assert store.archives.questions(CAME) == []
    sync(store, guide("late", verified=VERIFIED.date()), at=CAME)
    assert len(store.archives.questions(CAME)) == 1
    store.stet(GuideId("late"), on=CAME.date(), at=CAME, by="ann")
    assert store.archives.questions(CAME) == []


def test_the_copy_and_its_distance_are_told(store: Store) -> None:
    sync(store, guide(verified=VERIFIED.date()))
    visit(store, b"now", CAME)
    assert rebase(store, archived(store, b"old", 8)) == 1
    copy = Answer(resource=only(store), day=VERIFIED.date(), outcome="copy", url=COPY, at=START + 8 * DAY)
    store.archives.answered(copy, at=CAME + DAY)
    (view,) = store.view([guide(verified=VERIFIED.date())])
    told = ArchivedBasis(at=START + 8 * DAY, days=2, url=COPY)
    assert view.citations[0].copied == told
    known = store.known(only(store))
    assert known.cited[0].archived_at == CAME + DAY
    basis = known.cited[0].basis
    assert basis is not None
    visit(store, b"now", CAME + 2 * DAY, opening(basis=basis.id))
    assert [finding.copied for finding in store.findings()] == [told]
    assert store.archives.questions(CAME + 400 * DAY) == [], "a copy answers for good"
    assert store.fsck(at=START).whole


def test_a_page_that_says_the_same_has_its_copy_too(store: Store) -> None:
    sync(store, guide(verified=VERIFIED.date()))
    visit(store, b"now", CAME)
    assert rebase(store, archived(store, b"now", 9)) == 0, "it is the basis already"
    copy = Answer(resource=only(store), day=VERIFIED.date(), outcome="copy", url=COPY, at=START + 9 * DAY)
    store.archives.answered(copy, at=CAME + DAY)
    (view,) = store.view([guide(verified=VERIFIED.date())])
    assert view.citations[0].copied == ArchivedBasis(at=START + 9 * DAY, days=1, url=COPY)


def test_a_copy_from_after_the_day_counts_where_there_is_none_before(store: Store) -> None:
    sync(store, guide(verified=VERIFIED.date()))
    visit(store, b"now", CAME)
    assert rebase(store, archived(store, b"after", 12), archived(store, b"later", 15)) == 1
    basis = store.basis_of(GuideId("coursera"), only(store))
    assert basis is not None and basis.snapshot.digest == digest(b"after")
    assert rebase(store, archived(store, b"before", 9)) == 1, "one from before is better still"
    basis = store.basis_of(GuideId("coursera"), only(store))
    assert basis is not None and basis.snapshot.digest == digest(b"before")


def test_what_a_person_decided_about_stays(store: Store) -> None:
    """Whoever lets one finding stand has seen the page, though the guide's date is older."""
    sync(store, guide(verified=VERIFIED.date()))
    visit(store, b"now", CAME)
    visit(store, b"changed", CAME + DAY, opening(), drift=None)
    (finding,) = store.findings()
    store.stet(GuideId("coursera"), on=CAME.date(), at=CAME + DAY, by="ann", finding=finding.id)
    assert store.archives.questions(CAME + DAY) == []
    assert rebase(store, archived(store, b"old", 9)) == 0


def test_dead_pages_and_what_is_known_of_them(store: Store) -> None:
    sync(store, guide(verified=VERIFIED.date()))
    visit(store, b"now", CAME)
    assert store.archives.dead(CAME) == []
    visit(store, None, CAME + DAY, opening(kind=FindingKind.LINK))
    (dead,) = store.archives.dead(CAME + DAY)
    assert (dead.lived, dead.ask_host, dead.ask_archive) == (CAME, True, True)
    assert dead.last is not None and dead.last.digest == digest(b"now")
    again = CAME + 30 * DAY
    store.archives.moved_to(
        dead.resource, url="https://example.com/new", why="the same text", tries=0, again=again, at=CAME
    )
    store.archives.archived(dead.resource, url=COPY, copied=START, tries=0, again=None)
    told = Suggested(url="https://example.com/new", why="the same text", archived=COPY, archived_at=START)
    assert [each.suggested for each in store.findings()] == [told]
    assert store.archives.suggestions([dead.url, "https://example.com/unknown"]) == {dead.url: told}
    assert store.archives.dead(CAME + 2 * DAY) == []
    (dead,) = store.archives.dead(again)
    assert dead.ask_host and not dead.ask_archive
    assert store.archives.neighbours("https://example.com/other", "example.com")[0][0] == "https://example.com/privacy"
    assert store.archives.neighbours("https://example.com/privacy", "example.com") == []


def test_pages_to_save_and_an_archive_that_rests(store: Store) -> None:
    sync(store, guide(verified=VERIFIED.date()))
    assert store.archives.unsaved(CAME, since=START) == []
    visit(store, b"now", CAME)
    (page,) = store.archives.unsaved(CAME, since=START)
    assert store.archives.unsaved(CAME, since=CAME + DAY) == [], "cited for long"
    saved = {"at": CAME, "url": "", "copied": None, "detail": "later", "tries": 1, "again": CAME + DAY}
    store.archives.saved(page.resource, **saved)  # type: ignore[arg-type]
    assert store.archives.unsaved(CAME, since=START) == []
    assert store.archives.unsaved(CAME + DAY, since=START)[0].waiting == CAME
    store.archives.saved(ResourceId(page.resource), **{**saved, "url": COPY, "again": None})  # type: ignore[arg-type]
    assert store.archives.unsaved(CAME + 9 * DAY, since=START) == []
    assert store.archives.rest("https://web.archive.org/web/") is None
    for failures in (1, 2):
        rest = Rest(until=CAME + failures * DAY, failures=failures, why="it answers 429")
        store.archives.leave_alone("https://web.archive.org/web/", rest)
        assert store.archives.rest("https://web.archive.org/web/") == rest
