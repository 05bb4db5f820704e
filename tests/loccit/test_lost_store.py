"""A database that is away for a while: it is told of once, and nobody is taken for dead because of it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from crawler_visits import NOW

from loccit import worker
from loccit.app import App
from loccit.commands.schedule import _Handing, schedule


@dataclass
class Clock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def app(folder: Path, text: str = "") -> tuple[App, Clock]:
    (folder / "loccit.toml").write_text(text, "utf-8")
    clock = Clock()
    return App(cwd=folder, config=folder / "loccit.toml", clock=clock), clock


def test_a_worker_tells_of_a_lost_queue_once_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(worker, "AGAIN", 0.001)
    monkeypatch.setattr(worker, "OUTAGE", 0.05)
    begun: list[int] = []

    async def work() -> None:
        stopped = asyncio.Event()

        async def begin() -> None:
            begun.append(len(begun))
            if len(begun) == 4:
                await asyncio.sleep(0.1)  # it was back, and worked
            if len(begun) == 6:
                stopped.set()
                await asyncio.sleep(60)  # until it is told to stop
            raise ConnectionError("postgresql://ann:pw@db/loccit is away")

        await worker.keep_working(begin, app(tmp_path)[0], stopped)

    asyncio.run(work())
    told = capsys.readouterr().err
    assert (len(begun), told.count("the queue was lost (ConnectionError)")) == (6, 2)
    assert "pw" not in told


def test_a_scheduler_tells_of_a_lost_store_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Stopped(Event):
        waits = 0

        def wait(self, timeout: float | None = None) -> bool:
            self.waits += 1
            if self.waits == 3:
                self.set()
            return super().wait(0)

    stopped = Stopped()
    schedule(app(tmp_path, '[store]\nurl = "postgresql://ann:hunter2@127.0.0.1:1/loccit"\n')[0], stopped)
    told = capsys.readouterr().err
    assert (stopped.waits, told.count("trying again")) == (3, 1), told
    assert "hunter2" not in told


def test_workers_that_were_silent_while_the_store_was_away_are_not_dead(tmp_path: Path) -> None:
    made, clock = app(tmp_path, '[schedule]\nheartbeat = "10s"\n')
    handing = _Handing(made)
    assert handing._counted(made), "the first look: whoever is silent has been for long"

    def after(seconds: float) -> bool:
        clock.at += timedelta(seconds=seconds)
        counted = handing._counted(made)
        handing._seen = clock.at
        return counted

    handing._seen = clock.at
    assert [after(5), after(10)] == [True, True]
    assert [after(100), after(5), after(5)] == [False, False, False], "it was away: they have yet to be heard"
    assert [after(15) for _ in range(4)] == [False, False, False, True]
    assert after(-86_400), "a clock that was set back tells of no outage"
