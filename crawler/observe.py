"""From a visit and what is known of its source to everything that the look gave.

Pure: the pages of stored snapshots come through `read`, which the caller backs with the store.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypedDict

from crawler.claims import touched
from crawler.drift import measure, never_found
from crawler.fingerprint import ALGORITHM
from crawler.health import page_health
from crawler.hints import http_date
from crawler.judge import advance, judge
from crawler.made import Made
from crawler.memory import is_current, learn, learned_anew
from crawler.model import (
    ChangeRate,
    Cited,
    CitedLook,
    Drift,
    DriftKind,
    Fetched,
    Health,
    KnownSource,
    NotModified,
    Observation,
    PageHealth,
    Snapshot,
    Standing,
    Validators,
    VerdictKind,
    Visit,
)
from crawler.moves import settle_move
from crawler.page import Page
from crawler.page import read as read_page
from crawler.plan import has_changed, interval_for, next_due
from crawler.policy import Policy, Schedule
from crawler.rates import UNKNOWN, after_look, first_look
from crawler.sections import fragment_state
from crawler.ways import says_all
from guides.model import Anchor, MainContent

PageReader = Callable[[Snapshot], Page]

AnswerReader = Callable[[Fetched], Page]

PastReader = Callable[[], Iterable[tuple[datetime, Snapshot]]]

QUIET = (DriftKind.UNCHANGED, DriftKind.COSMETIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """The page that a look brought. Without `body` it is the stored page served again, and is read only if need be."""

    snapshot: Snapshot
    health: PageHealth
    read: PageReader
    page: Page | None = None
    body: bytes | None = field(default=None, repr=False)
    screenshot: bytes | None = field(default=None, repr=False)

    def get(self) -> Page:
        return self.page if self.page is not None else self.read(self.snapshot)


def read_answer(answer: Fetched) -> Page:
    """The page of an answer's body."""
    return read_page(answer.body, content_type=answer.header("content-type"), url=answer.final_url)


def observe(
    known: KnownSource,
    visit: Visit,
    *,
    read: PageReader,
    policy: Policy,
    schedule: Schedule,
    now: datetime,
    on_the_spot: bool = False,
    page_of: AnswerReader = read_answer,
    past: PastReader = lambda: (),
    kept: bool = True,
) -> Observation:
    """Everything that one look at one resource gave.

    `read` gives the page of a stored snapshot, `page_of` that of an answer, `past` the stored looks that showed the
    page (asked only when what was learned of it was learned by an older version). `on_the_spot`: a person or CI waits
    for the verdict now. `kept`: the look goes into a store; what only that asks for is left out where it does not.
    """
    seen = _seen(known, visit, read, page_of)
    if visit.health is None and seen is not None:
        visit = replace(visit, health=seen.health)
    verdict = judge(visit, known.history, policy, now, on_the_spot=on_the_spot)
    if verdict.kind is VerdictKind.MOVED and seen is not None:
        # Against a basis where there is one: the newest page is the one behind the redirect from the second look on.
        stored = next((one.basis for one in known.cited if one.basis is not None), known.newest)
        before = read(stored) if stored is not None and stored.id is not None else None
        before = before if before is not None and before.made == seen.get().made else None
        verdict = settle_move(verdict, url=known.url, before=before, now=seen.get())
    good = seen is not None and seen.health.health is Health.OK and verdict.kind in (VerdictKind.OK, VerdictKind.MOVED)
    new = seen is not None and seen.body is not None
    memory: Mapping[str, Any] = known.memory
    if not is_current(memory):
        pages = ((at, read(snapshot)) for at, snapshot in past())
        memory = learned_anew((at, page) for at, page in pages if seen is None or page.made == seen.get().made)
    drifting = seen is not None and any(one.basis and one.basis.digest != seen.snapshot.digest for one in known.cited)
    if seen is not None and (new or drifting) and good and known.newest is not None:
        memory = _learned(memory, known, known.newest, seen, now)
    cited = _rebased([_cited(one, known, seen, good=good, memory=memory, now=now) for one in known.cited], seen)
    rate = _rate(known, seen, cited, good=good, now=now)
    interval = interval_for(
        rate if known.newest is not None else None, cited=known.cited, last=visit.last, schedule=schedule
    )
    standings = tuple(look.standing for look in cited if look.standing is not None)
    return Observation(
        source=known.id,
        url=known.url,
        at=now,
        visit=visit,
        verdict=verdict,
        history=advance(known.history, visit, verdict, now, confirm=policy.confirm),
        validators=_validators(known, visit, good=good),
        memory=memory,
        snapshot=seen.snapshot if seen is not None and new else None,
        body=seen.body if seen is not None else None,
        same_as=seen.snapshot if seen is not None and not new else None,
        page_health=visit.health,
        screenshot=seen.screenshot if seen is not None and new else None,
        title=seen.get().title if seen is not None and new else "",
        **_texts(known, seen if kept else None, learns=bool(memory) and not known.memory),
        cited=cited,
        next_due=next_due(
            known.url, interval, verdict, standings, last=visit.last, policy=policy, schedule=schedule, now=now
        ),
        interval_hours=interval / timedelta(hours=1),
        rate=rate,
    )


