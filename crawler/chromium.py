"""One Chromium for a run: found on the machine, started with every way out closed, watched, and started again.

It has no network. What its pages ask for is answered by us (see `crawler.subrequests`); whatever the interception
does not see (preconnects, web sockets, WebRTC, WebTransport, its own services) finds no name and a proxy that refuses.
"""

import asyncio
import os
import shutil
import socket
import sys
import uuid
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from crawler.policy import CrawlSettings
from crawler.urls import one_line

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

WATCH_SECONDS: Final = 0.25
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 5.0
PAGES_PER_BROWSER: Final = 300
"""It is started anew after so many: what leaks in it leaks for a while only."""

LARGEST_PAGE: Final = 0.45
"""The part of the browser's memory that one page may take."""

AGAIN_SECONDS: Final = 300.0
"""After a failed start: a worker runs for weeks, and a browser that is installed or mended meanwhile is to be found."""

WORTH: Final = 0.1
_HEAP_MB: Final = 400
_NAMES: Final = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge"),
    *("brave-browser",),
)
_PLACES: Final = (
    *("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/lib/chromium/chromium", "/snap/bin/chromium"),
    *("/opt/google/chrome/chrome", "/usr/bin/google-chrome-stable"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
_FLAGS: Final = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-component-extensions-with-background-pages",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-dev-shm-usage",
    "--disable-file-system",
    "--disable-notifications",
    "--disable-speech-api",
    "--disable-remote-fonts",
    "--block-new-web-contents",
    "--deny-permission-prompts",
    "--dns-prefetch-disable",
    "--no-pings",
    "--mute-audio",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-blink-features=WebTransport,WebSocketStream,DirectSockets,Prerender2",
    # No frame is ever loaded, and every page has a context of its own: processes for each site would only cost.
    "--disable-site-isolation-trials",
    # The last such list counts, so Playwright's own is in it (from AvoidUnnecessary… on).
    "--disable-features="
    + ",".join(
        (
            *("WebTransport", "WebRtcHideLocalIpsWithMdns", "MediaRouter", "DialMediaRouteProvider", "Translate"),
            *("OptimizationHints", "Prerender2", "PreconnectToSearch", "SpeculationRulesPrefetchProxy"),
            *("AutofillServerCommunication", "CertificateTransparencyComponentUpdater", "NetworkTimeServiceQuerying"),
            *("SpareRendererForSitePerProcess", "IsolateOrigins", "site-per-process"),
            *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
            *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "PaintHolding", "ThirdPartyStoragePartitioning"),
            *("AvoidCorsURLLoaderRestartOnRedirect", "AimEnabled", "AcceptCHFrame", "GlobalMediaControls"),
        )
    ),
)

INSTALL: Final = "install Chromium (Debian: apt install chromium) or name one in `browser` under [crawl]"
NO_PLAYWRIGHT: Final = "Playwright is not installed: pip install 'loccit[browser]'"


class NoBrowserError(Exception):
    """There is no browser to render with; the message says what to do about it."""


def find_chromium(setting: str = "") -> str:
    """The Chromium to use: the configured one, else the first in the usual places. Raises NoBrowserError."""
    if setting:
        found = setting if os.access(setting, os.X_OK) and Path(setting).is_file() else shutil.which(setting)
        if not found:
            raise NoBrowserError(f"`browser` under [crawl] names no program: {one_line(setting, 200)}")
        return found
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    for place in _PLACES:
        if os.access(place, os.X_OK) and Path(place).is_file():
            return place
    raise NoBrowserError(f"no Chromium was found: {INSTALL}")


def has_playwright() -> bool:
    from importlib.util import find_spec

    try:
        # Not the package alone: its folder stays behind where somebody uninstalled it and browsers were kept in it.
        return find_spec("playwright.async_api") is not None
    except ImportError:
        return False


def as_root() -> bool:
    """Whether Chromium would refuse its own sandbox: it does for root."""
    return sys.platform != "win32" and os.geteuid() == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Size:
    """One process of the browser: MB in memory, how much of it is its own, and whether it is a page's."""

    process: Any
    resident: int
    own: int
    page: bool


