"""Which masks a dismissal teaches: proposed from the finding, chosen by the editor."""

from collections.abc import Sequence

from review.casework import Case, DecisionError, Expected
from review.masks import Proposal, proposals
from review.model import Mask
from review.web.security import Form
from review.web.site import Site


def proposed(case: Case) -> tuple[Proposal, ...]:
    """What this finding's changes suggest, with the source's earlier findings that each would have hidden."""
    return proposals(case.finding.changes, case.past)


def chosen(site: Site, form: Form, expected: Sequence[Expected]) -> tuple[Mask, ...]:
    """The masks that were ticked, by their numbers on the page of the finding that `mask_of` names."""
    ticked = form.get("mask", ())
    if not ticked:
        return ()
    named = (form.get("mask_of") or [""])[0]
    case = None
    for each in expected:
        if str(each.finding) == named:
            case = site.bench.case(each.finding)
    if case is None:
        raise DecisionError("The masks belong to another finding; load the page again.")
    offered = proposed(case)
    numbers = {int(each) for each in ticked if each.isascii() and each.isdigit() and len(each) < 4}
    return tuple(each.mask for at, each in enumerate(offered) if at in numbers)