def _rate(
    known: KnownSource, seen: _Seen | None, cited: Sequence[CitedLook], *, good: bool, now: datetime
) -> ChangeRate | None:
    """How often the source changes, as it is known after this look; a look that showed no page says nothing."""
    if seen is None or not good:
        return known.rate
    if known.newest is None:
        stated = next((value for name, value in seen.snapshot.headers if name == "last-modified"), "")
        return first_look(last_modified=http_date(stated), now=now)
    # From when the newest good page was last served, not from the last look: that one may have seen a wall.
    elapsed = now - known.newest.last_seen
    return after_look(known.rate or UNKNOWN, elapsed=elapsed, changed=has_changed(known.cited, cited))


def _seen(known: KnownSource, visit: Visit, read: PageReader, page_of: AnswerReader) -> _Seen | None:
    """The page that this look brought, if any: the last answer with a success status, or the stored page again."""
    newest = known.newest
    for position, attempt in reversed(list(enumerate(visit.attempts))):
        same = isinstance(attempt, NotModified) or (isinstance(attempt, Fetched) and _same(attempt, newest))
        if same and newest is not None:
            return _Seen(snapshot=newest, health=PageHealth(health=newest.health), read=read)
        if isinstance(attempt, Fetched) and 200 <= attempt.status < 300:
            return _read(attempt, read, page_of, visit.healths[position] if position < len(visit.healths) else None)
    return None


def _same(answer: Fetched, newest: Snapshot | None) -> bool:
    return newest is not None and answer.status == newest.status and answer.digest == newest.digest


def _read(answer: Fetched, read: PageReader, page_of: AnswerReader, said: PageHealth | None) -> _Seen:
    """`said`: the health that the sweep gave it, which may know more than the page shows (its host's "not found")."""
    page = page_of(answer)
    health = said or page_health(
        page, status=answer.status, url=answer.url, final_url=answer.final_url, headers=answer.headers
    )
    snapshot = Snapshot(
        id=None,
        digest=answer.digest,
        at=answer.at,
        last_seen=answer.at,
        status=answer.status,
        final_url=answer.final_url,
        headers=answer.headers,
        health=health.health,
    )
    return _Seen(snapshot=snapshot, health=health, read=read, page=page, body=answer.body, screenshot=answer.screenshot)


def _cited(
    cited: Cited, known: KnownSource, seen: _Seen | None, *, good: bool, memory: Mapping[str, Any], now: datetime
) -> CitedLook:
    carried = CitedLook(
        guide=cited.guide,
        key=cited.key,
        standing=cited.standing,
        basis=cited.basis,
        fragment=cited.fragment_state,
    )
    if seen is None:
        return carried
    if not good:
        # A wall or an error page says nothing about the place: what was known stands.
        return replace(carried, drift=DriftKind.BROKEN)
    fragment = fragment_state(seen.get(), cited.fragment) if cited.fragment else None
    if cited.basis is None or cited.basis.id is None:
        lost = never_found(seen.get(), cited.place)
        kind = lost.kind if lost is not None else DriftKind.UNCHANGED
        return replace(carried, basis=seen.snapshot, basis_is_new=True, fragment=fragment, drift=kind, lost=lost)
    basis = cited.basis
    if (ways := _ways(cited, basis, seen)) is None:
        drift = _drift(cited, basis, seen, memory)
    elif (held := _held(cited, basis, known, seen)) is None:
        return _uncompared(replace(carried, fragment=fragment), known, seen, ways)
    else:
        basis, drift = held
        carried = replace(carried, basis=basis, basis_is_new=basis is not cited.basis)
    assert basis.id is not None
    fresh = Standing(drift=drift, basis=basis.id, now=seen.snapshot.id, since=now, now_since=now, place=cited.place)
    standing = _carry_on(cited.standing, fresh)
    return replace(carried, standing=standing, fragment=fragment, drift=drift.kind)


