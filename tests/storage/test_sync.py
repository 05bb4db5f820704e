"""Guides come, change and go, on both databases."""

from datetime import date, timedelta

import pytest
from storage_builders import DAY, START, URL, citation, digest, guide, key, look, only, opening, sync, visit

from crawler.model import DriftKind
from guides.model import Css, GuideId, Place, Quote, Render
from review.model import FindingKind, FindingState
from storage.store import Store

A, B, C = b"<p>30 days</p>" * 50, b"<p>14 days</p>" * 50, b"<p>7 days</p>" * 50


def test_a_citation_keeps_what_is_known_when_its_line_moves(store: Store) -> None:
    sync(store, guide())
    visit(store, A, START)
    sync(store, guide("coursera", citation(claim="new words"), title="New title"), at=START + DAY)
    (cited,) = store.known(only(store)).cited
    assert cited.basis is not None
    assert cited.claim is not None and cited.claim.text == "new words"


def test_places_come_back(store: Store) -> None:
    places: tuple[Place, ...] = (Css(css="#a", remove=(".b",)), Quote(quote="within 30 days", prefix="x"))
    sync(store, guide("coursera", *(citation(f"c{n}", place=place) for n, place in enumerate(places))))
    assert tuple(each.place for each in store.known(only(store)).cited) == places


def test_a_malformed_url_is_kept_without_resource(store: Store) -> None:
    bad = guide("coursera", citation("c1", "https://a b/"), citation("c2", "mailto:x@example.com"))
    sync(store, bad)
    sync(store, bad)
    assert store.due(START, everything=True) == []
    (view,) = store.view([bad])
    assert [each.verdict for each in view.citations] == [None, None]


def test_what_nobody_cites_is_not_due(store: Store) -> None:
    sync(store, guide())
    resource = only(store)
    visit(store, A, START)
    visit(store, B, START + DAY, opening())
    sync(store, guide("coursera", citation("c2", "https://other.example/")), at=START + 2 * DAY)
    assert [order.url for _, order in store.due(START + 9 * DAY)] == ["https://other.example/"]
    (finding,) = store.findings(states=tuple(FindingState))
    assert (finding.state, finding.note) == (FindingState.RESOLVED, "No longer cited by the guide")
    assert store.known(resource).cited == ()
    seen = look(store.known(resource), C, START + 3 * DAY)
    store.record(seen, ())
    assert resource not in [each for each, _ in store.due(START + 9 * DAY, everything=True)]
    sync(store, guide(), at=START + 4 * DAY)
    assert [each for each, _ in store.due(START + 4 * DAY)] == [resource]
    (cited,) = store.known(resource).cited
    assert cited.basis is not None and cited.basis.digest == digest(A)


def test_guides_that_are_gone_are_retired_only_when_all_were_read(store: Store) -> None:
    sync(store, guide("one"), guide("two", citation("c1", "https://two.example/")))
    store.record(look(store.known(store.due(START)[1][0]), A, START), (opening(guide="two"),))
    sync(store, guide("one"), complete=False)
    assert len(store.due(START, everything=True)) == 2
    sync(store, guide("one"), at=START + DAY)
    assert [order.url for _, order in store.due(START, everything=True)] == [URL]
    (finding,) = store.findings(states=tuple(FindingState))
    assert (finding.state, finding.note) == (FindingState.RESOLVED, "The guide is no longer there")
    sync(store, guide("one"), guide("two", citation("c1", "https://two.example/")), at=START + 2 * DAY)
    assert len(store.due(START + 2 * DAY, everything=True)) == 2


def test_a_citation_of_another_address_starts_anew(store: Store) -> None:
    sync(store, guide())
    visit(store, A, START)
    visit(store, B, START + DAY, opening(), drift=DriftKind.MATERIAL)
    moved = guide("coursera", citation("c1", "https://moved.example/"))
    sync(store, moved, at=START + 2 * DAY)
    (cited,) = store.known(only(store)).cited
    assert cited.basis is None and cited.standing is None
    assert store.findings() == []
    (view,) = store.view([moved])
    assert (view.citations[0].drift, view.citations[0].verdict) == (None, None)


def test_a_fragment_is_the_same_resource(store: Store) -> None:
    sync(store, guide("coursera", citation("c1", URL + "#delete"), citation("c2", URL)))
    known = store.known(only(store))
    assert [each.fragment for each in known.cited] == ["delete", ""]


def test_one_citation_may_ask_for_a_browser(store: Store) -> None:
    sync(store, guide("one", citation(render=Render.NEVER)))
    assert store.due(START)[0][1].render is Render.NEVER
    sync(store, guide("one", citation(render=Render.NEVER)), guide("two", citation(render=Render.ALWAYS)))
    assert store.due(START)[0][1].render is Render.ALWAYS


