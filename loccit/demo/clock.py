"""A clock that the story sets: waits pass at once, days pass when the story says so."""

import asyncio
from datetime import datetime, timedelta


class StoryClock:
    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        # Real servers answer in real time meanwhile, so other tasks get their turn.
        await asyncio.sleep(min(seconds, 0.01))

    def pass_time(self, span: timedelta) -> None:
        self._now += span
