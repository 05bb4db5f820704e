"""A fault model over servers that misbehave: how many living links are called dead, and how many dead ones are missed.

    python benchmarks/flaky.py [--links 10000] [--runs 20] [--rate 0.005] [--seed 1]

A web of names on loopback, ten links each, in a process of its own. Every answer fails with the probability `rate` for
each kind of fault (see FAULTS). 5 % of the hosts show a bot wall. 2 % of the links die, half of them before the first
run and half between two runs, each in one of the ways of DEATHS. The same links are swept run after run, twelve
hours apart by the judge's clock, with their history, as a crawl does. Prints JSON.

`false`: living or walled, and called dead. `missed`: dead, called dead in an earlier run, and not in this one.
`waiting`: dead, and not called so yet; `alive`: dead, and called ok or moved.
"""

import argparse
import asyncio
import json
import multiprocessing
import random
import resource
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any

from crawler.fetch import HttpFetcher
from crawler.judge import advance, judge
from crawler.model import FetchOrder, LinkHistory, VerdictKind
from crawler.policy import CrawlSettings, NetworkSettings, Policy
from crawler.sweep import PoliteSweeper
from loccit.clock import SystemClock
from loccit.fetching import Reading, health_of

PER_HOST = 10
HOURS_APART = 12
WALLED_HOSTS = 0.05
DEAD_LINKS = 0.02
FAULTS = (
    "reset", "reset-in-body", "closed", "cut-short", "garbage", "bad-gzip", "hang", "hang-in-body",
    "404", "403", "429", "500", "502", "503", "error-page", "challenge", "empty", "nxdomain", "dns-error", "refused",
)  # fmt: skip
DNS_FAULTS = ("nxdomain", "dns-error", "refused")
DEATHS = ("404", "410", "soft-404", "own-soft-404", "home", "parked", "nxdomain")
WALLS = ("403", "403-cloudflare", "200-challenge", "429", "503-cloudflare", "login", "robots")

_TEXT = "".join(
    f"<p>Paragraph {n} of this page says at some length what readers have to do before they leave this service.</p>"
    for n in range(12)
)


def http(status: int, body: str, **headers: str) -> bytes:
    data = body.encode()
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = (
        f"HTTP/1.1 {status} X\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(data)}\r\n{lines}\r\n"
    )
    return head.encode() + data


def html(title: str, text: str) -> str:
    return (
        f"<!doctype html><html lang=en><title>{title}</title><nav><a href=/>Home</a></nav><main><h1>{title}</h1>{text}"
    )


WALL = html("Just a moment...", "<p>Checking your browser before you go on.</p>")
ANSWERS = {
    "home": http(200, html("Welcome", "<p>We make things that people like, and sell them all over the world.</p>")),
    "404": http(404, html("Not found", "<p>There is no such page.</p>")),
    "410": http(410, html("Gone", "<p>It is gone for good.</p>")),
    "soft-404": http(200, html("Page not found", "<p>Sorry, we could not find this page.</p>")),
    "own-soft-404": http(200, html("Nix da", "<p>Hier wohnt keiner, den du suchst, und das bleibt auch so.</p>")),
    "parked": http(200, html("example", "<p>This domain is for sale. Buy this domain today!</p>")),
    "403": http(403, html("Forbidden", "<p>No.</p>")),
    "403-cloudflare": http(403, WALL, cf_mitigated="challenge"),
    "503-cloudflare": http(503, WALL, cf_mitigated="challenge"),
    "200-challenge": http(200, WALL),
    "challenge": http(200, WALL),
    "429": http(429, "slow down", Retry_After="1"),
    "500": http(500, "oops"),
    "502": http(502, html("Bad gateway", "")),
    "503": http(503, html("Service unavailable", "")),
    "error-page": http(200, html("Something went wrong", "<p>An unexpected error has occurred.</p>")),
    "empty": http(200, ""),
    "garbage": b"\x00\x01SSH-2.0\r\n\r\n",
    "bad-gzip": http(200, "\x1f\x8b no gzip at all" * 50, Content_Encoding="gzip")[:-9],
    "robots": http(200, "User-agent: *\nDisallow: /\n").replace(b"text/html", b"text/plain"),
    "allow": http(404, ""),
}  # fmt: skip


# ---------------------------------------------------------------- the web, in its own process


@dataclass(slots=True)
class Web:
    """What every address does; `dead` and `walls` are by target and host, `rate` of each fault by answer."""

    rate: float
    seed: int
    walls: dict[str, str]
    dead: dict[str, str] = field(default_factory=dict)
    dice: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self.dice.seed(self.seed)

    def behaviour(self, host: str, target: str) -> str:
        """One word of FAULTS, DEATHS or WALLS, or `ok`. robots.txt and what is asked about the host fail as well."""
        faults = [fault for fault in FAULTS if fault not in DNS_FAULTS]
        dice = self.dice.random()
        if dice < self.rate * len(faults):
            return faults[int(dice / self.rate)]
        wall = self.walls.get(host, "")
        if target == "/robots.txt":
            return "robots" if wall == "robots" else "allow"
        if wall and wall != "robots":
            return wall
        if target == "/":
            return "home"
        return self.dead.get(host + target) or ("ok" if target.rpartition("/")[2].isdigit() else self.nothing(host))

    def nothing(self, host: str) -> str:
        """What a host shows for what it does not know: one half say 404, a quarter 200, a quarter go home."""
        return ("404", "own-soft-404", "404", "home-redirect")[int(host[1:].partition(".")[0]) % 4]


