"""The story of `loccit demo`: guides are verified, days pass, sources change, and loccit says which ones matter."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

from crawler.policy import NetworkSettings
from loccit.demo.clock import StoryClock
from loccit.demo.pages import HOSTS, answer
from loccit.demo.web import serve
from loccit.errors import UsageError
from loccit.fetching import pass_over
from loccit.passes import PassPlan, PassResult
from loccit.settings import Settings, load
from loccit.wiring import open_store, read_guides, sync
from storage.store import Store

START = datetime(2025, 11, 8, 9, 0, tzinfo=UTC)
MARK = ".loccit-demo"

CONFIG = """\
# Made by `loccit demo`. Its sources lived on loopback and are gone; the store and the report stay for a look.
[guides]
paths = ["guides/*"]

[network]
allow = ["127.0.0.0/8"]

[crawl]
delay = 0.0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """Time passes until `day`, then loccit crawls. `told`: what happened on the web, for the reader."""

    day: float
    told: str


CHAPTERS = (
    Chapter(day=0.0, told="Five guides were verified today. loccit reads their sources and keeps them as the basis."),
    Chapter(day=1.0, told="The bank hides its fees behind a bot wall. Every page shows another banner."),
    Chapter(day=2.1, told="Photon now deletes after 14 days, not 30. Inkwell's limits page is broken for some hours."),
    Chapter(day=2.6, told="Inkwell's limits page is itself again."),
    Chapter(day=3.2, told="Photon's export page is gone. Inkwell's help on cancelling has moved for good."),
    Chapter(day=3.9, told="Nothing new; what looked gone is looked at again."),
    Chapter(day=4.2, told="Northern Trains is down. All footers say 2026."),
    Chapter(day=5.0, told="Northern Trains is back."),
)


def prepare(folder: Path) -> None:
    """An empty folder with the demo's guides. Only a folder that an earlier demo made is emptied first."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            raise UsageError(f"{folder} exists and was not made by the demo", "Give another folder: loccit demo DIR.")
        shutil.rmtree(folder)
    (folder / "guides").mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("This folder was made by `loccit demo` and may be deleted.\n", "utf-8")
    (folder / "loccit.toml").write_text(CONFIG, "utf-8")
    for guide in files("loccit.demo").joinpath("guides").iterdir():
        (folder / "guides" / guide.name).write_bytes(guide.read_bytes())


def tell(folder: Path, on_chapter: Callable[[Chapter, datetime, PassResult, Store], None]) -> tuple[Settings, datetime]:
    """Run the story in `folder`; `on_chapter` is called after each crawl. Gives the settings and the last instant."""
    prepare(folder)
    clock = StoryClock(START)
    settings = load(folder, {})
    with ExitStack() as stack:
        port = stack.enter_context(serve(lambda host, path: answer(host, path, _day(clock))))
        routes = {f"{host}:80": f"127.0.0.1:{port}" for host in HOSTS}
        settings = replace(settings, network=NetworkSettings(allow=settings.network.allow, connect_to=routes))
        store = stack.enter_context(open_store(settings))
        for chapter, result in _passes(settings, store, clock):
            on_chapter(chapter, clock.now(), result, store)
    return settings, clock.now()


def _passes(settings: Settings, store: Store, clock: StoryClock) -> Iterator[tuple[Chapter, PassResult]]:
    plan = PassPlan(kind="crawl", policy=settings.policy, schedule=settings.schedule, everything=True)
    for chapter in CHAPTERS:
        clock.pass_time(timedelta(days=chapter.day) - (clock.now() - START))
        sync(store, read_guides(settings, clock.now().date()), clock.now())
        yield chapter, pass_over(settings, store, plan, clock)


def _day(clock: StoryClock) -> float:
    return (clock.now() - START) / timedelta(days=1)
