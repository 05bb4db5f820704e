"""The real command, killed at any moment: its store is as if nothing had been.

`LOCCIT_KILLS=200` kills 200 times instead of a few.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from loccit_crashes import PAGES, guides, image, killed_crawl, set_round, sqlite_url, whole_crawl
from loccit_site import Project, Site, project
from storage_servers import PostgresServer, running_postgres

KILLS = int(os.environ.get("LOCCIT_KILLS", "9"))


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


def test_killed_at_random_moments_it_knows_what_it_would_have_known(
    world: tuple[Site, Project], tmp_path: Path
) -> None:
    killed_at_work = killed_until_same(world, sqlite_url(tmp_path / "killed"), sqlite_url(tmp_path / "whole"), KILLS)
    assert killed_at_work >= KILLS // 2


def test_killed_while_it_writes_to_postgres(world: tuple[Site, Project], postgres: PostgresServer) -> None:
    kills = max(4, KILLS // 4)
    assert killed_until_same(world, postgres.new_database(), postgres.new_database(), kills) >= kills // 2


def killed_until_same(world: tuple[Site, Project], url: str, never: str, kills: int) -> int:
    """In each round a few kills and then a whole crawl; gives how many of them met a crawl at work."""
    site, mine = world
    rng = random.Random(11)
    rounds = max(3, kills // 20)
    met = 0
    for number in range(rounds):
        set_round(site, number)
        seconds = whole_crawl(mine, never)
        for _ in range(kills // rounds):
            met += killed_crawl(mine, url, rng.uniform(0.3, 1.0) * seconds)
        whole_crawl(mine, url)
        assert image(url) == image(never)
    assert len(image(url)["findings"]) >= PAGES // 3
    return met
