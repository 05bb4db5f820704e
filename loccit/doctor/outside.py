"""What lies outside: names, the network, robots.txt and clocks of some cited hosts, and the archive. Politely:
one page of a few hosts is fetched as a crawl would fetch it, and nothing is tried again.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from crawler.fetch import HttpFetcher
from crawler.guard import ForbiddenAddressError, Guard
from crawler.model import Attempt, Failed, FailureKind, Fetched, FetchOrder, NotModified, RefusalKind, Refused
from crawler.ports import Clock
from crawler.urls import ResourceUrl, one_line, resource_url
from guides.model import Library
from loccit.doctor.report import Check, bad, ok, warn
from loccit.fetching import with_ca
from loccit.settings import Settings
from loccit.wiring import checked_guides
from review.text import count

SECONDS: Final = 10.0
"""For one host, at most."""

SKEW: Final = timedelta(minutes=5)
FAR_OFF: Final = timedelta(hours=12)
_OWN_TROUBLE: Final = (FailureKind.NETWORK, FailureKind.DNS_ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One sample: a cited page, the trouble with its name ("" for none), and what came of fetching it."""

    url: ResourceUrl
    name: str
    attempt: Attempt
    heard: datetime


def sample(library: Library, hosts: int) -> list[ResourceUrl]:
    """A cited page of each of the hosts that are cited most."""
    found: dict[str, ResourceUrl] = {}
    cited: Counter[str] = Counter()
    for guide in checked_guides(library):
        for citation in guide.citations:
            url = resource_url(citation.url)
            if isinstance(url, ResourceUrl):
                found.setdefault(url.host, url)
                cited[url.host] += 1
    return [found[host] for host, _ in cited.most_common(hosts)]


def outside_checks(settings: Settings, pages: Sequence[ResourceUrl], clock: Clock) -> list[Check]:
    """What a few cited hosts and the archive say. Raises nothing that they can cause."""
    try:
        asked, archive = asyncio.run(_ask(settings, pages, clock))
    except (ValueError, OSError) as error:
        return [bad("network", f"[network] cannot be used: {error}", "correct it in loccit.toml")]
    checks = [*_names(asked), *_answers(asked), *_robots(asked), *_clock(asked)] if asked else []
    return [*checks, *_archive(settings, archive)]


async def _ask(settings: Settings, pages: Sequence[ResourceUrl], clock: Clock) -> tuple[list[Asked], Attempt | None]:
    crawl = replace(settings.crawl, retries=0, timeout=min(settings.crawl.timeout, SECONDS), max_redirects=5)
    async with HttpFetcher(crawl, with_ca(settings.network, settings.root), clock) as fetcher:
        asked = await asyncio.gather(*(_one(settings, fetcher, page, clock) for page in pages))
        gate = settings.archive.memento
        archive = await fetcher.fetch(FetchOrder(url=gate, attempt=2, follow=False)) if gate else None
    return list(asked), archive


async def _one(settings: Settings, fetcher: HttpFetcher, page: ResourceUrl, clock: Clock) -> Asked:
    name = await _looked_up(settings, page)
    attempt = await fetcher.fetch(FetchOrder(url=page.href, attempt=2))
    return Asked(url=page, name=name, attempt=attempt, heard=clock.now())


async def _looked_up(settings: Settings, page: ResourceUrl) -> str:
    """What is wrong with looking a name up; with a proxy the name may be one that only the proxy knows."""
    guard = Guard(allow=settings.network.allow, connect_to=settings.network.connect_to)
    try:
        async with asyncio.timeout(SECONDS):
            await guard.endpoints(page.host, page.port)
    except ForbiddenAddressError:
        return ""  # it was found, and is told of where the page is fetched
    except TimeoutError:
        return "" if settings.network.proxy else "no answer in time"
    except OSError as error:
        return "" if settings.network.proxy else one_line(str(error.strerror or error), 100)
    finally:
        guard.close()
    return ""


def _names(asked: Sequence[Asked]) -> Iterator[Check]:
    lost = [each for each in asked if each.name]
    if not lost:
        yield ok("dns", f"{count(len(asked), 'name')} of cited hosts found: {_hosts(asked)}")
    elif len(lost) == len(asked):
        said = f"none of {count(len(asked), 'name')} is found ({_hosts(lost)}: {lost[0].name})"
        yield bad("dns", said, "see this machine's resolver (/etc/resolv.conf), or set `proxy` under [network]")
    else:
        yield warn(
            "dns", f"not found: {_hosts(lost)} ({lost[0].name})", "the host may be gone: loccit check tells more"
        )