def _learned(
    memory: Mapping[str, Any], known: KnownSource, newest: Snapshot, seen: _Seen, now: datetime
) -> Mapping[str, Any]:
    """What is known after a look. It is learned from pages that came in one way: as the bases did."""
    page = seen.get()
    if memory and memory.get("made", Made.PLAIN) != page.made:
        bases = [one.basis for one in known.cited if one.basis is not None and one.basis.id is not None]
        if bases and not any(seen.read(basis).made == page.made for basis in bases):
            return memory  # what flickers in the one says nothing of the other
        memory = {}
    if not memory and seen.read(newest).made == page.made:
        # From one page alone there is nothing to learn: the first one is taken in when another has come.
        memory = learn({}, seen.read(newest), newest.at)
    return {**learn(memory, page, now, stood=newest.last_seen > newest.at), "made": page.made}


def _ways(cited: Cited, basis: Snapshot, seen: _Seen) -> tuple[str, str] | None:
    """How the basis and the page were made, where that forbids comparing them."""
    if basis.digest == seen.snapshot.digest:
        return None
    if cited.standing is not None and _stands(cited.standing, cited, seen):
        return None  # they were compared before
    was, now = seen.read(basis).made, seen.get().made
    return (was, now) if was != now else None


def _held(cited: Cited, basis: Snapshot, known: KnownSource, seen: _Seen) -> tuple[Snapshot, Drift] | None:
    """What can be said of a page that was made in another way than its basis: from which basis on, and how far.

    While every cited passage stands in it, nothing is lost, and the basis stays. Where that was so at the last look,
    which came in the new way as well, what changed since is measured from there. None where nothing can be said.
    """
    if cited.standing is not None and cited.standing.drift.kind not in QUIET:
        return None
    before, newest = seen.read(basis), known.newest
    says_now = says_all(before, seen.get(), cited.place)
    if newest is not None and newest.id is not None and newest.digest != seen.snapshot.digest:
        last = seen.read(newest)
        if last.made == seen.get().made and says_all(before, last, cited.place):
            step = measure(last, seen.get(), cited.place, {}, now_health=seen.health)
            if not says_now or step.kind not in QUIET:
                return newest, step
    return (basis, Drift(kind=DriftKind.UNCHANGED, algorithm=ALGORITHM)) if says_now else None


def _uncompared(carried: CitedLook, known: KnownSource, seen: _Seen, ways: tuple[str, str]) -> CitedLook:
    """A page that was made in another way than its basis is not compared with it: that would be all noise.

    Once it has come that way twice in a row, the first of these pages becomes the basis, so that nothing after it is
    missed; what changed between the old basis and it nobody can tell, so an editor is told that. A page that comes
    the other way once, and then as before, is measured against its basis as if nothing had been.
    """
    newest = known.newest
    if newest is None or newest.id is None or seen.read(newest).made != ways[1]:
        return carried
    return replace(carried, basis=newest, basis_is_new=True, standing=None, drift=None, uncompared=ways)


def _rebased(looks: Sequence[CitedLook], seen: _Seen | None) -> tuple[CitedLook, ...]:
    """A place that is seen for the first time gets this page for its basis, so that it is watched from now on.

    All citations of a guide share their basis of a source: none of the others may have anything to tell against it.
    """
    first = {look.guide for look in looks if look.standing is not None and look.standing.drift.first_found}
    first -= {look.guide for look in looks if look.drift is not DriftKind.UNCHANGED}
    if seen is None or not first:
        return tuple(looks)
    return tuple(
        replace(look, basis=seen.snapshot, basis_is_new=True, standing=None) if look.guide in first else look
        for look in looks
    )


