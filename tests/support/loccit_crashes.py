"""Crawls that are killed, starved and cut off, and what a store says apart from when it was told."""

import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import loccit_forks
import pytest
from loccit_site import COMMAND, Project, Site, page
from sqlalchemy import select

from storage.store import Store
from storage.tables import Basis, Body, Citation, Finding, Guide, Resource, Snapshot, Standing

PAGES = 60


def set_round(site: Site, number: int) -> None:
    """What the site says in this round: a third of the pages something new, a third a nonce, and some are down."""
    for each in range(PAGES):
        told = number - (number - each) % 3
        text = f"We delete page {each} within {30 + told} days.\n" + "\n".join(
            f"Sentence {line} of page {each} about {random.Random(each * 1000 + line).getrandbits(60):x} stays."
            for line in range(40)
        )
        answer = page(text, title=f"Page {each}")
        nonce = f"<!-- {random.Random(number * PAGES + each).getrandbits(128):x} -->" if each % 3 == 1 else ""
        site[f"/p{each}"] = type(answer)(body=answer.body + nonce)
    if number % 2:
        del site.answers["/p7"]


def fatten(site: Site) -> None:
    """Every page carries some bytes that nothing makes smaller."""
    for number, (path, answer) in enumerate(site.answers.items()):
        if path.startswith("/p"):
            bulk = random.Random(number).randbytes(10_000).hex()
            site[path] = type(answer)(body=f"{answer.body}<!-- {bulk} -->")


def guides(project: Project) -> None:
    for each in range(0, PAGES, 10):
        project.guide(f"g{each}", *(f"/p{number}" for number in range(each, each + 10)), verified="2026-11-24")


Started: TypeAlias = "subprocess.Popen[str] | loccit_forks.Command"


def crawl(project: Project, url: str, *, largest: int | None = None) -> Started:
    """A crawl, started; `largest`: no file that it writes may have more bytes."""
    words = ["crawl", "--all", "--quiet"]
    environ = {**os.environ, "NO_COLOR": "1", "LOCCIT_STORE__URL": url}
    if largest is None:
        return loccit_forks.Command(words, cwd=project.folder, environ=environ)
    return subprocess.Popen(
        ["prlimit", f"--fsize={largest}", str(COMMAND), *words],
        cwd=project.folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def whole_crawl(project: Project, url: str) -> float:
    """Two crawls that nobody disturbs (a first look has nothing to compare); gives the seconds that one took."""
    began = time.monotonic()
    for _ in range(2):
        code, said = ended(crawl(project, url))
        assert code == 0, said
    return (time.monotonic() - began) / 2


class Undisturbed:
    """What a store knows after each round if nothing ever happens to its crawls: asked for, not crawled again."""

    def __init__(self, site: Site, project: Project, *, bulk: bool = False) -> None:
        self._site = site
        self._project = project
        self._bulk = bulk
        self._url = sqlite_url(project.folder / "whole")
        self._rounds: list[tuple[float, dict[str, Any]]] = []

    def seconds(self, number: int) -> float:
        """How long one crawl of this round took."""
        return self._until(number)[0]

    def image(self, number: int) -> dict[str, Any]:
        return self._until(number)[1]

    def _until(self, number: int) -> tuple[float, dict[str, Any]]:
        while len(self._rounds) <= number:
            set_round(self._site, len(self._rounds))
            if self._bulk:
                fatten(self._site)
            seconds = whole_crawl(self._project, self._url)
            self._rounds.append((seconds, image(self._url)))
        return self._rounds[number]


def killed_crawl(project: Project, url: str, after: float) -> bool:
    """A crawl that is killed after so many seconds; gives whether it was still at work then."""
    process = crawl(project, url)
    try:
        _, problem = process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return True
    assert process.returncode == 0, problem
    return False


def ended(process: Started) -> tuple[int, str]:
    """Exit code and standard error of a crawl that ends by itself; what it says is one line for people."""
    _, said = process.communicate(timeout=180)
    assert "Traceback" not in said
    assert process.returncode in (0, 2), said
    # A crawl whose pages are all recorded is done, also where the store was lost after them: it says so.
    lines = said.splitlines()
    assert len(lines) == 1 if process.returncode or "after the next crawl" in said else not lines, said
    return process.returncode, said


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """A file system of so few bytes at `folder`; gives what makes it larger. Skips where mounting is not allowed."""
    folder.mkdir()
    try:
        _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a small file system can only be mounted as root ({error})")
    try:
        yield lambda larger: _mount("-o", f"remount,size={larger}", str(folder))
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def image(url: str) -> dict[str, Any]:
    """All that a store knows, but when it learned it: equal where the same was seen. It must be sound."""
    with Store.open(url) as store:
        checked = store.fsck(at=store.last_run().started)  # type: ignore[union-attr]
        assert checked.damages == ()
        with store._database.reading() as connection:
            seen = select(
                Resource.url,
                Snapshot.digest,
                Snapshot.status,
                Snapshot.good,
                Snapshot.health,
                Body.size,
                Snapshot.pinned,
            )
            shown = seen.join(Snapshot, Snapshot.resource_id == Resource.id).outerjoin(
                Body, Body.digest == Snapshot.digest
            )
            opened = select(Guide.name, Finding.url, Finding.kind, Finding.state, Finding.severity, Finding.summary)
            based = select(Guide.name, Resource.url, Snapshot.digest).join(Basis, Basis.guide_id == Guide.id)
            stands = select(Citation.url, Standing.kind, Snapshot.digest).join(
                Standing, Standing.citation_id == Citation.id
            )
            newest = select(Resource.url, Snapshot.digest).join(Snapshot, Snapshot.id == Resource.newest_id)
            queries = {
                "snapshots": shown,
                "findings": opened.join(Finding, Finding.guide_id == Guide.id),
                "bases": based.join(Snapshot, Snapshot.id == Basis.snapshot_id).join(
                    Resource, Resource.id == Basis.resource_id
                ),
                "standings": stands.join(Snapshot, Snapshot.id == Standing.now_id),
                "newest": newest,
            }
            return {
                name: sorted(tuple(str(each) for each in row) for row in connection.execute(query))
                for name, query in queries.items()
            }


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'store' / 'loccit.db'}"
