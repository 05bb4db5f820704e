"""The store as a job of one host sees it: what is due is what is due of that host, and its looks belong to a run that
goes on.
"""

import random
from collections.abc import Mapping
from datetime import datetime

from crawler.model import FetchOrder, ResourceId
from guides.model import GuideId
from storage import ledger
from storage.dispatch import Dispatch
from storage.store import Store


class HostStore(Store):
    """Several may be in use at once over one database: each has a batch of its own."""

    def __init__(self, dispatch: Dispatch, host: int, *, run: int, limit: int) -> None:
        """`limit`: how many resources are due at most, so that a job of a large host ends some time."""
        super().__init__(dispatch.database, keep=dispatch.keep)
        self._host, self._limit, self._run = host, limit, run
        self.counts: dict[str, int] = {}

    def due(
        self,
        now: datetime,
        *,
        everything: bool = False,  # noqa: ARG002
        guides: frozenset[GuideId] | None = None,  # noqa: ARG002
    ) -> list[tuple[ResourceId, FetchOrder]]:
        """What is due of the host, the longest overdue first."""
        return self._database.read(
            lambda connection: ledger.due_of_host(connection, self._host, now, limit=self._limit)
        )

    def alive_elsewhere(self) -> list[FetchOrder]:
        """A few pages of other hosts, alive at their last looks: where they answer, silence is no outage of ours."""
        share = random.random()  # noqa: S311 (load that is spread, no secret)
        return self._database.read(lambda connection: ledger.alive_elsewhere(connection, self._host, share=share))

    def begin_run(self, kind: str, at: datetime) -> int:  # noqa: ARG002
        """The run that goes on."""
        assert self._run is not None
        return self._run

    def end_run(self, run: int, at: datetime, outcome: str, counts: Mapping[str, int]) -> None:  # noqa: ARG002
        """The run goes on; what this pass counted is kept for it."""
        self.counts = dict(counts)
