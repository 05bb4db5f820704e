"""One check, from the guides to its report: sweep, judge, mark what fails, hold it against the baseline."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from guides.model import Library
from loccit.app import App
from loccit.checking import make_check
from loccit.errors import SettingsError
from loccit.fetching import pass_over
from loccit.passes import PassPlan, PassResult
from loccit.ports import PassStore
from loccit.progress import Bar
from loccit.reporting import report_now
from loccit.since import Changes, top_of
from loccit.state import read_state, write_state
from loccit.suggested import with_suggestions
from loccit.wiring import checked_guides, key_of, open_store, sync
from review.baseline import Entry, hold_against, parse
from review.failing import STALE, mark_failures
from review.model import CheckedCitation, CheckReport, GuideLine, StateKind
from storage.memory import MemoryStore

MOST_BYTES = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """How a check is made. `words` fail it; `state`: the store is used; `complete`: all guides are there.

    `carried` is a state file, which stands in for the store (see `loccit.state`).
    """

    words: frozenset[str]
    state: bool = True
    complete: bool = True
    baseline: Sequence[Entry] = ()
    changes: Changes | None = None
    """Only citations on these lines are judged on the spot, the others by their recorded history."""
    max_age: timedelta | None = None
    """Good results that are younger are reused."""
    carried: Path | None = None

    @property
    def keeps_bases(self) -> bool:
        """Whether there is anything that a place can have drifted from."""
        return self.state and self.carried is None

    @property
    def needs_desk(self) -> bool:
        """Whether findings are asked for, which make guides stale."""
        return self.keeps_bases or STALE in self.words


def check(app: App, library: Library, gate: Gate) -> tuple[CheckReport, PassResult]:
    """Verify every citation of the library now."""
    settings = app.settings
    plan = PassPlan(
        kind="check",
        policy=settings.policy,
        schedule=settings.schedule,
        everything=True,
        guides=frozenset(guide.id for guide in library.guides),
        on_the_spot=True,
        urls=None if gate.changes is None else _touched_urls(library, gate.changes),
        max_age=gate.max_age,
    )
    started = app.clock.now()
    with _opened(app, library, gate, started) as store:
        with Bar("checking", quiet=app.quiet) as bar:
            result = pass_over(settings, store, plan, app.clock, on_start=bar.start)
        report = make_check(
            library,
            result,
            version=version("loccit"),
            state=gate.keeps_bases,
            started=started,
            finished=app.clock.now(),
            touched=None if gate.changes is None else gate.changes.touches,
            base=top_of(settings.root),
        )
        if gate.keeps_bases:
            report = replace(report, citations=_suggested(store, report))
        stale = _lines(app, store, library) if STALE in gate.words else ()
    report = replace(
        report,
        citations=mark_failures(report.citations, gate.words),
        stale=tuple(line.view.guide.id for line in stale if line.state.state is StateKind.STALE),
    )
    return _against_baseline(app, report, gate), result


@contextmanager
def _store(app: App, library: Library, gate: Gate, now: datetime) -> Iterator[PassStore]:
    if not gate.needs_desk:
        yield MemoryStore(checked_guides(library), key=key_of)
        return
    with open_store(app.settings, in_memory=not gate.keeps_bases) as store:
        # Only part of the guides may have been read: the others are not retired for that.
        sync(store, library, now, complete=False)
        yield store


@contextmanager
def _opened(app: App, library: Library, gate: Gate, now: datetime) -> Iterator[PassStore]:
    """The store of this check, told of its guides and of what is carried. What was learned is carried on in the end,
    also where the check was broken off.
    """
    with _store(app, library, gate, now) as store:
        if gate.carried is None:
            yield store
            return
        told = read_state(gate.carried, now)
        if told.warning:
            rest = f"; it is kept as {gate.carried.name}.unreadable, and this run starts afresh" if told.foreign else ""
            app.complain(f"warning: {gate.carried}: {told.warning}{rest}")
        store.put_carried(told.links)
        try:
            yield store
        finally:
            if failed := write_state(gate.carried, store.carried(), app.clock.now()):
                app.complain(f"warning: {failed}")


def _lines(app: App, store: PassStore, library: Library) -> Sequence[GuideLine]:
    from storage.store import Store

    assert isinstance(store, Store)  # `needs_desk`
    return report_now(app, store, library).lines


def _suggested(store: PassStore, report: CheckReport) -> tuple[CheckedCitation, ...]:
    from storage.store import Store

    assert isinstance(store, Store)  # `needs_desk`
    return with_suggestions(report.citations, store)


def _touched_urls(library: Library, changes: Changes) -> frozenset[str]:
    urls = (key_of(each.url) for guide in library.guides for each in guide.citations if changes.touches(guide, each))
    return frozenset(filter(None, urls))


def _against_baseline(app: App, report: CheckReport, gate: Gate) -> CheckReport:
    file = app.settings.baseline.file
    return hold_against(report, gate.baseline, today=app.today(), file=file, complete=gate.complete)


def read_baseline(app: App) -> tuple[Entry, ...]:
    """The entries of the configured baseline file; none where there is no such file. Raises SettingsError."""
    path = app.settings.root / app.settings.baseline.file
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ValueError(f"larger than {MOST_BYTES // 1_000_000} MB")
        return parse(data)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SettingsError(f"{app.settings.baseline.file}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        hint = "Mend it, or write a new one with `loccit baseline write`."
        raise SettingsError(f"{app.settings.baseline.file}: not a baseline: {error}", hint) from None
