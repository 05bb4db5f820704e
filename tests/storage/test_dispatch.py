"""Work by host on PostgreSQL: handing out, dead workers, hosts that kill them, and the pace of all machines."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text
from storage_builders import START, citation, guide, sync
from storage_old import old_store
from storage_servers import PostgresServer

from storage.dispatch import ELSEWHERE, Dispatch
from storage.engine import create
from storage.errors import StoreError
from storage.hosts import BORNE, DIED_HOLD, FIRST_HOLD, LONGEST_HOLD, Outcome, hold_after
from storage.hoststore import HostStore
from storage.store import Store

NOW = START + timedelta(days=1)
BEAT = 1.0


@pytest.fixture
def store(postgres: PostgresServer) -> Iterator[Store]:
    with Store.open(postgres.new_database()) as opened:
        sync(opened, guide())
        opened.dispatch.prepare()
        yield opened


def run(dispatch: Dispatch, statement: str) -> list[tuple[object, ...]]:
    def work(connection: Connection) -> list[tuple[object, ...]]:
        connection.execute(text("SET LOCAL search_path = loccit_queue, public"))
        done = connection.execute(text(statement))
        return [tuple(row) for row in done] if done.returns_rows else []

    return dispatch.database.write(work)


def take_and_die(dispatch: Dispatch) -> None:
    """A worker takes the job, and is never heard of again."""
    run(dispatch, "SELECT procrastinate_fetch_job_v2(NULL, (SELECT worker_id FROM procrastinate_register_worker_v1()))")
    run(dispatch, "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")


def test_a_host_is_handed_out_once_and_asked_for_before_others(store: Store) -> None:
    dispatch = store.dispatch
    dispatch.prepare()  # twice is once
    assert dispatch.enqueue(START - timedelta(days=9), heartbeat=BEAT) == 0, "nothing is due"
    assert [dispatch.enqueue(NOW, heartbeat=BEAT) for _ in range(2)] == [1, 0]
    assert dispatch.ask(NOW) == 1
    assert run(dispatch, "SELECT count(*), max(priority) FROM procrastinate_jobs") == [(1, 20)]

    # Its job is done: what is due next of it is known, and seen at once when something becomes due sooner.
    run(dispatch, "DELETE FROM procrastinate_jobs")
    run(dispatch, f"UPDATE resource SET next_due = '{(NOW + timedelta(days=3)).isoformat()}'")
    assert dispatch.end(1, Outcome.DONE, NOW) is None
    assert dispatch.enqueue(NOW, heartbeat=BEAT) == 0
    run(dispatch, f"UPDATE resource SET next_due = '{NOW.isoformat()}', failing_since = '{NOW.isoformat()}'")
    assert dispatch.enqueue(NOW, heartbeat=BEAT) == 1
    assert run(dispatch, "SELECT priority FROM procrastinate_jobs") == [(10,)], "a link in doubt comes first"

    # … behind others of its host that are due before it, too.
    run(dispatch, "DELETE FROM procrastinate_jobs")
    sync(store, guide(), guide("other", citation(url="https://example.com/other")))
    run(dispatch, f"UPDATE resource SET next_due = '{START.isoformat()}', failing_since = NULL WHERE id > 1")
    assert dispatch.end(1, Outcome.DONE, NOW) is None
    assert dispatch.enqueue(NOW, heartbeat=BEAT) == 1
    assert run(dispatch, "SELECT priority FROM procrastinate_jobs") == [(10,)]

    # … and whatever becomes due of it meanwhile, sooner than the one in doubt: it is not handed out behind others.
    run(dispatch, "DELETE FROM procrastinate_jobs")
    doubt = "next_due = '{}', failing_since = now()"
    run(dispatch, f"UPDATE resource SET {doubt.format((NOW + timedelta(hours=3)).isoformat())} WHERE id = 1")
    run(dispatch, f"UPDATE resource SET next_due = '{(NOW + timedelta(days=3)).isoformat()}' WHERE id > 1")
    assert dispatch.end(1, Outcome.DONE, NOW) is None
    run(dispatch, f"UPDATE resource SET next_due = '{START.isoformat()}' WHERE id > 1")
    assert dispatch.enqueue(NOW, heartbeat=BEAT) == 1
    assert run(dispatch, "SELECT priority FROM procrastinate_jobs") == [(10,)]
    run(dispatch, "UPDATE host SET urgent = false, due = now() - interval '99 years'")
    run(dispatch, f"UPDATE resource SET {doubt.format(NOW.isoformat())} WHERE id = 1")
    assert run(dispatch, "SELECT urgent FROM host") == [(True,)], "also where its host was due before"

    # Whoever asked, and whose worker then was told to leave, does not begin again at the end of the line.
    run(dispatch, "UPDATE resource SET failing_since = NULL")
    assert dispatch.end(1, Outcome.DONE, NOW) is None
    run(dispatch, "DELETE FROM procrastinate_jobs")
    assert dispatch.ask(NOW) == 1
    run(dispatch, "DELETE FROM procrastinate_jobs")
    assert dispatch.end(1, Outcome.STOPPED, NOW) is None
    assert dispatch.enqueue(NOW, heartbeat=BEAT) == 1
    assert run(dispatch, "SELECT priority FROM procrastinate_jobs") == [(10,)]
    assert dispatch.end(1, Outcome.DONE, NOW) is None
    assert run(dispatch, "SELECT urgent FROM host") == [(False,)]

    # A queue that lost its jobs is filled again.
    run(dispatch, "DELETE FROM procrastinate_jobs")
    later = NOW + timedelta(hours=1)
    dispatch.recover(later, heartbeat=BEAT)
    assert dispatch.enqueue(later, heartbeat=BEAT) == 1


def test_a_dead_workers_job_comes_back_and_a_host_that_kills_is_left_alone(store: Store) -> None:
    dispatch = store.dispatch
    dispatch.enqueue(NOW, heartbeat=BEAT)
    take_and_die(dispatch)
    assert len(dispatch.recover(NOW, heartbeat=BEAT, counted=False).retried) == 1, "the store was away"
    assert dispatch.failures(1) == 0
    for failures in range(1, BORNE):
        take_and_die(dispatch)
        recovered = dispatch.recover(NOW, heartbeat=BEAT)
        assert (len(recovered.retried), recovered.held) == (1, ())
        assert dispatch.failures(1) == failures
        assert dispatch.recover(NOW, heartbeat=BEAT).retried == ()
    take_and_die(dispatch)
    held = dispatch.recover(NOW, heartbeat=BEAT).held
    assert [(each.failures, each.until) for each in held] == [(BORNE, NOW + DIED_HOLD)]
    assert dispatch.held(NOW) == list(held)
    assert store.due_figures(NOW).held == 1
    assert dispatch.enqueue(NOW, heartbeat=BEAT) == 0, "it is left alone"

    later = NOW + DIED_HOLD
    assert dispatch.enqueue(later, heartbeat=BEAT) == 1
    take_and_die(dispatch)
    again = dispatch.recover(later, heartbeat=BEAT).held
    assert again[0].until == later + 2 * DIED_HOLD
    broke = dispatch.end(1, Outcome.BROKE, later)
    assert broke is not None
    assert broke.until == later + 4 * FIRST_HOLD, "that was the host's own doing"
    assert hold_after(1_000) == LONGEST_HOLD
    assert dispatch.free(again[0].name)
    assert not dispatch.free("nobody.example")
    assert dispatch.enqueue(later, heartbeat=BEAT) == 1
    assert dispatch.end(1, Outcome.DONE, later) is None
    assert dispatch.failures(1) == 0


def test_a_dead_workers_job_gives_way_to_one_that_waits(store: Store) -> None:
    dispatch = store.dispatch
    dispatch.enqueue(NOW, heartbeat=BEAT)
    take_and_die(dispatch)
    assert dispatch.ask(NOW) == 1, "asked for while it is worked on: once more afterwards"
    assert run(dispatch, "SELECT count(*) FROM procrastinate_jobs") == [(2,)]
    dispatch.recover(NOW, heartbeat=BEAT)
    assert run(dispatch, "SELECT status::text, priority FROM procrastinate_jobs") == [("todo", 20)]


def test_an_outage_is_nobodys_failure(store: Store) -> None:
    dispatch = store.dispatch
    dispatch.enqueue(NOW, heartbeat=BEAT)
    assert dispatch.end(1, Outcome.OUTAGE, NOW) is None
    assert dispatch.failures(1) == 0
    assert dispatch.held(NOW) == []
    run(dispatch, "DELETE FROM procrastinate_jobs")
    assert dispatch.enqueue(NOW, heartbeat=BEAT) == 0
    assert dispatch.enqueue(NOW + timedelta(minutes=2), heartbeat=BEAT) == 1


def test_who_is_asked_whether_the_network_is_up(store: Store) -> None:
    other = citation(url="https://other.example/a"), citation(url="https://other.example/b")
    sync(store, guide(), guide("other", *other))
    elsewhere = [HostStore(store.dispatch, host, run=1, limit=1).alive_elsewhere for host in (1, 2)]
    assert [ask() for ask in elsewhere] == [[], []], "nothing is known of anybody yet"
    run(store.dispatch, "UPDATE resource SET checked = now(), last_ok = CASE WHEN host_id = 2 THEN now() END")
    assert [[order.url[:22] for order in ask()] for ask in elsewhere] == [["https://other.example/"], []]


def test_machines_share_a_hosts_pace(store: Store) -> None:
    dispatch = store.dispatch
    waits = [dispatch.reserve("example.org", 5.0, longest=60) for _ in range(3)]
    assert waits[0] == 0
    assert 4 < waits[1] <= 5 < 9 < waits[2] <= 10
    dispatch.delay("example.org", 40)
    assert 35 < dispatch.reserve("example.org", 5.0, longest=60) <= 40
    assert dispatch.reserve("example.org", 5.0, longest=10) == 0, "nobody waits for a clock that was wrong"


def test_what_a_clock_wrote_that_was_ahead_is_not_waited_for(store: Store) -> None:
    dispatch, month, years = store.dispatch, timedelta(days=33), (NOW + timedelta(days=900)).isoformat()
    sync(store, guide(), guide("other", citation(url="https://other.example/")))
    run(dispatch, f"UPDATE resource SET next_due = '{years}', failing_since = CASE WHEN id = 2 THEN now() END")
    run(dispatch, f"UPDATE host SET due = '{years}', queued = '{years}', held_until = '{years}'")
    for _ in range(2):
        store.reach(NOW, month)
        due = run(dispatch, "SELECT next_due FROM resource ORDER BY id")
        assert due == [(NOW + month * part / 24,) for part in (1, 0)]
    assert dispatch.enqueue(NOW, heartbeat=BEAT) == 1, "the link in doubt"
    assert dispatch.enqueue(NOW + month / 24, heartbeat=BEAT) == 1


def test_a_host_with_a_link_in_doubt_is_urgent_after_an_upgrade(url: str) -> None:
    old_store(url, "v0012")
    database = create(url)
    doubt, urgent = text("UPDATE resource SET unreachable_since = next_due"), text("SELECT urgent FROM host")
    database.write(lambda connection: connection.execute(doubt))
    Store.open(url).close()
    assert database.read(lambda connection: [bool(row[0]) for row in connection.execute(urgent)]) == [True]
    database.close()


def test_a_file_is_for_one_machine() -> None:
    with Store.open("sqlite://") as store, pytest.raises(StoreError, match="needs PostgreSQL") as refused:
        _ = store.dispatch
    assert str(refused.value) == ELSEWHERE
