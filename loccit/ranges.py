"""Which values a setting may have, beyond its type."""

import difflib
import ipaddress
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from crawler.policy import Engine
from loccit.errors import UsageError
from loccit.mistakes import Mistake
from loccit.outward_ranges import outward_mistakes
from review.failing import FAIL_WORDS

if TYPE_CHECKING:
    from loccit.settings import Settings

RANGES = (
    ("crawl", "concurrency", 1, 10_000),
    ("crawl", "per_host", 1, 1_000),
    ("crawl", "delay", 0, 86_400),
    ("crawl", "timeout", 0.001, 86_400),
    ("crawl", "max_bytes", 1, 2**31),
    ("crawl", "retries", 0, 100),
    ("crawl", "retry_wait", 0, 3600),
    ("crawl", "max_redirects", 0, 100),
    ("crawl", "max_retry_after", 0, 86_400),
    ("crawl", "browser_pages", 1, 32),
    ("crawl", "browser_memory", 500, 1_000_000),
    ("policy", "max_age_days", 1, 36_500),
    ("policy", "confirm", 1, 20),
    ("policy", "unreachable_days", 0, 3650),
    ("policy", "settle_hours", 0, 8760),
    ("policy", "confirm_wait", 0, 3600),
    ("policy", "confirm_hours", 0, 8760),
    ("guides", "max_bytes", 1, 2**31),
    ("baseline", "days", 1, 732),
    ("review", "idle_hours", 1, 8760),
    ("review", "session_days", 1, 365),
    ("review", "invite_hours", 1, 8760),
    ("review", "reports_per_hour", 1, 10_000),
    ("review", "reports_per_day", 1, 1_000_000),
    ("store", "whole_days", 0, 36_500),
    ("store", "thin_days", 0, 36_500),
    ("store", "looks_days", 0, 36_500),
    ("archive", "budget", 0, 100_000),
    ("archive", "delay", 0, 3600),
    ("archive", "time_limit", 1, 86_400),
    ("archive", "max_distance_days", 0, 36_500),
    ("archive", "suggest", 0, 100),
)


def mistakes(settings: "Settings") -> Iterator[Mistake]:
    """Every value that its type allows and its meaning does not."""
    for section, key, low, high in RANGES:
        value = getattr(getattr(settings, section), key)
        if not low <= value <= high:
            yield Mistake(section=section, key=key, message=f"{value} is out of range ({low} to {high})")
    if settings.store.keep not in ("texts", "all"):
        yield Mistake(section="store", key="keep", message=f'{settings.store.keep!r} is neither "texts" nor "all"')
    yield from _blobs(settings)
    for word in settings.policy.fail_on:
        if word not in FAIL_WORDS:
            yield Mistake(section="policy", key="fail_on", message=f"{word!r} is unknown", hint=nearest(word))
    yield from _network(settings)
    yield from outward_mistakes(settings)
    yield from _ignores(settings)
    yield from _schedule(settings)


def _schedule(settings: "Settings") -> Iterator[Mistake]:
    schedule = settings.schedule
    if schedule.min_interval > schedule.max_interval:
        yield Mistake(section="schedule", key="min_interval", message="is longer than max_interval")
    if not timedelta(seconds=0.2) <= schedule.heartbeat <= timedelta(hours=1):
        yield Mistake(section="schedule", key="heartbeat", message="is out of range (0.2 seconds to an hour)")
    if schedule.listen and address_of(schedule.listen) is None:
        yield Mistake(
            section="schedule",
            key="listen",
            message=f"cannot read {schedule.listen!r}",
            hint='Write "127.0.0.1:9464", or "" for nowhere.',
        )
    if schedule.engine is Engine.WORKERS and not settings.store.url.startswith(("postgres:", "postgresql")):
        yield Mistake(
            section="schedule",
            key="engine",
            message='"workers" needs PostgreSQL: several machines cannot share a file',
            hint='Set store.url to postgresql+psycopg://…, or engine to "local".',
        )


def address_of(text: str) -> tuple[str, int] | None:
    """Address and port of `127.0.0.1:9464` or `[::1]:9464`; None where it is neither."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        return None
    return host, int(port)


def _blobs(settings: "Settings") -> Iterator[Mistake]:
    address, endpoint = settings.store.blobs, settings.store.blobs_endpoint
    if address and not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?", address):
        yield Mistake(
            section="store", key="blobs", message=f"{address!r} names no bucket", hint='Write "s3://bucket/prefix".'
        )
    if endpoint and not re.fullmatch(r"https?://[^\s/@]+/?", endpoint):
        yield Mistake(
            section="store",
            key="blobs_endpoint",
            message="is not the address of a server",
            hint='Write "https://s3.example.org"; credentials belong into the environment.',
        )


def nearest(word: str) -> str:
    """Help for a word that `fail_on` does not know."""
    near = difflib.get_close_matches(word, FAIL_WORDS, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(FAIL_WORDS)}."


def fail_words_of(words: str | Iterable[str], extra: tuple[str, ...] = ()) -> frozenset[str]:
    """The words of a `--fail-on`. Raises UsageError naming the nearest known one."""
    chosen = frozenset(word.strip() for word in (words.split(",") if isinstance(words, str) else words) if word.strip())
    for word in sorted(chosen):
        if word not in FAIL_WORDS and word not in extra:
            raise UsageError(f"--fail-on: {word!r} is unknown", nearest(word))
    return chosen


def _ignores(settings: "Settings") -> Iterator[Mistake]:
    for rule in settings.links.ignore:
        if not (rule.url or rule.host):
            yield Mistake(section="links", key="ignore", message="an entry names neither `url` nor `host`")
        if not rule.reason.strip():
            hint = 'Write reason = "…": the next editor has to know whether it still holds.'
            yield Mistake(section="links", key="ignore", message="an entry gives no reason", hint=hint)


def _network(settings: "Settings") -> Iterator[Mistake]:
    for network in settings.network.allow:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            yield Mistake(
                section="network",
                key="allow",
                message=f"{network!r} is not a network",
                hint='Write "10.0.0.0/8" or "::1/128".',
            )
    for source, target in settings.network.connect_to.items():
        if not all(re.fullmatch(r".+:\d{1,5}", part) for part in (source, target)):
            yield Mistake(
                section="network",
                key="connect_to",
                message=f"cannot read {source!r} = {target!r}",
                hint='Write "host:port" = "address:port".',
            )
    if settings.network.ca_file and not (settings.root / settings.network.ca_file).is_file():
        yield Mistake(section="network", key="ca_file", message=f"there is no file {settings.network.ca_file!r}")
