"""What reviewing needs from outside: a desk that keeps findings and decisions."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from crawler.model import Observation
from guides.model import Guide, GuideId
from review.model import Finding, FindingId, FindingOp, FindingState, GuideView


class Desk(Protocol):
    """The editors' side of the store."""

    def findings_of(self, resource: int) -> list[Finding]:
        """Of one resource: the open findings, and the dismissed ones (their states are not raised again)."""
        ...

    def findings(
        self, *, states: Sequence[FindingState] = (FindingState.OPEN,), guides: Sequence[GuideId] = ()
    ) -> list[Finding]: ...

    def finding(self, finding: FindingId) -> Finding | None: ...

    def record(self, observation: Observation, ops: Sequence[FindingOp]) -> None:
        """Everything that one look gave, in one transaction."""
        ...

    def view(self, guides: Sequence[Guide]) -> list[GuideView]: ...

    def stet(
        self,
        guide: GuideId,
        *,
        on: date,
        at: datetime,
        by: str,
        note: str = "",
        finding: FindingId | None = None,
    ) -> list[Finding]:
        """Let it stand: newest good snapshots become bases, and the decision is logged; gives the findings it accepts.

        With `finding`, only that finding's source gets the new basis and only that finding is accepted.
        """
        ...
