"""What the pages are made from: the ports, the settings and the clock, in one value that the application carries."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from starlette.requests import Request

from crawler.guard import Guard
from crawler.policy import Policy
from review.casework import Figures
from review.ports import Bench, Scribe, Shelf
from review.web.board import Board


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """`now` gives the instant, `today` the editors' day. `archive`: prefix of archived copies, "" for none.

    `guard`: which addresses a crawl may ask; no name is looked up for a page.
    `file_url`: where a guide's file can be seen, with {path} and {line}; "" where nowhere.
    """

    bench: Bench
    shelf: Shelf
    scribe: Scribe
    board: Board
    policy: Policy
    now: Callable[[], datetime]
    today: Callable[[], date]
    archive: str = ""
    file_url: str = ""
    name: str = "loccit"
    guard: Guard = field(default_factory=Guard)
    people: Callable[[], tuple[str, ...]] = field(default=tuple)
    """Who can be given work; beside those, any name may be typed."""

    def figures(self) -> Figures:
        """What the overview and the empty queue count from: the last year's."""
        return self.bench.figures(since=self.now() - timedelta(days=400))


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site
