"""The real command, killed, starved or cut off at any moment: its store is as if nothing had been.

`LOCCIT_KILLS=200` kills 200 times instead of a few, in more rounds.
"""

import json
import os
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from loccit_crashes import (
    PAGES,
    Undisturbed,
    crawl,
    ended,
    fatten,
    guides,
    image,
    killed_crawl,
    set_round,
    small_disk,
    sqlite_url,
    whole_crawl,
)
from loccit_site import Project, Site, project
from storage_bucket import running_bucket_server
from storage_servers import PostgresServer, running_postgres

KILLS = int(os.environ.get("LOCCIT_KILLS", "6"))


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        if isinstance(server, str):
            pytest.skip(server)
        yield server


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Site, Project]]:
    with project(tmp_path) as (site, mine):
        guides(mine)
        yield site, mine


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    with project(tmp_path_factory.mktemp("undisturbed")) as (site, mine):
        guides(mine)
        yield Undisturbed(site, mine)


@pytest.fixture(scope="module")
def with_bulk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    with project(tmp_path_factory.mktemp("with-bulk")) as (site, mine):
        guides(mine)
        yield Undisturbed(site, mine, bulk=True)


def test_killed_at_random_moments_it_knows_what_it_would_have_known(
    world: tuple[Site, Project], undisturbed: Undisturbed, tmp_path: Path
) -> None:
    site, mine = world
    url = sqlite_url(tmp_path / "killed")
    rng = random.Random(11)
    rounds = max(3, KILLS // 20)
    met = 0
    for number in range(rounds):
        set_round(site, number)
        for _ in range(KILLS // rounds):
            met += killed_crawl(mine, url, rng.uniform(0.0, 1.0) * undisturbed.seconds(number))
        whole_crawl(mine, url)
        assert image(url) == undisturbed.image(number)
    assert len(image(url)["findings"]) >= PAGES // 3
    assert met >= KILLS // 2


def test_killed_cut_off_and_left_by_its_server_while_it_writes_to_postgres(
    world: tuple[Site, Project], undisturbed: Undisturbed, postgres: PostgresServer
) -> None:
    site, mine = world
    url = postgres.new_database()
    rng = random.Random(13)
    rounds = max(3, KILLS // 20)
    met = cuts = 0
    for number in range(rounds):
        set_round(site, number)
        met += killed_crawl(mine, url, rng.uniform(0.0, 1.0) * undisturbed.seconds(number))
        if number % 2:
            cuts += crawl_without_connections(mine, url, postgres)
        else:
            restarted = crawl(mine, url)
            time.sleep(rng.uniform(0.2, 1.0) * undisturbed.seconds(number))
            postgres.restart()
            ended(restarted)
        whole_crawl(mine, url)
        assert image(url) == undisturbed.image(number)
    assert met >= rounds // 2 and cuts


def crawl_without_connections(mine: Project, url: str, postgres: PostgresServer) -> int:
    """A crawl whose every connection is cut; gives how many were."""
    cuts = 0
    cut_off = crawl(mine, url)
    until = time.monotonic() + 30
    while cut_off.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
        cuts += postgres.cut()
    ended(cut_off)
    return cuts


def test_a_full_disk_is_called_that_and_the_next_crawl_goes_on(
    world: tuple[Site, Project], with_bulk: Undisturbed, tmp_path: Path
) -> None:
    site, mine = world
    set_round(site, 0)
    fatten(site)
    with small_disk(tmp_path / "small", "800k") as make_larger:
        url = f"sqlite:///{tmp_path / 'small' / 'loccit.db'}"
        for _ in range(2):
            code, said = ended(crawl(mine, url))
            assert code == 2 and "the disk is full; what was recorded before is safe: free some space" in said
            # What was recorded can be read, with not a byte to spare.
            assert mine.run("findings", LOCCIT_STORE__URL=url).returncode == 0
        there = mine.run("fsck", "--format", "json", LOCCIT_STORE__URL=url)
        assert json.loads(there.stdout)["whole"] and 0 < json.loads(there.stdout)["snapshots"] < PAGES
        make_larger("40m")
        whole_crawl(mine, url)
        assert image(url) == with_bulk.image(0)


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="needs prlimit, of util-linux")
def test_a_file_that_may_not_grow(world: tuple[Site, Project], with_bulk: Undisturbed, tmp_path: Path) -> None:
    site, mine = world
    set_round(site, 0)
    fatten(site)
    url = sqlite_url(tmp_path / "limited")
    code, said = ended(crawl(mine, url, largest=400_000))
    assert code == 2 and "its file may not grow any further" in said and "raise the limit" in said
    whole_crawl(mine, url)
    assert image(url) == with_bulk.image(0)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_upkeep_while_a_crawl_runs(
    world: tuple[Site, Project], tmp_path: Path, request: pytest.FixtureRequest, database: str
) -> None:
    site, mine = world
    url = sqlite_url(tmp_path) if database == "sqlite" else request.getfixturevalue("postgres").new_database()
    set_round(site, 0)
    ended(crawl(mine, url))
    set_round(site, 1)
    running = crawl(mine, url)
    for words in (["fsck", "--repair"], ["prune"], ["backup", "copy.db"], ["fsck"]):
        done = mine.run(*words, LOCCIT_STORE__URL=url)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
    assert ended(running) == (0, "")
    for there in (url, "sqlite:///copy.db"):
        assert "nothing is damaged" in mine.run("fsck", LOCCIT_STORE__URL=there).stdout


def test_killed_while_pages_go_into_a_bucket(
    world: tuple[Site, Project], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, mine = world
    set_round(site, 0)
    url = sqlite_url(tmp_path / "away")
    with running_bucket_server() as server:
        bucket = server.new_bucket()
        monkeypatch.setenv("LOCCIT_STORE__BLOBS", bucket.address)
        monkeypatch.setenv("LOCCIT_STORE__BLOBS_ENDPOINT", bucket.endpoint)
        rng = random.Random(3)
        for _ in range(2):
            killed_crawl(mine, url, rng.uniform(0.8, 2.0))
            assert mine.run("fsck", LOCCIT_STORE__URL=url).returncode == 0
        ended(crawl(mine, url))
        told = json.loads(mine.run("fsck", "--format", "json", LOCCIT_STORE__URL=url).stdout)
        assert told["whole"] and told["bodies"] >= PAGES
        assert len(server.names(bucket)) >= told["bodies"]
        monkeypatch.setenv("LOCCIT_STORE__BLOBS_ENDPOINT", "http://127.0.0.1:9")
        set_round(site, 1)
        code, said = ended(crawl(mine, url))
        assert code == 2 and "it does not answer as it should; nothing was half written" in said
