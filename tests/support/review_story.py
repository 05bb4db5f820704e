"""A newsroom on loopback: guides that cite a small web, days that pass, and what the crawls found. No internet."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crawler.policy import NetworkSettings
from loccit.app import App
from loccit.demo.clock import StoryClock
from loccit.demo.web import Answer, serve
from loccit.fetching import pass_over
from loccit.passes import PassPlan
from loccit.settings import load
from loccit.wiring import open_store, read_guides, sync
from storage.store import Store

START = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
FILLER = (
    "We keep your photographs and their captions while your account exists. We never sell any of it.",
    "Write to us when something is wrong. We answer every letter that we get, as a rule within a week or so.",
    "This page was written by people. It has been read by other people, and they found it long but clear.",
)
Told = Callable[[str, str, float], Answer]


def page(title: str, *parts: str, name: str = "Photon", extra: str = "") -> Answer:
    """A page in its host's dress."""
    text = "".join(f"<p>{part}</p>" for part in (*parts, *FILLER))
    body = (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title} · {name}</title></head><body>"
        f"<header><nav><a href=/>Home</a></nav></header><main><h1>{title}</h1>{text}{extra}</main>"
        f"<footer>© {name}</footer></body></html>"
    )
    return Answer(body=body)


GONE = Answer(status=404, body="<!doctype html><title>Page not found</title><h1>404</h1><p>Not here.</p>")


def newsroom(host: str, path: str, day: float) -> Answer:
    """From day 2 on: 14 days for 30, a page that is gone, one that moved, a whole host in other words."""
    late = day >= 2
    if path == "/robots.txt":
        return Answer(body="User-agent: *\nAllow: /\n")
    if (host, path) == ("photon.example", "/privacy"):
        return page("Privacy", f"After you confirm, we keep your photographs for {14 if late else 30} days.")
    if (host, path) == ("photon.example", "/export"):
        return GONE if late else page("Your data", "The file is ready after about an hour.")
    if (host, path) == ("photon.example", "/plans"):
        cost = "6" if late else "5"
        return page("Plans", f"The small plan costs {cost} euros a month.", "Cancel whenever you like.")
    if (host, path) == ("inkwell.example", "/cancel"):
        moved = Answer(status=301, headers={"Location": "/support/cancel"})
        return moved if late else page("Cancel", "Open Plans and choose Cancel plan.", name="Inkwell")
    if (host, path) == ("inkwell.example", "/support/cancel"):
        return page("Cancel", "Open Plans and choose Cancel plan.", name="Inkwell")
    if host == "bank.example":
        place = "the menu at the top" if late else "the app under Profile"
        return page(f"Help {path[1:]}", f"You find this in {place}, behind {path[1:]}.", name="Orchard Bank")
    return GONE


def write_guides(folder: Path) -> None:
    """Seven guides; five of them cite the page that changes."""
    (folder / "guides").mkdir(parents=True, exist_ok=True)
    (folder / "loccit.toml").write_text(
        '[guides]\npaths = ["guides/*"]\n[network]\nallow = ["127.0.0.0/8"]\n[crawl]\ndelay = 0.0\n'
        "[policy]\nsettle_hours = 0\nconfirm_wait = 0.01\nconfirm_hours = 0\n",
        "utf-8",
    )
    for number, name in enumerate(("delete", "copy", "close", "leave", "forget")):
        _guide(folder, f"photon-{name}", f"{name.title()} your Photon account", "photographs", "photon.example/privacy")
        assert number < 5
    _guide(folder, "photon-export", "Get your photographs out of Photon", "photographs", "photon.example/export")
    _guide(folder, "photon-plans", "Pay less for Photon", "money", "photon.example/plans")
    _guide(folder, "inkwell", "Cancel Inkwell", "writing", "inkwell.example/cancel")
    _guide(
        folder,
        "bank",
        "Close an account at Orchard Bank",
        "money",
        *(f"bank.example/{n}" for n in ("close", "fees", "card")),
    )


_CLAIMS = {
    "photon.example/privacy": "Your photographs are kept for 30 days after you confirm.",
    "photon.example/export": "The file is ready after about an hour.",
    "photon.example/plans": "The small plan costs 5 euros a month.",
    "inkwell.example/cancel": "Open Plans and choose Cancel plan.",
}


def _guide(folder: Path, name: str, title: str, tag: str, *urls: str) -> None:
    cited = "".join(
        f"  - id: {number}\n    title: Help page {number}\n    url: http://{url}\n"
        f'    supports: "{_CLAIMS.get(url, "You find this in the app under Profile.")}"\n'
        for number, url in enumerate(urls, 1)
    )
    steps = "".join(
        f"{number}. {_CLAIMS.get(url, 'Look in the app.')} [{number}]\n" for number, url in enumerate(urls, 1)
    )
    (folder / "guides" / f"{name}.md").write_text(
        f"---\ntitle: {title}\nservice: {title.split()[-1]}\ndifficulty: easy\ntime: 5 minutes\nverified: 2026-10-01\n"
        f"tags: [{tag}]\ncitations:\n{cited}---\n\n# {title}\n\n{steps}\n",
        "utf-8",
    )


@contextmanager
def told(folder: Path, days: tuple[float, ...] = (0, 1, 2.1, 3), web: Told = newsroom) -> Iterator[tuple[App, Store]]:
    """The store after these days' crawls, and an application whose clock stands at the last of them."""
    clock = StoryClock(START)
    settings = load(folder, {})
    hosts = ("photon.example", "inkwell.example", "bank.example", "evil.example")
    with ExitStack() as stack:
        day = lambda: (clock.now() - START) / timedelta(days=1)  # noqa: E731
        port = stack.enter_context(serve(lambda host, path: web(host, path, day())))
        network = NetworkSettings(
            allow=settings.network.allow, connect_to={f"{host}:80": f"127.0.0.1:{port}" for host in hosts}
        )
        settings = replace(settings, network=network)
        store = stack.enter_context(open_store(settings))
        plan = PassPlan(kind="crawl", policy=settings.policy, schedule=settings.schedule, everything=True)
        for each in days:
            clock.pass_time(timedelta(days=each) - (clock.now() - START))
            sync(store, read_guides(settings, clock.now().date()), clock.now())
            pass_over(settings, store, plan, clock)
        app = App(cwd=folder, quiet=True, clock=clock)
        app.__dict__["settings"] = settings
        yield app, store