def _drift(cited: Cited, basis: Snapshot, seen: _Seen, memory: Mapping[str, Any]) -> Drift:
    """Basis → now; what was measured between the same two snapshots by the same algorithm is not measured again."""
    if basis.digest == seen.snapshot.digest:
        said = cited.standing
        if (
            said is not None
            and said.drift.kind in (DriftKind.UNCHANGED, DriftKind.UNLOCATED)
            and _stands(said, cited, seen)
        ):
            return said.drift  # the same page need not be read again, unless somebody names another place on it
        lost = None if isinstance(cited.place, MainContent | Anchor) else never_found(seen.get(), cited.place)
        return lost or Drift(kind=DriftKind.UNCHANGED, algorithm=ALGORITHM)
    before = cited.standing
    # What was taken for volatile is looked at again: it may have settled.
    if before is not None and before.drift.kind not in QUIET and _stands(before, cited, seen):
        return before.drift
    drift = measure(seen.read(basis), seen.get(), cited.place, memory, now_health=seen.health)
    if drift.kind in QUIET and cited.claim is not None and memory:
        # However restless a passage is: while a claim rests on it, its state differs from the basis or it does not.
        plain = measure(seen.read(basis), seen.get(), cited.place, {}, now_health=seen.health)
        if plain.kind is DriftKind.MATERIAL and touched(plain.changes, cited.claim, ()):
            return plain
    return drift


def _stands(standing: Standing, cited: Cited, seen: _Seen) -> bool:
    """Whether a standing tells of these very two snapshots and this place, by the present algorithm."""
    basis = cited.basis
    return (
        basis is not None
        and seen.snapshot.id is not None
        and (standing.basis, standing.now) == (basis.id, seen.snapshot.id)
        and standing.drift.algorithm == ALGORITHM
        and standing.place == cited.place
    )


def _carry_on(before: Standing | None, fresh: Standing) -> Standing:
    """Where the place stands now, and since when it has stood so, by what it was before.

    A time to come was written by a clock that was ahead, and is not waited for.
    """
    if before is None or before.basis != fresh.basis or (before.drift.kind in QUIET) != (fresh.drift.kind in QUIET):
        return fresh
    since = min(before.since, fresh.since)
    if before.drift.kind is fresh.drift.kind and before.drift.now_print == fresh.drift.now_print:
        now_since = min(before.now_since, fresh.now_since)
        return replace(fresh, since=since, now_since=now_since, sightings=before.sightings + 1)
    return replace(fresh, since=since)


def _validators(known: KnownSource, visit: Visit, *, good: bool) -> Validators:
    """What the next conditional request may say: only of a good page that was not reached through a redirect.

    A page that turned into a wall must be fetched whole next time, and a 304 by a redirect's target would not
    answer for the address that was asked.
    """
    last = visit.last
    if isinstance(last, NotModified):
        return known.validators
    if isinstance(last, Fetched) and good and not last.hops:
        return Validators(etag=last.header("etag"), last_modified=last.header("last-modified"))
    return Validators()


class _Texts(TypedDict):
    text_digest: str
    earlier_text: tuple[Snapshot, str] | None


def _texts(known: KnownSource, seen: _Seen | None, *, learns: bool) -> _Texts:
    """The digests by which the store lets go of bodies that say nothing new.

    A first page is kept whatever it says, and most pages stay the same for long: its text is read when something is
    learned of it beside another page (`learns`), which is once. A wall asks for nothing that is stored.
    """
    newest = known.newest
    if seen is None or newest is None or newest.id is None:
        return {"text_digest": "", "earlier_text": None}
    return {
        "text_digest": text_digest(seen.get()) if seen.body is not None else "",
        "earlier_text": (newest, text_digest(seen.read(newest))) if learns else None,
    }


def text_digest(page: Page) -> str:
    """SHA-256 of everything that a page says, white space aside, in hexadecimal digits."""
    return hashlib.sha256(page.all_text().encode("utf-8", "replace").translate(None, b" \t\r\n\f")).hexdigest()
