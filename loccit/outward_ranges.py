"""Which values the settings of archives, of the pages and of notices may have, beyond their types."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from loccit.mistakes import Mistake

if TYPE_CHECKING:
    from loccit.settings import Settings

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
_PREFIX: Final = re.compile(r"https?://[^\s/@?#]+/[^\s#]*")
_FILE_URL: Final = re.compile(r"https?://[^\s/@?#]+/\S*\{path\}\S*")
_WAYS: Final = ("file", "branch", "patch", "none")
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\]")


def outward_mistakes(settings: "Settings") -> Iterator[Mistake]:
    """Every value of [archive], [review] and [notify] that cannot be meant."""
    yield from _archive(settings)
    yield from _review(settings)
    yield from _writing(settings)
    yield from _notify(settings)


def _archive(settings: "Settings") -> Iterator[Mistake]:
    for key, value in (("memento", settings.archive.memento), ("save_url", settings.archive.save_url)):
        if value and not _PREFIX.fullmatch(value):
            hint = 'Write "https://web.archive.org/web/": the address of a page is put behind it.'
            yield Mistake(section="archive", key=key, message=f"{value!r} is no prefix of addresses", hint=hint)


def _review(settings: "Settings") -> Iterator[Mistake]:
    review = settings.review
    if review.url and not _ORIGIN.fullmatch(review.url.rstrip("/")):
        hint = 'Write "https://review.example.org": the pages stand at the top of their host.'
        yield Mistake(section="review", key="url", message=f"{review.url!r} is no address of a host", hint=hint)
    for host in review.hosts:
        if not _HOST.fullmatch(host):
            yield Mistake(section="review", key="hosts", message=f"{host!r} is no host's name in lower case")
    for origin in review.report_origins:
        if not _ORIGIN.fullmatch(origin):
            hint = 'Write "https://www.example.org", in lower case and without a path.'
            yield Mistake(section="review", key="report_origins", message=f"{origin!r} is no origin", hint=hint)
    if review.user_header and not re.fullmatch(r"[A-Za-z0-9-]{1,80}", review.user_header):
        yield Mistake(section="review", key="user_header", message=f"{review.user_header!r} is no header's name")
    if review.user_header and not review.proxies:
        hint = "Name in proxies the addresses that may set it: anybody could else."
        yield Mistake(section="review", key="user_header", message="nobody is trusted to set it", hint=hint)
    if review.user_role not in ("", "viewer", "editor", "admin"):
        yield Mistake(section="review", key="user_role", message=f"{review.user_role!r} is no role")
    if review.proxies:
        import ipaddress

        for network in review.proxies:
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                yield Mistake(section="review", key="proxies", message=f"{network!r} is neither address nor network")


def _writing(settings: "Settings") -> Iterator[Mistake]:
    review = settings.review
    if review.file_url and not _FILE_URL.fullmatch(review.file_url):
        hint = 'Write "https://github.com/org/repo/blob/main/{path}#L{line}".'
        yield Mistake(section="review", key="file_url", message=f"{review.file_url!r} leads to no file", hint=hint)
    if review.write not in _WAYS:
        hint = f"Write one of {', '.join(_WAYS)}."
        yield Mistake(section="review", key="write", message=f"{review.write!r} is no way to write", hint=hint)


def _notify(settings: "Settings") -> Iterator[Mistake]:
    notify = settings.notify
    if notify.digest and not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", notify.digest):
        yield Mistake(section="notify", key="digest", message=f"{notify.digest!r} is no time", hint='Write "08:00".')
    for day in notify.days:
        if day not in DAYS:
            yield Mistake(section="notify", key="days", message=f"{day!r} is none of {', '.join(DAYS)}")
    if notify.zone != "UTC":
        # Not at the top: most commands have no use for time zones.
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(notify.zone)
        except (OSError, ValueError, KeyError):
            hint = 'Write "Europe/Berlin".'
            yield Mistake(section="notify", key="zone", message=f"{notify.zone!r} is no time zone", hint=hint)
    # A target is not shown: it may hold a password.
    if any("://" not in target for target in notify.targets):
        yield Mistake(section="notify", key="targets", message="one of them is no address as apprise writes it")
