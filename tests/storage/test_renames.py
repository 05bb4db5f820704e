"""A guide's file gets another name, or comes anew beside sources that are known, on both databases."""

from dataclasses import replace
from datetime import date

from storage_builders import DAY, START, URL, citation, digest, guide, key, look, only, opening, sync, visit

from crawler.model import DriftKind
from guides.model import GuideId, Heading
from review.model import FindingState
from storage.store import Store

A, B, C = b"<p>30 days</p>" * 50, b"<p>14 days</p>" * 50, b"<p>7 days</p>" * 50
SECOND, THIRD = "https://two.example/", "https://three.example/"


def test_a_renamed_guide_keeps_its_finding_basis_and_date(store: Store) -> None:
    sync(store, guide(verified=START.date()))
    visit(store, A, START)
    store.stet(GuideId("coursera"), on=START.date(), at=START, by="Ada")
    visit(store, B, START + DAY, opening(), drift=DriftKind.MATERIAL)
    now = replace(guide("delete-coursera", verified=START.date()), title="Delete your coursera account")
    done = store.sync([now], key=key, at=START + 2 * DAY, complete=True)
    assert (done.renamed, done.gone) == ((("coursera", "delete-coursera"),), ())
    (finding,) = store.findings()
    assert (finding.guide, finding.state) == ("delete-coursera", FindingState.OPEN)
    resource = only(store)
    basis = store.basis_of(GuideId("delete-coursera"), resource)
    assert basis is not None and basis.snapshot.digest == digest(A)
    (cited,) = store.known(resource).cited
    assert cited.standing is not None and cited.standing.drift.kind is DriftKind.MATERIAL
    (view,) = store.view([now])
    assert view.verified == START.date()
    assert [entry.action for entry in store.audit_log()] == ["stet", "renamed"]
    assert store.fsck(at=START).whole


def test_a_check_that_saw_the_new_name_first_does_no_harm(store: Store) -> None:
    sync(store, guide(verified=START.date()))
    visit(store, A, START)
    visit(store, B, START + DAY, opening(), drift=DriftKind.MATERIAL)
    now = replace(guide("new", verified=START.date()), title="Delete your coursera account")
    sync(store, now, at=START + 2 * DAY, complete=False)
    visit(store, B, START + 3 * DAY, opening(guide="new"))
    sync(store, now, at=START + 4 * DAY)
    (finding,) = store.findings()
    assert (finding.guide, finding.opened) == ("new", START + DAY)
    basis = store.basis_of(GuideId("new"), only(store))
    assert basis is not None and basis.snapshot.digest == digest(A)
    assert store.fsck(at=START).whole


def test_another_guide_is_no_new_name(store: Store) -> None:
    sync(store, guide("one", citation("c1"), citation("c2", SECOND)), guide("stays"))
    resource = next(each for each, order in store.due(START) if order.url == URL)
    store.record(look(store.known(resource), A, START), ())
    store.record(look(store.known(resource), B, START + DAY, drift=DriftKind.MATERIAL), (opening(guide="one"),))
    other = guide("other", citation("c1"), citation("c2", THIRD))
    done = store.sync([other, guide("stays")], key=key, at=START + 2 * DAY, complete=True)
    assert (done.renamed, done.gone) == ((), (("one", 1),))
    (finding,) = store.findings(states=tuple(FindingState))
    assert (finding.state, finding.note) == (FindingState.RESOLVED, "The guide is no longer there")


def test_many_guides_renamed_at_once_find_their_own(store: Store) -> None:
    names = [f"g{number}" for number in range(40)]
    shared = citation("home", "https://home.example/")
    sync(store, *(guide(name, shared, citation("own", f"https://{name}.example/")) for name in names))
    new = [
        replace(
            guide(f"x-{name}", shared, citation("own", f"https://{name}.example/")),
            title=f"Delete your {name} account" if number % 2 else "Another title",
        )
        for number, name in enumerate(names)
    ]
    done = store.sync(new, key=key, at=START + DAY, complete=True)
    assert sorted(done.renamed) == sorted((name, f"x-{name}") for name in names)


def test_a_new_guide_of_an_old_date_is_measured_against_that_day(store: Store) -> None:
    sync(store, guide("first", verified=date(2025, 11, 8)))
    visit(store, A, START)
    visit(store, B, START + 9 * DAY)
    late = guide("late", citation("c9"), verified=(START + 2 * DAY).date(), title="Another subject")
    unknown = guide("unknown", citation("c9"), title="Never verified")
    ahead = guide("ahead", citation("c9"), verified=(START + 900 * DAY).date(), title="A slip of the pen")
    sync(store, guide("first", verified=date(2025, 11, 8)), late, unknown, ahead, at=START + 10 * DAY)
    resource = only(store, START + 10 * DAY)
    basis = store.basis_of(GuideId("late"), resource)
    assert basis is not None and basis.snapshot.digest == digest(A)
    assert store.basis_of(GuideId("unknown"), resource) is None
    assert store.basis_of(GuideId("ahead"), resource) is None


def test_another_place_is_measured_at_once(store: Store) -> None:
    sync(store, guide())
    visit(store, A, START)
    visit(store, B, START + DAY, opening(), drift=DriftKind.MATERIAL)
    moved = guide("coursera", citation("c1", place=Heading(heading="Retention")))
    sync(store, moved, at=START + 2 * DAY)
    (finding,) = store.findings(states=tuple(FindingState))
    assert (finding.state, finding.note) == (FindingState.RESOLVED, "The guide cites another place of the page now")
    ((resource, order),) = store.due(START + 2 * DAY)
    assert order.url == URL
    (cited,) = store.known(resource).cited
    assert cited.standing is None
    assert cited.basis is not None and cited.basis.digest == digest(A)