class Server(asyncio.Protocol):
    def __init__(self, web: Web) -> None:
        self.web = web
        self.buffer = b""
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            target = lines[0].split(" ")[1]
            host = next(line[5:].strip() for line in lines if line.lower().startswith("host:")).partition(":")[0]
            self.answer(self.web.behaviour(host, target), host, target)

    def answer(self, word: str, host: str, target: str) -> None:
        page = http(200, html(f"Help {target}", _TEXT + f"<p>This is {host}{target}.</p>"))
        match word:
            case "reset":
                self.reset()
            case "reset-in-body":
                self.transport.write(page[:400])
                asyncio.get_running_loop().call_later(0.01, self.reset)
            case "closed":
                self.transport.close()
            case "cut-short":
                self.transport.write(page[:-40])
                self.transport.close()
            case "garbage" | "bad-gzip":
                self.transport.write(ANSWERS[word])
                self.transport.close()
            case "hang":
                pass
            case "hang-in-body":
                self.transport.write(page[:400])
            case "home" if target != "/":
                self.transport.write(http(302, "", Location="/"))
            case "home-redirect":
                self.transport.write(http(302, "", Location="/"))
            case "login":
                self.transport.write(http(302, "", Location=f"/login?next={target}") if "login" not in target else page)
            case "ok":
                self.transport.write(page)
            case _:
                self.transport.write(ANSWERS[word])

    def reset(self) -> None:
        raw = self.transport.get_extra_info("socket")
        with suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


def serve(web: Web, pipe: Connection) -> None:
    """The server process: tells its port, then takes each run's dead links until it is told to end."""

    async def go() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Server(web), "127.0.0.1", 0, backlog=4096)
        pipe.send(server.sockets[0].getsockname()[1])
        done = asyncio.Event()

        def told() -> None:
            news = pipe.recv()
            if news is None:
                done.set()
            else:
                web.dead = news
                pipe.send(True)

        loop.add_reader(pipe.fileno(), told)
        await done.wait()

    asyncio.run(go())


# ---------------------------------------------------------------- the model


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Who is walled and who dies: `dies` gives the first run (from 0) in which an address is dead, and how it died."""

    links: Sequence[str]
    walls: dict[str, str]
    dies: dict[str, tuple[int, str]]

    def dead_in(self, run: int) -> dict[str, str]:
        return {link: how for link, (first, how) in self.dies.items() if first <= run}


def make_model(links: int, runs: int, seed: int) -> Model:
    dice = random.Random(seed)
    addresses = [f"h{n // PER_HOST}.example/page/{n}" for n in range(links)]
    hosts = sorted({address.partition("/")[0] for address in addresses})
    walls = {host: dice.choice(WALLS) for host in hosts if dice.random() < WALLED_HOSTS}
    open_ = [address for address in addresses if address.partition("/")[0] not in walls]
    dies = {}
    for number, address in enumerate(dice.sample(open_, min(len(open_), round(links * DEAD_LINKS)))):
        first = 0 if number % 2 == 0 else dice.randrange(1, max(2, runs - 2))
        dies[address] = (first, dice.choice([how for how in DEATHS if possible(how, address)]))
    return Model(links=addresses, walls=walls, dies=dies)


def possible(how: str, address: str) -> bool:
    """A page in a host's own words is only told from others where the host says the same for nothing."""
    return how != "own-soft-404" or int(address[1:].partition(".")[0]) % 4 == 1


def resolver(rate: float, seed: int, gone: Callable[[], frozenset[str]]) -> Any:
    """Look-ups that fail now and then: no such name, a fault, or an address where nobody listens."""
    dice = random.Random(seed + 1)

    async def look_up(host: str, _: int) -> Sequence[str]:
        roll = dice.random()
        if host in gone() or roll < rate:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        if roll < 2 * rate:
            raise socket.gaierror(socket.EAI_AGAIN, "try again")
        return ["127.0.0.2"] if roll < 3 * rate else ["127.0.0.1"]

    return look_up


@dataclass(slots=True)
class Figures:
    """One run's counts; `wrong` are the links called dead that are not, with their reasons."""

    checks: int = 0
    false: int = 0
    dead: int = 0
    called: int = 0
    missed: int = 0
    waiting: int = 0
    alive: int = 0
    outage: int = 0
    seconds: float = 0.0
    verdicts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, link: str, kind: VerdictKind, reason: str, detail: str, how: str, *, before: bool) -> None:
        self.checks += 1
        self.verdicts[f"{kind} {reason}"] += 1
        if not how:
            if kind is VerdictKind.DEAD:
                self.false += 1
                self.wrong.append(f"{link}: {reason}, {detail}")
            return
        self.dead += 1
        if kind is VerdictKind.DEAD:
            self.called += 1
        elif before:
            self.missed += 1
            self.wrong.append(f"{link}: died by {how}, now {kind} {reason}, {detail}")
        else:
            self.waiting += 1
        if kind in (VerdictKind.OK, VerdictKind.MOVED):
            self.alive += 1
            self.wrong.append(f"{link}: died by {how}, called {kind} {reason}, {detail}")


