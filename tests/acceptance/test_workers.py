"""Many machines, as processes: a PostgreSQL, a scheduler, workers that are killed and added, and a web of 200 hosts."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from loccit_site import COMMAND
from loccit_web import ManyHosts, many_hosts
from storage_servers import running_postgres

HOSTS, PAGES = 200, 2
DELAY = 1.0
"""Seconds; long beside the moments for which a busy machine lets a process wait."""
FATED = 5
"""Hosts at once of the workers that are killed: each is looked at again by a process of its own."""
LONG = 180
"""Seconds until something is taken for stuck: a machine that is idle needs a tenth of it."""


@contextmanager
def started(folder: Path, *arguments: str) -> "Iterator[subprocess.Popen[bytes]]":
    log = folder / f"{arguments[0]}.log"
    with (
        log.open("ab") as out,
        subprocess.Popen(
            [str(COMMAND), *arguments], cwd=folder, env={**os.environ, "NO_COLOR": "1"}, stdout=out, stderr=out
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.1)


def write_project(folder: Path, url: str, web: ManyHosts) -> None:
    (folder / "guides").mkdir()
    (folder / "loccit.toml").write_text(
        f'[store]\nurl = "{url}"\n[network]\nallow = ["127.0.0.0/8"]\n'
        f"[crawl]\ndelay = {DELAY}\nretries = 0\nper_host = 1\n"
        "[policy]\nsettle_hours = 0\nconfirm_hours = 0\nconfirm_wait = 0.1\n"
        '[schedule]\nengine = "workers"\nheartbeat = "2s"\nevery = "1h"\ngrace = "1s"\n',
        "utf-8",
    )
    for number in range(HOSTS):
        lines = []
        for page in range(PAGES):
            web.texts[web.host(number), f"/{page}"] = f"Deletion takes {10 + page} days after you ask for it."
            lines.append(f"  - id: {page + 1}\n    url: {web.url(number, f'/{page}')}\n")
        (folder / "guides" / f"g{number}.md").write_text(
            f"---\ntitle: Guide {number}\nverified: 2026-11-01\ncitations:\n{''.join(lines)}---\n\n1. Do it.\n", "utf-8"
        )
    # A third party's address is asked at another host's pace, whoever follows the redirect.
    for number in range(0, HOSTS, 20):
        web.redirects[web.host(number), "/0"] = web.url(number + 1, "/0")


@pytest.fixture
def database() -> Iterator[str]:
    with running_postgres() as server:
        if isinstance(server, str):
            pytest.skip(server)
        yield server.new_database()


def test_two_hundred_hosts_three_workers_some_of_them_killed(tmp_path: Path, database: str) -> None:
    with many_hosts() as web, ExitStack() as running:
        write_project(tmp_path, database, web)
        ask = running.enter_context(psycopg.connect(database.replace("+psycopg", ""), autocommit=True)).execute

        def looked(since: int = 0) -> int:
            row = ask('SELECT count(*) FROM "fetch" f WHERE f.at > to_timestamp(%s)', (since,)).fetchone()
            return row[0] if row else 0

        done = subprocess.run([str(COMMAND), "migrate"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert "with the queue" in done.stdout, done.stderr
        scheduler = running.enter_context(started(tmp_path, "schedule"))
        workers = [
            running.enter_context(started(tmp_path, "worker", "--hosts", str(hosts))) for hosts in (FATED, FATED, 40)
        ]

        # The first round, with a worker killed in the midst of it and another one begun.
        total = HOSTS * PAGES
        wait_for(lambda: looked() >= total // 6, LONG, "nothing was looked at")
        workers[0].send_signal(signal.SIGKILL)
        workers.append(running.enter_context(started(tmp_path, "worker", "--hosts", "40")))
        wait_for(lambda: looked() >= total, LONG, "not everything was looked at")
        looks = ask('SELECT count(*), count(DISTINCT resource_id) FROM "fetch"').fetchone()
        assert looks == (total, total), "once each, though a worker died"
        again = {host for (host, path), times in web.counts().items() if times > 1 and path in ("/0", "/1")}
        doubled = again - {web.host(number + 1) for number in range(0, HOSTS, 20)}
        assert len(doubled) <= FATED, "only what the killed worker had under way was asked for twice"
        first_gap = web.closest()

        # A second interval: some pages have changed, and another worker dies.
        changed = list(range(3, HOSTS, 10))
        for number in changed:
            web.texts[web.host(number), "/1"] = "Deletion takes 90 days after you ask for it."
        web.asked.clear()
        since = time.time()
        ask("UPDATE resource SET next_due = now()")
        wait_for(lambda: looked(since) >= total // 4, LONG, "the second round did not begin")
        workers[1].send_signal(signal.SIGKILL)
        wait_for(lambda: looked(since) >= total, LONG, "the second round did not end")
        rows = ask(
            'SELECT count(*), count(DISTINCT resource_id) FROM "fetch" f WHERE f.at > to_timestamp(%s)', (since,)
        ).fetchone()
        assert rows == (total, total)
        findings = ask("SELECT count(*), count(DISTINCT citation_id) FROM finding WHERE state = 'open'").fetchone()
        assert findings == (len(changed), len(changed))

        # Whoever is told to stop does.
        for process in (scheduler, workers[2], workers[3]):
            process.send_signal(signal.SIGTERM)
        for process in (scheduler, workers[2], workers[3]):
            assert process.wait(15) == 0
        closest = min(first_gap, web.closest())
        assert closest[0] >= DELAY * 0.85, f"requests to one host too close to each other: {closest}"
