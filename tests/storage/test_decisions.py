"""Decisions of editors in the store: made against what was seen, taken back whole, never lost. On both databases."""

from dataclasses import replace
from datetime import date

import pytest
from storage_builders import DAY, START, citation, guide, look, only, opening, standing, sync

from review.casework import Action, ConflictError, DecisionError, Expected
from review.model import Finding, FindingState, Mask
from storage.audit import first_broken
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

    undone, files = bench.undo(done.id, at=AT + DAY, by="Ben")
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
    assert bench.figures(since=START).guides == 1 and bench.record_of("coursera").evidence
    for wrong in ([], [Expected(finding=finding.id + 999, updated=AT)]):
        with pytest.raises(DecisionError):
            bench.dismiss(wrong, at=AT, by="Anna")
    assert bench.case(2**40) is None and bench.source(2**40) is None and bench.decision(2**40) is None
    assert (
        bench.source_lines(host="example.com", text="PRIV%")[:1] == []
        and len(bench.source_lines(host="example.com")) == 1
    )