class Chromium:
    """Starts when it is first asked for. Not for several event loops."""

    def __init__(self, crawl: CrawlSettings, again: float = AGAIN_SECONDS) -> None:
        """`again`: seconds after a failed start in which no other is made."""
        self._crawl, self._pause = crawl, again
        self._lock = asyncio.Lock()
        self._play: Playwright | None = None
        self._browser: Browser | None = None
        self._mark = ""
        self._main: Any = None
        self._leavings: list[Path] = []
        self._renderers: dict[int, bool] = {}
        self._dead_end: socket.socket | None = None
        self._watching: asyncio.Task[None] | None = None
        self._pages = 0
        self._failed = ""
        self._again = 0.0
        self.watchers: set[asyncio.Event] = set()
        """Set when the browser is let go: what waits for it need not wait any more."""
        self.open = 0
        """Pages that are open just now."""
        self.killed = 0
        """Pages that were closed because they took too much memory."""
        self.peak = 0
        """MB that its processes have taken at most, without what they share."""
        self.starts = 0

    async def browser(self) -> "Browser":
        """The running browser. Raises NoBrowserError where it cannot be started; it is not tried again for a while."""
        loop = asyncio.get_running_loop()
        async with self._lock:
            if self._failed and loop.time() < self._again:
                raise NoBrowserError(self._failed)
            worn = self._pages >= PAGES_PER_BROWSER and not self.open
            if self._browser is not None and (worn or not self._browser.is_connected()):
                await self._stop()
            if self._browser is None:
                try:
                    self._browser = await self._started()
                except NoBrowserError as error:
                    self._failed, self._again = str(error), loop.time() + self._pause
                    raise
                self._failed = ""
            self._pages += 1
            return self._browser

    def runs(self, browser: "Browser") -> bool:
        """Whether this browser is still the one that pages are opened in."""
        return browser is self._browser and browser.is_connected()

    async def restart(self, broken: "Browser") -> None:
        """Let go of a browser that hangs or has crashed; the next page gets a new one."""
        async with self._lock:
            if self._browser is broken:
                await self._stop()

    async def aclose(self) -> None:
        async with self._lock:
            await self._stop()
            await self._let_go()

    async def _let_go(self) -> None:
        if self._play is not None:
            await _within(STOP_SECONDS, self._play.stop())
            self._play = None

    async def _started(self) -> "Browser":
        """A new browser. One that falls while it starts may be no fault of its own (memory, a kill): twice at most."""
        loop = asyncio.get_running_loop()
        patience = loop.time() + START_SECONDS / 2
        while True:
            try:
                return await self._start()
            except NoBrowserError:
                late, patience = loop.time() >= patience, 0.0
                await self._stop()
                await self._let_go()  # what drives it may be what is broken
                if late:
                    raise

    async def _start(self) -> "Browser":
        if not has_playwright():
            raise NoBrowserError(NO_PLAYWRIGHT)
        program = find_chromium(self._crawl.browser)
        from playwright.async_api import Error

        self._pages, self._mark, self._main = 0, uuid.uuid4().hex, None
        self._renderers.clear()
        sandbox = self._crawl.browser_sandbox and not as_root()
        try:
            async with asyncio.timeout(2 * START_SECONDS):
                if self._play is None:
                    self._play = await _driver()
                started = await self._play.chromium.launch(
                    executable_path=program,
                    args=[*_FLAGS, f"--js-flags=--max-old-space-size={_HEAP_MB}", f"--loccit-run={self._mark}"],
                    chromium_sandbox=sandbox,
                    proxy={"server": f"http://127.0.0.1:{self._refusing_port()}", "bypass": "<-loopback>"},
                    timeout=START_SECONDS * 1000,
                    handle_sigint=False,
                    handle_sigterm=False,
                    handle_sighup=False,
                )
        except (Error, OSError, TimeoutError) as error:
            hint = "; its sandbox may not be available here (see `browser_sandbox` under [crawl])" if sandbox else ""
            told = one_line(str(error).split("\n")[0], 160) or "no answer in time"
            raise NoBrowserError(f"Chromium ({program}) does not start{hint}: {told}") from None
        self.starts += 1
        self._leavings = await asyncio.to_thread(self._folders)
        self._watching = asyncio.create_task(self._watch())
        return started

    def _refusing_port(self) -> int:
        """A port of loopback that is taken and never listened on: whoever connects is refused, now and later."""
        if self._dead_end is None:
            self._dead_end = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._dead_end.bind(("127.0.0.1", 0))
        port: int = self._dead_end.getsockname()[1]
        return port

    async def _stop(self) -> None:
        browser, self._browser = self._browser, None
        for watcher in self.watchers:
            watcher.set()
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        ours = await asyncio.to_thread(self._processes)
        if browser is not None:
            await _within(STOP_SECONDS, browser.close())
        await asyncio.to_thread(_kill, ours)
        left, self._leavings = self._leavings, []
        await asyncio.to_thread(_remove, left)
        if self._dead_end is not None:
            self._dead_end.close()
            self._dead_end = None

    # ------------------------------------------------------------ memory

    async def _watch(self) -> None:
        """Close the largest page while the browser takes more than it may."""
        limit = self._crawl.browser_memory
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if not self.open:
                continue
            sizes = await asyncio.to_thread(self._sizes)
            total = sum(each.own for each in sizes)
            self.peak = max(self.peak, total)
            pages = [each for each in sizes if each.page]
            largest = max(pages, key=lambda each: each.resident, default=None)
            if largest is None:
                continue
            # A small page is not worth its end: it is others that are too many.
            if largest.resident > LARGEST_PAGE * limit or (total > limit and largest.own > WORTH * limit):
                _kill([largest.process])
                self.killed += 1

    def _sizes(self) -> list[_Size]:
        import psutil

        found = []
        for process in self._processes():
            with suppress(psutil.Error, OSError):
                if process.pid not in self._renderers:
                    self._renderers[process.pid] = "--type=renderer" in process.cmdline()
                info = process.memory_info()
                own = info.rss - getattr(info, "shared", 0)
                found.append(
                    _Size(
                        process=process,
                        resident=info.rss // 1_000_000,
                        own=own // 1_000_000,
                        page=self._renderers[process.pid],
                    )
                )
        return found

    def _processes(self) -> list[Any]:
        """The browser's processes, found by the mark on its command line; none where nobody can look (no psutil)."""
        try:
            import psutil
        except ImportError:
            return []
        with suppress(psutil.Error, OSError):
            if self._main is None:
                self._main = self._marked(psutil.Process().children(recursive=True))
            if self._main is not None:
                return [self._main, *self._main.children(recursive=True)]
        return []

    def _folders(self) -> list[Path]:
        """What the browser removes when it ends by itself, and leaves behind when it is killed: its profile, and the
        folder of its socket beside that.
        """
        with suppress(Exception):  # it has ended meanwhile, or keeps them elsewhere
            words = self._processes()[0].cmdline()
            profile = Path(next(word.partition("=")[2] for word in words if word.startswith("--user-data-dir=")))
            if not profile.name.startswith("playwright_"):
                return []  # a program of somebody's own may name a profile of somebody's own
            socket_folder = (profile / "SingletonSocket").readlink().parent
            return [profile, socket_folder] if socket_folder.parent == profile.parent else [profile]
        return []

    def _marked(self, processes: list[Any]) -> Any:
        mark = f"--loccit-run={self._mark}"
        for process in processes:
            with suppress(Exception):  # it has ended meanwhile
                words = process.cmdline()
                if mark in words and not any(word.startswith("--type=") for word in words):
                    return process
        return None


async def _driver() -> "Playwright":
    """Playwright's own process, which drives the browser. Raises NoBrowserError."""
    from playwright.async_api import async_playwright

    try:
        return await async_playwright().start()
    except Exception as error:  # noqa: BLE001 (a process that ends meanwhile is told of by a bare Exception)
        raise NoBrowserError(f"Playwright does not start: {one_line(str(error), 160)}") from None


def _kill(processes: list[Any]) -> None:
    for process in processes:
        with suppress(Exception):  # it has ended by itself, which is what is wanted
            process.kill()


def _remove(folders: list[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


async def _within(seconds: float, work: Awaitable[Any]) -> bool:
    """Whether some closing got done in time. However it ended, there is nothing left to do about it."""
    try:
        async with asyncio.timeout(seconds):
            await work
    except Exception:  # noqa: BLE001 (what is closed is broken as often as not)
        return False
    return True
