"""The scheduler's part where workers crawl: tells the store which guides there are, hands out hosts with something due,
and puts back what a dead worker had.
"""

from datetime import timedelta
from typing import Final

from crawler.plan import latest
from loccit.app import App
from loccit.errors import UsageError
from loccit.exits import Exit
from loccit.holding import held_line
from loccit.telling import nothing_found
from loccit.wiring import open_store, read_guides, sync
from review.text import count
from storage.store import Store

TICK: Final = timedelta(seconds=5)
"""How often it is looked for what is due, and for dead workers; more often where heartbeats are quicker."""


def tick_of(app: App) -> timedelta:
    schedule = app.settings.schedule
    return min(TICK, schedule.heartbeat, schedule.every)


def sync_guides(app: App) -> Exit:
    """Bring the store up to date with the guides' files: what is new of them is due at once."""
    settings = app.settings
    library = read_guides(settings, app.today())
    app.problems(library.problems)
    if not library.guides:
        raise UsageError(
            *nothing_found(settings.guides.paths, broken=sum(problem.fatal for problem in library.problems))
        )
    with open_store(settings) as store:
        store.dispatch.prepare()
        sync(store, library, app.clock.now(), tell=app.say)
        store.reach(app.clock.now(), latest(settings.schedule))
    return Exit.OK


def hand_out(app: App, store: Store, *, counted: bool = True) -> int:
    """One look for dead workers and for what is due; gives how many hosts were handed out.

    `counted`: that a worker is silent is a failure of the hosts it had in hand.
    """
    heartbeat = app.settings.schedule.heartbeat.total_seconds()
    dispatch = store.dispatch
    recovered = dispatch.recover(app.clock.now(), heartbeat=heartbeat, counted=counted)
    if recovered.retried:
        why = "a worker died" if counted else "the store was away"
        app.complain(f"{why}: {count(len(recovered.retried), 'host')} handed out again")
    for each in recovered.held:
        app.complain(held_line(each))
    return dispatch.enqueue(app.clock.now(), heartbeat=heartbeat)


def ask(app: App, *, everything: bool) -> Exit:
    """Hand out what is due before all else, because somebody asked for it; the workers do it."""
    sync_guides(app)
    with open_store(app.settings) as store:
        asked = store.dispatch.ask(app.clock.now(), everything=everything)
    with app.output(None) as out:
        out.write(f"handed out {count(asked, 'host')}, before all others; see `loccit worker --status`\n")
    return Exit.OK
