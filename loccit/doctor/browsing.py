"""The browser, which only pages that are built by scripts need: whether one is there, and starts."""

import asyncio
from collections.abc import Iterator

from crawler.chromium import Chromium, NoBrowserError, as_root, find_chromium, has_playwright
from guides.model import Render
from loccit.doctor.report import Check, bad, ok, warn
from loccit.settings import Settings


def browser_check(settings: Settings) -> Iterator[Check]:
    """Starts it once, since that is what fails: for want of a library, a sandbox, memory."""
    crawl = settings.crawl
    if crawl.render is Render.NEVER:
        yield ok("browser", "not used (`render` under [crawl] is never)")
        return
    tell = bad if crawl.render is Render.ALWAYS or crawl.browser else warn
    without = "pages that are built by scripts are not read until then (they count as blocked, needs-browser)"
    try:
        program = find_chromium(crawl.browser)
    except NoBrowserError as error:
        more = "" if has_playwright() else "; pip install 'loccit[browser]'"
        yield tell("browser", f"{error}{more}", without)
        return
    if not has_playwright():
        yield tell("browser", f"{program} is there, Playwright is not", f"pip install 'loccit[browser]'; {without}")
        return
    try:
        version = asyncio.run(_started(settings))
    except NoBrowserError as error:
        yield tell("browser", str(error), without)
        return
    yield ok("browser", f"Chromium {version} starts ({program})")
    if as_root() or not crawl.browser_sandbox:
        why = "root cannot have it" if as_root() else "`browser_sandbox` is off"
        todo = "run loccit as an ordinary user: what a page breaks out of is then still held by the sandbox"
        yield warn("browser", f"it runs without its sandbox: {why}", todo)


async def _started(settings: Settings) -> str:
    chromium = Chromium(settings.crawl)
    try:
        return (await chromium.browser()).version
    finally:
        await chromium.aclose()
