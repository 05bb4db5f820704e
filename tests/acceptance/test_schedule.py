"""Crawls and schedulers that meet on one store, as processes."""

import os
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from loccit_site import COMMAND, Project, Site, page, project


@pytest.fixture
def work(tmp_path: Path) -> Iterator[tuple[Site, Project]]:
    with project(tmp_path) as both:
        yield both


@contextmanager
def started(project: Project, *arguments: str) -> "Iterator[subprocess.Popen[str]]":
    with subprocess.Popen(
        [str(COMMAND), *arguments],
        cwd=project.folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(condition: object, seconds: float = 30.0) -> None:
    assert callable(condition)
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come to that in time"
        time.sleep(0.05)


def test_two_crawls_at_once_ask_a_source_once_and_a_killed_one_holds_up_nobody(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/slow"], site.held["/slow"] = page("It costs 5 euros."), threading.Event()
    project.guide("a", "/slow")
    with started(project, "crawl") as first:
        wait_for(lambda: "/slow" in site.seen)
        second = project.run("crawl", "--all")
        assert second.returncode == 0
        assert "another crawl of this store is under way" in second.stderr
        site.held["/slow"].set()
        assert first.wait(30) == 0
    assert site.seen.count("/slow") == 1

    site.held["/slow"].clear()
    with started(project, "crawl", "--all") as killed:
        wait_for(lambda: site.seen.count("/slow") == 2)
        killed.send_signal(signal.SIGKILL)
    site.held["/slow"].set()
    after = project.run("crawl", "--all")
    assert "looked at 1 source" in after.stdout, after.stderr


def test_of_two_schedulers_one_works(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("It costs 5 euros.")
    project.guide("a", "/a")
    with started(project, "schedule") as first:
        wait_for(lambda: "/a" in site.seen)
        with started(project, "schedule") as second:
            assert second.stdout is not None
            assert "another scheduler of this store is under way" in second.stdout.readline()
            second.send_signal(signal.SIGTERM)
            assert second.wait(20) == 0
        first.send_signal(signal.SIGTERM)
        assert first.wait(20) == 0
    assert site.seen.count("/a") == 1


def test_a_scheduler_that_is_told_to_stop_leaves_in_time_and_keeps_what_it_has(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/fast"] = page("It costs 5 euros.")
    site["/slow"], site.held["/slow"] = page("You wait for 30 days."), threading.Event()
    project.guide("a", "/fast", "/slow")
    toml = project.folder / "loccit.toml"
    toml.write_text(toml.read_text("utf-8") + '[schedule]\ngrace = "0.5s"\n', "utf-8")
    with started(project, "schedule") as scheduler:
        wait_for(lambda: {"/fast", "/slow"} <= set(site.seen))
        time.sleep(0.5)
        began = time.monotonic()
        scheduler.send_signal(signal.SIGTERM)
        assert scheduler.wait(15) == 0
        assert time.monotonic() - began < 6
        assert scheduler.stdout is not None
        assert "the rest is still due" in scheduler.stdout.read()
    site.held["/slow"].set()
    after = project.run("crawl")
    assert "looked at 1 source" in after.stdout, after.stderr
    assert site.seen.count("/fast") == 1


def test_the_pages_and_the_scheduler_in_one_process(work: tuple[Site, Project]) -> None:
    site, project = work
    site["/a"] = page("It costs 5 euros.")
    project.guide("a", "/a")
    with started(project, "serve", "--schedule", "--port", "0") as server:
        assert server.stdout is not None
        told = ""
        while "http://127.0.0.1" not in told:
            told = server.stdout.readline()
            assert told, "it ended"
        wait_for(lambda: "/a" in site.seen)
        with urllib.request.urlopen(told.split()[0] + "healthz") as answer:
            assert answer.status == 200
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0
    assert "nothing was due" in project.run("crawl").stdout