def test_duplicate_ids_and_keys_do_no_harm(store: Store) -> None:
    sync(store, guide("one", citation("c"), citation("c", "https://second.example/")), guide("one", citation("d")))
    assert [order.url for _, order in store.due(START)] == [URL]


def test_a_date_written_into_the_file_moves_the_basis_to_that_day(store: Store) -> None:
    sync(store, guide(verified=date(2025, 11, 8)))
    visit(store, A, START)
    visit(store, B, START + DAY, opening(), drift=DriftKind.MATERIAL)
    visit(store, C, START + 5 * DAY, opening(summary="7 days", state="c"), drift=DriftKind.MATERIAL)
    on = (START + 2 * DAY).date()
    sync(store, guide(verified=on), at=START + 6 * DAY)
    resource = only(store, START + 6 * DAY)
    basis = store.basis_of(GuideId("coursera"), resource)
    assert basis is not None and basis.snapshot.digest == digest(B)
    assert (basis.verified, basis.set_by) == (on, "verified in the guide's file")
    (finding,) = store.findings(states=tuple(FindingState))
    assert (finding.state, finding.note) == (FindingState.ACCEPTED, "verified in the guide's file")
    (entry,) = store.audit_log()
    assert (entry.action, entry.guide, entry.findings) == ("verified-in-file", "coursera", (finding.id,))
    assert entry.evidence[0][1] == digest(B)
    (cited,) = store.known(resource).cited
    assert cited.standing is None
    assert cited.verified is not None and cited.verified.date() == on


def test_a_date_before_anything_was_seen_takes_the_first_good_page(store: Store) -> None:
    sync(store, guide())
    visit(store, A, START)
    visit(store, B, START + DAY, opening(), drift=DriftKind.MATERIAL)
    sync(store, guide(verified=date(2025, 12, 1)), at=START + 2 * DAY)
    basis = store.basis_of(GuideId("coursera"), only(store))
    assert basis is not None and basis.snapshot.digest == digest(A)
    assert basis.verified == date(2025, 12, 1)
    assert len(store.findings()) == 1, "the basis did not move: what drifted since is still to be looked at"
    assert store.audit_log() == []


def test_an_earlier_date_moves_nothing(store: Store) -> None:
    sync(store, guide(verified=date(2026, 1, 1)))
    visit(store, A, START)
    visit(store, B, START + DAY)
    store.stet(GuideId("coursera"), on=date(2026, 1, 2), at=START + DAY, by="ann")
    sync(store, guide(verified=date(2025, 1, 1)), at=START + 2 * DAY)
    basis = store.basis_of(GuideId("coursera"), only(store))
    assert basis is not None and basis.snapshot.digest == digest(B)
    (view,) = store.view([guide(verified=date(2025, 1, 1))])
    assert view.verified == date(2026, 1, 2)


def test_thousands_of_guides(store: Store) -> None:
    many = [guide(f"g{n}", citation("a", f"https://e.example/{n}")) for n in range(1300)]
    sync(store, *many)
    sync(store, *many)
    assert len(store.due(START)) == 1300 == store.sources()
    assert len(store.view(many)) == 1300
    sync(store, *many[:100])
    assert store.sources() == 100


def test_naive_times_are_refused(store: Store) -> None:
    with pytest.raises(Exception, match="time zone"):
        store.sync([guide()], key=key, at=START.replace(tzinfo=None), complete=True)
    assert store.sources() == 0


def test_times_come_back_in_utc_to_the_microsecond(store: Store) -> None:
    odd = START.replace(microsecond=123457)
    sync(store, guide())
    visit(store, A, odd)
    history = store.known(only(store)).history
    assert history.checked == odd and history.checked is not None
    assert history.checked.utcoffset() == timedelta(0)


def test_runs(store: Store) -> None:
    assert store.last_run() is None
    sync(store, guide())
    run = store.begin_run("crawl", START)
    visit(store, A, START)
    running = store.last_run("crawl")
    assert running is not None and running.finished is None
    store.end_run(run, START + DAY, "done", {"ok": 1})
    other = store.begin_run("check", START + DAY)
    ended = store.last_run("crawl")
    assert ended is not None and (ended.id, ended.outcome, ended.counts) == (run, "done", {"ok": 1})
    last = store.last_run()
    assert last is not None and last.id == other
    assert [each.run for each in store.timeline(only(store))] == [run]


def test_link_findings_survive_a_hand_verification(store: Store) -> None:
    sync(store, guide(verified=date(2025, 11, 8)))
    visit(store, A, START)
    visit(store, B, START + DAY, opening(kind=FindingKind.LINK), drift=DriftKind.MATERIAL)
    sync(store, guide(verified=(START + DAY).date()), at=START + 2 * DAY)
    assert [each.kind for each in store.findings()] == [FindingKind.LINK]
