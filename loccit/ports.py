"""What a pass needs of a store: the one that is kept, or one that is forgotten."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import ClassVar, Protocol

from crawler.carried import Carried
from crawler.model import Digest, FetchOrder, KnownSource, Observation, ResourceId, Snapshot
from guides.model import GuideId
from review.model import Finding, FindingOp


class PassStore(Protocol):
    """`storage.store.Store` and `storage.memory.MemoryStore` are ones; what each method means stands there."""

    keeps: ClassVar[bool]
    """Whether looks outlive the run."""

    def due(
        self, now: datetime, *, everything: bool = False, guides: frozenset[GuideId] | None = None
    ) -> list[tuple[ResourceId, FetchOrder]]: ...

    def known(self, resource: ResourceId) -> KnownSource: ...

    def before(self, resources: Sequence[ResourceId]) -> list[tuple[KnownSource, list[Finding]]]: ...

    def body(self, digest: Digest) -> bytes: ...

    def past(self, resource: ResourceId) -> list[tuple[datetime, Snapshot]]: ...

    def findings_of(self, resource: int) -> list[Finding]: ...

    def record(self, observation: Observation, ops: Sequence[FindingOp]) -> None: ...

    def batch(self) -> AbstractContextManager[None]: ...

    def flush(self) -> None: ...

    def begin_run(self, kind: str, at: datetime) -> int: ...

    def end_run(self, run: int, at: datetime, outcome: str, counts: Mapping[str, int]) -> None: ...

    def put_carried(self, links: Mapping[str, Carried]) -> None: ...

    def carried(self) -> dict[str, Carried]: ...
