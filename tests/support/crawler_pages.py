"""Builders of pages and comparisons for tests of the page half of the crawler."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from crawler.drift import measure
from crawler.health import page_health
from crawler.memory import learn
from crawler.model import Drift, PageHealth
from crawler.page import Page, read
from guides.model import MainContent, Place

START = datetime(2026, 1, 1, tzinfo=UTC)


def page(main: str, *, title: str = "Deleting your account", around: str = "", language: str = "en") -> Page:
    """A page with a header, a menu and a footer around some main content."""
    return read(
        f"""<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title></head><body>
        <header><a href="/">Example</a><nav><a href="/a">Products</a><a href="/b">Prices</a></nav></header>
        <main><h1>{title}</h1>{main}</main>{around}
        <footer><a href="/imprint">Imprint</a> © 2026 Example</footer></body></html>""".encode(),
        content_type="text/html",
    )


def drift(before: str, after: str, *, place: Place | None = None, memory: Mapping[str, Any] | None = None) -> Drift:
    return measure(page(before), page(after), place or MainContent(), memory or {})


def learned(pages: Sequence[Page], *, every: timedelta = timedelta(hours=12)) -> Mapping[str, Any]:
    memory: Mapping[str, Any] = {}
    for count, one in enumerate(pages):
        memory = learn(memory, one, START + every * count)
    return memory


def health(body: str, *, status: int = 200, headers: tuple[tuple[str, str], ...] = (), final: str = "") -> PageHealth:
    url = "https://example.org/help/delete"
    read_page = read(body.encode(), content_type="text/html", url=url)
    return page_health(read_page, status=status, url=url, final_url=final or url, headers=headers)