@dataclass(slots=True)
class Crawl:
    """The links' histories from run to run, and which were called dead."""

    model: Model
    port: int
    rate: float
    seed: int
    histories: dict[str, LinkHistory] = field(default_factory=dict)
    confirmed: set[str] = field(default_factory=set)

    async def run(self, number: int) -> Figures:
        dead = self.model.dead_in(number)
        # A name that is gone takes all its pages along: only the one link's own name goes.
        names = {link: self.name(link, dead) for link in self.model.links}
        links = {f"http://{name}:{self.port}/page/{link.rpartition('/')[2]}": link for link, name in names.items()}
        gone = frozenset(name for name in names.values() if name.startswith("gone"))
        crawl = CrawlSettings(
            delay=0, per_host=4, concurrency=100, timeout=1.5, retries=1, retry_wait=0.05, max_retry_after=0.3
        )
        policy = Policy(confirm_wait=0.4)
        now = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=HOURS_APART * number)
        clock, figures, began = SystemClock(), Figures(), time.perf_counter()
        look_up = resolver(self.rate, self.seed + number, lambda: gone)
        network = NetworkSettings(allow=("127.0.0.0/24",))
        async with HttpFetcher(crawl, network, clock, resolver=look_up) as fetcher:
            sweeper = PoliteSweeper(fetcher, crawl, policy, clock, health=health_of, likeness=Reading().likeness)
            orders = (
                FetchOrder(url=url, history=self.histories.get(link, LinkHistory())) for url, link in links.items()
            )
            async for visit in sweeper.sweep(orders):
                link = links[visit.url]
                history = self.histories.get(link, LinkHistory())
                verdict = judge(visit, history, policy, now)
                figures.outage += visit.outage
                figures.add(
                    link, verdict.kind, verdict.reason, verdict.detail, dead.get(link, ""),
                    before=link in self.confirmed,
                )  # fmt: skip
                self.histories[link] = advance(history, visit, verdict, now, confirm=policy.confirm)
                if verdict.kind is VerdictKind.DEAD:
                    self.confirmed.add(link)
        figures.seconds = time.perf_counter() - began
        return figures

    def name(self, link: str, dead: dict[str, str]) -> str:
        host = link.partition("/")[0]
        return f"gone-{link.rpartition('/')[2]}.example" if dead.get(link) == "nxdomain" else host


def measure(links: int, runs: int, rate: float, seed: int) -> dict[str, Any]:
    model = make_model(links, runs, seed)
    here, there = multiprocessing.Pipe()
    web = Web(rate=rate, seed=seed, walls=model.walls)
    server = multiprocessing.get_context("fork").Process(target=serve, args=(web, there), daemon=True)
    server.start()
    crawl = Crawl(model=model, port=here.recv(), rate=rate, seed=seed)
    results = []
    try:
        for number in range(runs):
            here.send(model.dead_in(number))
            here.recv()
            results.append(asyncio.run(crawl.run(number)))
            one = results[-1]
            print(
                f"run {number + 1}: {one.seconds:.0f} s, false {one.false}, missed {one.missed},"
                f" dead {one.dead}, called {one.called}, waiting {one.waiting}",
                file=sys.stderr,
            )
            for line in one.wrong:
                print(f"  {line}", file=sys.stderr)
    finally:
        here.send(None)
        server.join(5)
    return summary(results, links=links, rate=rate, seed=seed)


def summary(results: Sequence[Figures], *, links: int, rate: float, seed: int) -> dict[str, Any]:
    names = ("checks", "false", "dead", "called", "missed", "waiting", "alive", "outage")
    verdicts: Counter[str] = sum((one.verdicts for one in results), Counter())
    return {
        "links": links,
        "runs": len(results),
        "rate": rate,
        "seed": seed,
        "faults": list(FAULTS),
        "total": {name: sum(getattr(one, name) for one in results) for name in names},
        "per_run": [
            {**{name: getattr(one, name) for name in names}, "seconds": round(one.seconds, 1)} for one in results
        ],
        "verdicts": dict(verdicts.most_common()),
        "wrong": [line for one in results for line in one.wrong][:100],
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--links", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--rate", type=float, default=0.005, help="of each kind of fault, for each answer")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if options.links < 1 or options.runs < 1 or not 0 <= options.rate * len(FAULTS) < 1:
        print("--links and --runs are at least 1, and --rate leaves room for good answers", file=sys.stderr)
        return 2
    result = measure(options.links, options.runs, options.rate, options.seed)
    print(json.dumps(result, indent=1))
    return 1 if result["total"]["false"] or result["total"]["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
