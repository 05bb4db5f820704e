"""Decisions of editors in the store: made against what was seen, taken back whole, never lost. On both databases."""

from dataclasses import replace
from datetime import date

import pytest
from storage_builders import DAY, START, citation, guide, look, only, opening, standing, sync

from guides.model import GuideId
from review.casework import Action, ConflictError, DecisionError, Expected
from review.model import Finding, FindingState, Mask
from storage.audit import first_broken
from storage.retention import Retention
from storage.store import Store

ON = date(2026, 1, 20)
AT = START + 20 * DAY


def _opened(store: Store) -> Finding:
    """A guide whose source has drifted, with its finding."""
    sync(store, guide("coursera", citation("c1", claim="Within 30 days."), verified=date(2026, 1, 1)))
    resource = only(store)
    store.record(look(store.known(resource), b"<p>30 days", START), ())
    known = store.known(resource)
    seen = look(known, b"<p>14 days", START + DAY)
    basis = known.cited[0].basis
    assert basis is not None and basis.id is not None
    cited = replace(seen.cited[0], standing=standing(basis.id, None, START + DAY))
    store.record(replace(seen, cited=(cited,)), (opening(basis=basis.id),))
    (found,) = store.findings()
    return found


def _seen(finding: Finding) -> list[Expected]:
    return [Expected(finding=finding.id, updated=finding.updated)]


def test_stet_moves_the_basis_and_undo_puts_everything_back(store: Store) -> None:
    finding = _opened(store)
    bench, resource = store.bench, only(store)
    before = store.known(resource)
    stamp = bench.stamp()
    done = bench.let_stand(_seen(finding), verify=["coursera"], on=ON, at=AT, by="Anna", note="Asked them")
    assert done.action is Action.STET and done.findings == (finding.id,) and done.guides == ("coursera",)
    after = store.known(resource).cited[0]
    assert after.basis is not None and after.basis.id == finding.now and after.verified and after.verified.date() == ON
    assert after.standing is None and bench.stamp() != stamp
    assert bench.entries() == ([], []) and bench.entries(since=AT)[1] == [finding.id]
    with pytest.raises(ConflictError) as refused:
        bench.dismiss(_seen(finding), at=AT, by="Ben")
    assert refused.value.conflicts[0].finding.by == "Anna"

    assert [on for _, on in bench.figures(since=START).verified] == [date(2026, 1, 1), ON], "what was verified before"
    undone, files = bench.undo(done.id, at=AT + DAY, by="Ben")
    assert [on for _, on in bench.figures(since=START).verified] == [date(2026, 1, 1)]
    assert undone.undone == AT + DAY and undone.undone_by == "Ben" and files == ()
    assert store.known(resource) == before, "basis, standing and date are what they were"
    again = store.finding(finding.id)
    assert again is not None and replace(again, updated=finding.updated) == finding
    with pytest.raises(DecisionError, match="already"):
        bench.undo(done.id, at=AT, by="Ben")
    assert [each.action for each in store.audit_log()] == ["stet", "undone"] and first_broken(store.audit_log()) is None


def test_noise_with_its_mask_reaches_the_next_look(store: Store) -> None:
    finding = _opened(store)
    mask = Mask(words=("We delete it within", "days."))
    done = store.bench.dismiss(_seen(finding), masks=[mask], at=AT, by="Anna")
    (known,) = store.findings_of(only(store))
    assert known.state is FindingState.DISMISSED and known.masks == (mask,)
    source = store.bench.source(only(store))
    assert source is not None and source.masks == ((finding.id, mask),) and len(source.looks) == 2
    store.bench.undo(done.id, at=AT, by="Anna")
    (known,) = store.findings_of(only(store))
    assert known.state is FindingState.OPEN and known.masks == ()


