"""A store that is forgotten: what one check needs to know of its links, without a database.

No body, basis or finding is kept, so that nothing can have drifted from anything. It spares a check in CI the half
second that a database takes to begin.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from crawler.carried import Carried
from crawler.model import Cited, Digest, FetchOrder, KnownSource, Observation, ResourceId, Snapshot
from crawler.sections import place_of
from crawler.urls import ResourceUrl, resource_url
from guides.model import Citation, Css, Guide, GuideId, Render, XPath
from review.model import Finding, FindingOp

Key = Callable[[str], str | None]


class MemoryStore:
    """The resources that these guides cite. Written by one thread at a time, as a pass does."""

    keeps: ClassVar[bool] = False

    def __init__(self, guides: Iterable[Guide], *, key: Key) -> None:
        self._ids: dict[str, ResourceId] = {}
        self._known: dict[ResourceId, KnownSource] = {}
        self._renders: dict[ResourceId, set[Render]] = {}
        for guide in guides:
            for citation in guide.citations:
                self._cite(guide, citation, key(citation.url))

    def _cite(self, guide: Guide, citation: Citation, url: str | None) -> None:
        if url is None:
            return
        resource = self._ids.setdefault(url, ResourceId(len(self._ids) + 1))
        known = self._known.get(resource) or KnownSource(id=resource, url=url)
        address = resource_url(citation.url)
        cited = Cited(
            guide=guide.id,
            key=citation.key,
            place=place_of(citation.url, citation.place),
            fragment=address.whole_fragment if isinstance(address, ResourceUrl) else "",
        )
        self._known[resource] = replace(known, cited=(*known.cited, cited))
        self._renders.setdefault(resource, set()).add(citation.render)

    # ------------------------------------------------------------ what a pass asks and tells

    def due(
        self,
        now: datetime,  # noqa: ARG002
        *,
        everything: bool = False,  # noqa: ARG002
        guides: frozenset[GuideId] | None = None,
    ) -> list[tuple[ResourceId, FetchOrder]]:
        """All of them (cited by `guides`, where given), in the order in which they were cited."""
        return [
            (
                known.id,
                FetchOrder(
                    url=known.url,
                    history=known.history,
                    render=self._render(known.id),
                    selected=any(isinstance(each.place, Css | XPath) for each in known.cited),
                ),
            )
            for known in self._known.values()
            if guides is None or any(each.guide in guides for each in known.cited)
        ]

    def _render(self, resource: ResourceId) -> Render:
        """One citation's wish for a browser counts."""
        wishes = self._renders[resource]
        return Render.ALWAYS if Render.ALWAYS in wishes else Render.AUTO if Render.AUTO in wishes else Render.NEVER

    def known(self, resource: ResourceId) -> KnownSource:
        return self._known[resource]

    def before(self, resources: Sequence[ResourceId]) -> list[tuple[KnownSource, list[Finding]]]:
        return [(self._known[each], []) for each in resources]

    def body(self, digest: Digest) -> bytes:
        raise KeyError(f"no body is kept in memory: {digest}")

    def past(self, resource: ResourceId) -> list[tuple[datetime, Snapshot]]:  # noqa: ARG002
        return []

    def findings_of(self, resource: int) -> list[Finding]:  # noqa: ARG002
        return []

    def record(self, observation: Observation, ops: Sequence[FindingOp]) -> None:  # noqa: ARG002
        """What the look says of the link. Findings have nobody who would read them."""
        known = self._known[observation.source]
        seen = {(each.guide, each.key): each.fragment for each in observation.cited}
        cited = tuple(replace(each, fragment_state=seen.get((each.guide, each.key))) for each in known.cited)
        self._known[known.id] = replace(known, history=observation.history, verdict=observation.verdict, cited=cited)

    @contextmanager
    def batch(self) -> Iterator[None]:
        yield

    def flush(self) -> None:
        """Everything is written at once."""

    def begin_run(self, kind: str, at: datetime) -> int:  # noqa: ARG002
        return 1

    def end_run(self, run: int, at: datetime, outcome: str, counts: Mapping[str, int]) -> None:
        """Runs are forgotten, too."""

    # ------------------------------------------------------------ what a state file carries

    def put_carried(self, links: Mapping[str, Carried]) -> None:
        """What a state file knows of the links, by their URLs."""
        for url, each in links.items():
            if (resource := self._ids.get(url)) is None:
                continue
            known = self._known[resource]
            cited = tuple(replace(one, fragment_state=each.fragments.get(one.fragment)) for one in known.cited)
            self._known[resource] = replace(known, history=each.history, verdict=each.verdict, cited=cited)

    def carried(self) -> dict[str, Carried]:
        """What a state file is to know of every link that was looked at, by its URL."""
        return {
            known.url: Carried(
                url=known.url,
                history=known.history,
                verdict=known.verdict,
                fragments={one.fragment: one.fragment_state for one in known.cited if one.fragment_state},
            )
            for known in self._known.values()
            if known.verdict is not None and known.history.checked is not None
        }
