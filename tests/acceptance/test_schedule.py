"""Crawls and schedulers that meet on one store, as processes."""

import os
import signal
import subprocess
import time
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
    site["/slow"], site.slow["/slow"] = page("It costs 5 euros."), 4.0
    project.guide("a", "/slow")
    with started(project, "crawl") as first:
        wait_for(lambda: "/slow" in site.seen)
        second = project.run("crawl", "--all")
        assert second.returncode == 0
        assert "another crawl of this store is under way" in second.stderr
        assert first.wait(30) == 0
    assert site.seen.count("/slow") == 1

    with started(project, "crawl", "--all") as killed:
        wait_for(lambda: site.seen.count("/slow") == 2)
        killed.send_signal(signal.SIGKILL)
    site.slow.clear()
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
