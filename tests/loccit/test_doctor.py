"""The doctor: what is in order, what is not, and what to do; nothing is changed by asking."""

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from loccit_site import Project, page, project

from loccit.demo.web import Answer
from loccit.doctor.outside import outside_checks, sample
from loccit.doctor.report import Check, Mark, is_well
from loccit.settings import load
from loccit.wiring import read_guides

CHEAP = {"LOCCIT_CRAWL__RENDER": "never", "LOCCIT_ARCHIVE__MEMENTO": ""}


class FastClock:
    """Ahead of everybody else."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def sleep(self, _seconds: float) -> None: ...


def told(made: Project, *arguments: str, code: int = 0, **environ: str) -> dict[str, Any]:
    import json

    done = made.run("doctor", "--format", "json", *arguments, **{**CHEAP, **environ})
    assert done.returncode == code, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["ok"] is (code == 0)
    return {each["name"]: each for each in reversed(found["checks"])}


def test_a_machine_in_order_and_nothing_made(tmp_path: Path) -> None:
    with project(tmp_path) as (site, made):
        site["/a"] = page("It says that data is kept for 30 days.")
        made.guide("one", "/a")
        checks = told(made)
        assert {each["mark"] for each in checks.values()} == {"ok"}, checks
        assert {"python", "guides", "permissions", "disk", "store", "dns", "network", "robots", "clock"} <= set(checks)
        assert "none yet" in checks["store"]["said"] and not (tmp_path / ".loccit").exists()
        assert site.seen == ["/robots.txt", "/a"], "one page of one host, as a crawl would ask for it"
        # Then with a store, and one that a newer loccit has made.
        assert made.run("crawl", **CHEAP).returncode == 0
        checks = told(made, "--offline")
        assert "newest" in checks["migrations"]["said"] and "last crawl" in checks["schedule"]["said"]
        assert "--offline" in checks["network"]["said"] and "dns" not in checks
        store = tmp_path / ".loccit/loccit.db"
        with sqlite3.connect(store) as connection:
            connection.execute("UPDATE loccit_version SET version_num = 'v0001'")
        assert told(made, "--offline")["migrations"]["mark"] == "warn"
        with sqlite3.connect(store) as connection:
            assert connection.execute("SELECT version_num FROM loccit_version").fetchall() == [("v0001",)]
            connection.execute("UPDATE loccit_version SET version_num = 'v9999'")
        newer = told(made, "--offline", code=1)["store"]
        assert newer["mark"] == "bad" and "upgrade loccit" in newer["said"]


def test_what_is_missing_is_told_with_what_to_do(tmp_path: Path) -> None:
    with project(tmp_path) as (_, made):
        (tmp_path / "broken.db").write_bytes(b"no database" * 100)
        checks = told(
            made,
            "--offline",
            code=1,
            LOCCIT_STORE__URL="sqlite:///broken.db",
            LOCCIT_CRAWL__RENDER="always",
            LOCCIT_CRAWL__BROWSER=str(tmp_path / "chromium"),
        )
        assert checks["store"]["mark"] == checks["browser"]["mark"] == "bad"
        assert checks["guides"]["mark"] == "warn" and "loccit init" in checks["guides"]["todo"]
        assert "names no program" in checks["browser"]["said"]
        text = made.run("doctor", "--offline", **CHEAP).stdout
        assert text.startswith("ok   python") and "→ see `paths` under [guides]" in text and "1 to look at" in text
        assert made.run("doctor", "--hosts", "-1").returncode == 2


def outside(folder: Path, ahead: timedelta = timedelta(), **environ: str) -> dict[str, Check]:
    settings = load(folder, {**os.environ, **CHEAP, **environ})
    library = read_guides(settings, datetime.now(UTC).date())
    checks = outside_checks(settings, sample(library, 5), FastClock(ahead))
    return {check.name: check for check in reversed(checks)}


def test_hosts_that_are_closed_silent_or_shut_and_a_clock_that_is_off(tmp_path: Path) -> None:
    with project(tmp_path) as (site, made):
        site["/a"] = page("It says that data is kept for 30 days.")
        made.guide("one", "/a")
        assert outside(tmp_path, timedelta(minutes=20))["clock"].mark is Mark.WARN
        assert "20 minutes ahead" in outside(tmp_path, timedelta(minutes=20))["clock"].said
        behind = outside(tmp_path, timedelta(days=-2, minutes=-1))["clock"]
        assert behind.mark is Mark.BAD and "2 days behind the clocks of 1 host" in behind.said
        site["/robots.txt"] = Answer(body="User-agent: *\nDisallow: /\n")
        assert outside(tmp_path)["robots"].mark is Mark.WARN
        private = outside(tmp_path, LOCCIT_NETWORK__ALLOW="[]")
        assert private["network"].mark is Mark.WARN and "`allow`" in private["network"].todo
        archive = outside(tmp_path, LOCCIT_ARCHIVE__MEMENTO="http://site.test/gate/")
        assert archive["archive"].mark in (Mark.OK, Mark.WARN)
        silent = outside(tmp_path, LOCCIT_NETWORK__CONNECT_TO='{ "site.test:80" = "127.0.0.1:1" }')
        assert silent["network"].mark is Mark.BAD and not is_well(list(silent.values()))
        (tmp_path / "loccit.toml").write_text('[network]\nproxy = "ftp://x"\n', "utf-8")
        assert outside(tmp_path)["network"].mark is Mark.BAD


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    with project(tmp_path) as (_, made):
        made.guide("one", "/a").chmod(0o400)
        assert told(made, "--offline")["permissions"]["mark"] == "warn"
