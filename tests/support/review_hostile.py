"""A check in which every field that comes from outside says something bad."""

import review_builders as make

from crawler.model import DriftKind, Hop, VerdictKind
from guides.model import GuideProblem
from review.model import CheckedCitation, CheckReport

BAD = make.HOSTILE + " ]]><!-- & \ufffe\uffff {0} [here](https://evil.example) </testsuites>"
FILE = "a:b,c/\n::error::x %0A\udcff?#[1].md"


def citations(text: str = BAD, file: str = FILE) -> list[CheckedCitation]:
    """One citation of each verdict, all with a missing fragment and a drift; the dead and the invalid one fail."""
    guide = make.guide(text, file=file)
    return [
        make.checked(
            make.verdict(
                kind,
                text,
                detail=text,
                final_url=text,
                replacement=text,
                attempts=2,
                elapsed_ms=-5,
                hops=(Hop(status=301, url=text, target=text),),
            ),
            guide=guide,
            citation=make.citation(text, key=f"{kind}{text}", title=text, line=0, column=0),
            fragment="missing",
            drift=DriftKind.MATERIAL,
            archived=text,
            fails=kind in (VerdictKind.DEAD, VerdictKind.INVALID),
            fails_because=kind.value if kind in (VerdictKind.DEAD, VerdictKind.INVALID) else "",
        )
        for kind in VerdictKind
    ]


def report(text: str = BAD, file: str = FILE, *, outage: bool = False) -> CheckReport:
    """Every verdict, a fatal and a mere problem, and two stale guides, one of them without citations."""
    problems = tuple(
        GuideProblem(file=file, message=text, hint=text, line=0, column=0, fatal=fatal) for fatal in (True, False)
    )
    stale = (make.guide(text).id, make.guide(f"other {text}").id)
    return make.check_report(*citations(text, file), version=text, problems=problems, stale=stale, outage=outage)