def _answers(asked: Sequence[Asked]) -> Iterator[Check]:
    heard = [each for each in asked if _answered(each.attempt)]
    closed = [each for each in asked if _is(each.attempt, RefusalKind.ADDRESS)]
    silent = [each for each in asked if isinstance(each.attempt, Failed)]
    if closed:
        todo = "if it is yours and meant to be checked, name its network in `allow` under [network]"
        yield warn("network", f"at a private address, not fetched: {_hosts(closed)}", todo)
    if heard:
        yield ok("network", f"{count(len(heard), 'host')} answered: {_hosts(heard)}")
    if silent and not heard:
        first = silent[0].attempt
        detail = f"{first.kind}: {first.detail}" if isinstance(first, Failed) else ""
        todo = "see the connection, a firewall, `proxy` and `ca_file` under [network]"
        yield bad("network", f"no host answered ({_hosts(silent)}: {detail})", todo)
    elif silent:
        yield warn("network", f"no answer from {_hosts(silent)}", "loccit check tells more")


def _robots(asked: Sequence[Asked]) -> Iterator[Check]:
    shut = [each for each in asked if _is(each.attempt, RefusalKind.ROBOTS)]
    if shut:
        todo = "their owners want no robots there: ask them, or ignore these links with a reason ([[links.ignore]])"
        yield warn("robots", f"robots.txt forbids cited pages of {_hosts(shut)}", todo)
    elif any(_answered(each.attempt) for each in asked):
        yield ok("robots", "robots.txt allows what was asked of them")


def _clock(asked: Sequence[Asked]) -> Iterator[Check]:
    """This machine's clock against the `Date` of those who answered (RFC 9110, section 6.6.1)."""
    ahead = sorted(skew for each in asked if (skew := _skew(each)) is not None)
    if not ahead:
        return
    middle = ahead[len(ahead) // 2]
    way = "ahead of" if middle > timedelta() else "behind"
    off = f"it is {_long(abs(middle))} {way} the clocks of {count(len(ahead), 'host')}"
    todo = "set this machine's clock (NTP): dates of findings and leases rest on it"
    if abs(middle) >= FAR_OFF:
        yield bad("clock", off, todo)
    elif abs(middle) >= SKEW:
        yield warn("clock", off, todo)
    else:
        yield ok("clock", f"as those of {count(len(ahead), 'host')}, within {SKEW.total_seconds() / 60:.0f} minutes")


def _long(time: timedelta) -> str:
    if time >= timedelta(days=2):
        return f"{time / timedelta(days=1):.0f} days"
    return (
        f"{time / timedelta(hours=1):.0f} hours" if time >= timedelta(hours=3) else f"{time.seconds / 60:.0f} minutes"
    )


def _skew(asked: Asked) -> timedelta | None:
    if not isinstance(asked.attempt, Fetched) or not (said := asked.attempt.header("date")):
        return None
    try:
        there = parsedate_to_datetime(said)
    except ValueError:
        return None
    if there.tzinfo is None:
        return None
    # An old answer out of a cache says how old it is (RFC 9111, section 5.1).
    age = asked.attempt.header("age")
    kept = timedelta(seconds=int(age[:9])) if age.isascii() and age.isdigit() else timedelta()
    return asked.attempt.at - there - kept


def _archive(settings: Settings, attempt: Attempt | None) -> Iterator[Check]:
    gate = settings.archive.memento
    if attempt is None:
        yield ok("archive", "no archive is asked (`memento` under [archive] is empty)")
    elif _answered(attempt) and not (isinstance(attempt, Fetched) and attempt.status >= 500):
        yield ok("archive", f"{gate} answers")
    else:
        why = f"answers {attempt.status}" if isinstance(attempt, Fetched) else getattr(attempt, "detail", "no answer")
        todo = 'copies of dead pages are not found meanwhile; memento = "" turns look-ups off'
        yield warn("archive", f"{gate}: {why}", todo)


def _answered(attempt: Attempt) -> bool:
    return isinstance(attempt, Fetched | NotModified) or (
        isinstance(attempt, Refused) and attempt.kind is RefusalKind.ROBOTS and not attempt.passing
    )


def _is(attempt: Attempt, kind: RefusalKind) -> bool:
    return isinstance(attempt, Refused) and attempt.kind is kind


def _hosts(asked: Sequence[Asked]) -> str:
    return ", ".join(one_line(each.url.host, 60) for each in asked[:4]) + (" …" if len(asked) > 4 else "")
