"""Advice from a finished check or crawl: from what was counted to the setting that would help. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

from crawler.judge import CERTIFICATE
from crawler.model import Verdict, VerdictKind
from crawler.signs import NEEDS_BROWSER
from review.model import CheckReport
from review.text import count, one_line

MOST_HINTS: Final = 3
_MANY: Final = 3
_TLS: Final = ("tls-expired", "tls-hostname", "tls-untrusted", "tls-error")
_WALLS: Final = ("http-401", "http-403", "challenge", "login-wall", "consent-wall", "geo-block")


def hints(
    outcomes: Iterable[tuple[str, Verdict]],
    *,
    guides: int,
    citations: int | None = None,
    bases_made: int = 0,
    first_crawl: bool = False,
    outage: bool = False,
) -> tuple[str, ...]:
    """At most three lines of advice, the most useful first.

    `outcomes` are (URL, verdict), one for each resource looked at; `bases_made` how many citations got a first basis.
    """
    if outage:
        return ("The network of this machine seems to be down. Nothing was recorded; run it again when it is back.",)
    if not guides:
        return ("No guides were found. See `paths` under [guides] in loccit.toml, or run `loccit init`.",)
    seen = list(outcomes)
    if not seen and citations == 0:
        return ("The guides cite nothing. See `citations` in a guide's front matter, or `inline` under [guides].",)
    found = (
        _first_crawl(bases_made, first_crawl),
        _untrusted(seen),
        _rate_limited(seen),
        _walled(seen),
        _scripted(seen),
        _robots(seen),
        _forbidden(seen),
        expiring(seen),
        _moved(seen),
    )
    return tuple(hint for hint in found if hint)[:MOST_HINTS]


def check_hints(report: CheckReport) -> tuple[str, ...]:
    """The same, of a finished check."""
    outcomes = {each.citation.url.partition("#")[0]: each.verdict for each in report.citations}
    return hints(outcomes.items(), guides=report.guides, citations=len(report.citations), outage=report.outage)


def _first_crawl(bases_made: int, first: bool) -> str:
    if not first or not bases_made:
        return ""
    return f"First crawl: {count(bases_made, 'citation')} got a basis today; changes count from now on."


def _untrusted(seen: Sequence[tuple[str, Verdict]]) -> str:
    failing = [verdict for _, verdict in seen if verdict.kind is not VerdictKind.OK]
    tls = [verdict for verdict in failing if verdict.reason in _TLS]
    untrusted = sum(verdict.reason in ("tls-untrusted", "tls-error") for verdict in tls)
    if len(tls) < _MANY or untrusted < len(tls) / 2 or len(tls) < len(failing) / 2:
        return ""
    return (
        f"{count(len(tls), 'source')} failed for their certificates. Behind a company proxy, "
        "set `ca_file` under [network] to its authority; see also whether this machine's clock is right."
    )


def _rate_limited(seen: Sequence[tuple[str, Verdict]]) -> str:
    host, number = _most(url for url, verdict in seen if verdict.reason == "http-429")
    if number < _MANY:
        return ""
    return f"{host} limited the rate of {number:,} requests. Raise `delay` or lower `per_host` under [crawl]."


def _walled(seen: Sequence[tuple[str, Verdict]]) -> str:
    walled = (url for url, v in seen if v.kind is VerdictKind.BLOCKED and v.reason in _WALLS)
    host, number = _most(walled)
    if number < _MANY:
        return ""
    return (
        f"{host} showed no page for {number:,} sources. Name yourself in `user_agent` under [crawl] and ask them to "
        "let it in, or list the host under `skip`."
    )


def _scripted(seen: Sequence[tuple[str, Verdict]]) -> str:
    pages = sum(1 for _, verdict in seen if verdict.reason == NEEDS_BROWSER)
    if not pages:
        return ""
    return f"{count(pages, 'page')} can only be read with a browser; `loccit doctor` says what it takes."


def _robots(seen: Sequence[tuple[str, Verdict]]) -> str:
    host, number = _most(url for url, verdict in seen if verdict.reason == "robots")
    if number < _MANY:
        return ""
    return f"robots.txt of {host} asks not to fetch {number:,} sources. They stay unjudged; ask the site to allow you."


def _forbidden(seen: Sequence[tuple[str, Verdict]]) -> str:
    host, number = _most(url for url, verdict in seen if verdict.reason == "forbidden-address")
    if not number:
        return ""
    return f"{host} is on a private network. If it is yours, open that network with `allow` under [network]."


def _moved(seen: Sequence[tuple[str, Verdict]]) -> str:
    number = sum(verdict.kind is VerdictKind.MOVED for _, verdict in seen)
    if number < _MANY:
        return ""
    return f"{number:,} links have moved for good. Put their new addresses, as given above, into the guides."


def expiring(seen: Iterable[tuple[str, Verdict]]) -> str:
    """The certificates that are about to run out, the first by name; "" where none is.

    Judging says so in a verdict's detail, by the clock of the run.
    """
    dates = {
        _host(verdict.final_url or url): verdict.tls_expires
        for url, verdict in seen
        if verdict.tls_expires is not None and CERTIFICATE in verdict.detail
    }
    if not dates:
        return ""
    host, when = min(dates.items(), key=lambda one: (one[1], one[0]))
    others = f", and those of {count(len(dates) - 1, 'other host')} soon" if len(dates) > 1 else ""
    return (
        f"The certificate of {host} expires on {when:%Y-%m-%d}{others}. Readers will get a warning instead of a page."
    )


def _most(urls: Iterable[str]) -> tuple[str, int]:
    counted = Counter(filter(None, map(_host, urls)))
    return counted.most_common(1)[0] if counted else ("", 0)


def _host(url: str) -> str:
    try:
        return one_line(urlsplit(url).hostname or "", 100)
    except ValueError:
        return ""
