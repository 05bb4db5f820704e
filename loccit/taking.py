"""Pages of archives into the store: each is judged as an answer is that came today, and joins its source's timeline."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from crawler.model import (
    Digest,
    Fetched,
    Health,
    KnownSource,
    ResourceId,
    Snapshot,
    VerdictKind,
    Visit,
)
from crawler.observe import observe, read_answer, text_digest
from crawler.page import Page
from guides.model import Css, XPath
from loccit.settings import Settings
from loccit.warcs import ArchiveError, LeftOut, Recorded, recorded
from loccit.wiring import key_of
from storage.imports import Archived, Moved
from storage.store import Store

_PAGES, _BYTES = 64, 16_000_000
"""What is held back at most before it is written."""

MISREAD: Final = "its text is only in its data, and a selector needs the page as a browser shows it"


@dataclass(slots=True, kw_only=True)
class Taken:
    """What became of the records of one file. `damage`: why it could not be read to its end."""

    pages: int = 0
    there: int = 0
    sources: set[ResourceId] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)
    moved: list[Moved] = field(default_factory=list)
    damage: str = ""


def take_archive(store: Store, path: Path, name: str, settings: Settings, *, now: datetime) -> Taken:
    """Take what the file has of the store's sources; done twice, it is as done once. Raises StoreError."""
    sources = {url: resource for resource, url in store.resources()}
    taken = Taken()
    run = store.begin_run("import", now)
    try:
        _fill(store, path, settings, sources, taken, run, now)
    finally:
        store.end_run(run, now, "done" if not taken.damage else "damaged", {"pages": taken.pages})
    if taken.sources:
        # Also where all of them were there: whoever took them may have been killed before this.
        note = f"{name}, sha256 {_sha256(path)}: {taken.pages} pages of {len(taken.sources)} sources"
        taken.moved = store.rebase(sorted(taken.sources), run=run, note=note, at=now, taken=taken.pages)
    return taken


def _fill(
    store: Store,
    path: Path,
    settings: Settings,
    sources: dict[str, ResourceId],
    taken: Taken,
    run: int,
    now: datetime,
) -> None:
    held: list[Archived] = []

    def write() -> None:
        new = store.take(held, run=run)
        taken.pages += new
        taken.there += len(held) - new
        held.clear()

    try:
        for page in _pages(store, path, settings, sources, taken.left_out, now):
            held.append(page)
            taken.sources.add(page.resource)
            if len(held) >= _PAGES or sum(len(each.body or b"") for each in held) >= _BYTES:
                write()
    except ArchiveError as error:
        taken.damage = str(error)
    # Also of a file that is damaged further on: what came before is good.
    write()


def _pages(
    store: Store,
    path: Path,
    settings: Settings,
    sources: dict[str, ResourceId],
    left_out: Counter[str],
    now: datetime,
) -> Iterator[Archived]:
    given: dict[tuple[ResourceId, str], Archived] = {}

    def wanted(url: str) -> bool:
        return key_of(url) in sources

    for record in recorded(path, wanted=wanted, max_bytes=settings.crawl.max_bytes):
        page = record if isinstance(record, LeftOut) else _judged(record, settings, sources, given, now)
        if isinstance(page, Archived) and is_misread(store, page):
            page = LeftOut(why=MISREAD)
        if isinstance(page, LeftOut):
            left_out[page.why] += 1
            continue
        if isinstance(record, Recorded) and record.payload and page.body is not None:
            given[page.resource, record.payload] = page
        yield page


def _judged(
    record: Recorded,
    settings: Settings,
    sources: dict[str, ResourceId],
    given: dict[tuple[ResourceId, str], Archived],
    now: datetime,
) -> Archived | LeftOut:
    url = key_of(record.url) or ""
    resource = sources[url]
    if record.body is None and 200 <= record.status < 300 and record.at <= now + timedelta(days=1):
        return _again(record, given.get((resource, record.payload)))
    return judged(record, resource, url, settings, now=now)


def judged(
    record: Recorded, resource: ResourceId, url: str, settings: Settings, *, now: datetime
) -> Archived | LeftOut:
    """What an archive has of a resource, as a look that was made then; left out where it is not the page itself."""
    if record.at > now + timedelta(days=1):
        return LeftOut(why="dated in the future")
    if 300 <= record.status < 400:
        return LeftOut(why="a redirect")
    if not 200 <= record.status < 300 or record.body is None:
        return LeftOut(why=f"status {record.status}")
    digest = Digest(hashlib.sha256(record.body).hexdigest())
    answer = Fetched(
        url=url,
        final_url=url,
        status=record.status,
        headers=record.headers,
        body=record.body,
        digest=digest,
        at=record.at,
        elapsed_ms=0.0,
    )
    page = read_answer(answer)
    seen = observe(
        KnownSource(id=resource, url=url),
        Visit(url=url, attempts=(answer,)),
        page_of=lambda _: page,
        read=_nothing_stored,
        policy=settings.policy,
        schedule=settings.schedule,
        now=record.at,
    )
    if seen.snapshot is None or seen.snapshot.health is not Health.OK or seen.verdict.kind is not VerdictKind.OK:
        why = seen.snapshot.health if seen.snapshot is not None else seen.verdict.reason
        return LeftOut(why=f"not the page ({why})")
    return Archived(
        resource=resource,
        at=record.at,
        status=record.status,
        digest=digest,
        final_url=url,
        headers=record.headers,
        reason=seen.verdict.reason,
        text_digest=text_digest(page),
        body=record.body,
        embedded=seen.page_health is not None and seen.page_health.embedded,
    )


def is_misread(store: Store, page: Archived) -> bool:
    """Whether a citation names its place on the page by a selector, and what came has no markup that it could speak of.

    A live page is shown to a browser for that (`FetchOrder.selected`). An archived one is not: its scripts would ask
    for today's data. And with what a browser shows nowadays it could not be compared.
    """
    return page.embedded and any(isinstance(each.place, Css | XPath) for each in store.known(page.resource).cited)


def _again(record: Recorded, first: Archived | None) -> Archived | LeftOut:
    """A revisit of something that came before in the same file."""
    if first is None:
        return LeftOut(why="a revisit of what is not in the file before it")
    return Archived(
        resource=first.resource,
        at=record.at,
        status=first.status,
        digest=first.digest,
        final_url=first.final_url,
        headers=record.headers or first.headers,
        reason=first.reason,
        text_digest=first.text_digest,
    )


def _nothing_stored(_snapshot: Snapshot) -> Page:
    raise LookupError("an archived page is judged by itself")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