def test_work_is_noted_and_a_later_decision_bars_the_earlier_undo(store: Store) -> None:
    finding = _opened(store)
    bench = store.bench
    first = bench.assign(_seen(finding), to="Ben", needs_edit=True, at=AT, by="Anna", note="Say 14")
    case = bench.case(finding.id)
    assert case is not None and (case.work.assignee, case.work.needs_edit, case.work.note) == ("Ben", True, "Say 14")
    with pytest.raises(ConflictError):
        bench.dismiss(_seen(finding), at=AT, by="Carl")
    second = bench.dismiss(_seen(case.finding), at=AT + DAY, by="Ben")
    with pytest.raises(DecisionError, match="Ben decided again"):
        bench.undo(first.id, at=AT, by="Anna")
    bench.undo(second.id, at=AT, by="Anna")
    bench.undo(first.id, at=AT, by="Anna")
    case = bench.case(finding.id)
    assert case is not None and case.work.assignee == "" and len(case.history) == 2
    assert [each.id for each in bench.decisions()] == [second.id, first.id]
    assert bench.figures(since=START).guides == 1
    cited = guide("coursera", citation("c1", claim="Within 30 days."), verified=date(2026, 1, 1))
    view, record = bench.page_of(cited)
    assert [view] == bench.view([cited]) and view.open_findings and view.citations[0].verdict is not None
    assert record.evidence and record.sources == (("c1", only(store)),) and len(record.decisions) == 2
    assert bench.page_of(guide("unknown"))[1].evidence == ()
    for wrong in ([], [Expected(finding=finding.id + 999, updated=AT)]):
        with pytest.raises(DecisionError):
            bench.dismiss(wrong, at=AT, by="Anna")
    assert bench.case(2**40) is None and bench.source(2**40) is None and bench.decision(2**40) is None
    assert (
        bench.source_lines(host="example.com", text="PRIV%")[:1] == []
        and len(bench.source_lines(host="example.com")) == 1
        and bench.source_lines(host="ample.com") == []
    )


def test_what_a_decision_needs_to_be_taken_back_is_kept_by_prune_and_by_folding(store: Store) -> None:
    finding = _opened(store)
    resource = only(store)

    def seen(number: int, body: bytes, text: str) -> None:
        known = store.known(resource)
        store.record(look(known, body, START + number * DAY, text=text), ())

    seen(2, b"<p>14 days, again", "14 days")
    # Another place of the guide was measured on a page that is let go when the next one comes.
    seen(3, b"<p>14 days <!-- nonce -->", "14 days")
    measured = store.known(resource).newest
    before = store.known(resource).cited[0].basis
    assert measured is not None and before is not None
    done = store.bench.let_stand(_seen(finding), verify=["coursera"], on=ON, at=AT, by="Anna")
    for number in range(31, 61):
        seen(number, b"<p>%d days" % number, f"{number} days")
    assert measured.digest not in [each.digest for each in store.snapshots(resource)]
    rule = Retention(whole_days=0, thin_days=3650, looks_days=1)
    assert store.prune(rule, now=START + 4000 * DAY).bodies > 20
    assert store.fsck(at=AT).whole
    store.bench.undo(done.id, at=AT + DAY, by="Ben")
    known = store.known(resource).cited[0]
    assert known.basis == before and store.has_body(before.digest) and store.body(before.digest) == b"<p>30 days"
    assert store.fsck(at=AT).whole
    seen(4001, b"<p>14 days", "14 days")


def test_a_decision_about_a_guide_that_has_another_name_now_is_not_half_taken_back(store: Store) -> None:
    finding = _opened(store)
    done = store.bench.let_stand(_seen(finding), verify=["coursera"], on=ON, at=AT, by="Anna")
    sync(store, guide("courses", citation("c1", claim="Within 30 days."), title="Delete your coursera account"))
    before = store.basis_of(GuideId("courses"), only(store))
    with pytest.raises(DecisionError, match="has another name since"):
        store.bench.undo(done.id, at=AT + DAY, by="Ben")
    assert store.basis_of(GuideId("courses"), only(store)) == before and store.findings() == []


def test_a_guide_is_measured_from_a_page_that_can_be_read(store: Store) -> None:
    """Its verified day is one of which the very page was let go."""
    sync(store, guide("one"))
    resource = only(store)
    for number in range(60):
        text = "winter" if number < 10 else str(number)
        store.record(look(store.known(resource), b"<p>%d" % number, START + number * DAY, text=text), ())
    store.prune(Retention(whole_days=5, thin_days=30, looks_days=0), now=START + 60 * DAY)
    names = {5: "winter's page", 25: "the one before"}
    day = (START + 25 * DAY).date()
    new = [guide(names[each], verified=(START + each * DAY).date()) for each in names]
    sync(store, guide("one"), *new, at=START + 60 * DAY)
    sync(store, guide("one", verified=day), *new, at=START + 60 * DAY)
    for name in ("one", *names.values()):
        basis = store.basis_of(GuideId(name), resource)
        assert basis is not None and store.has_body(basis.snapshot.digest), name
        assert basis.snapshot.at <= START + 25 * DAY
    assert store.fsck(at=START).whole
