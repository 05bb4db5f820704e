"""Sends what is due to whom it is due, through apprise. A target that fails is tried later, and holds up no other.

What is told is claimed in the store before, and marked after: a crash in between sends it again when the claim has run
out, so that nothing is lost; two runs at once never send the same.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from loccit.errors import UsageError
from review.model import Report
from review.notices import (
    Message,
    digest_day,
    digest_message,
    key_of,
    news,
    quiet_message,
    urgent_changes,
    urgent_message,
)
from review.settings import NotifySettings
from storage.notices import Notices

_TIMEOUT: Final = 15.0
"""Seconds for each of connecting and reading, unless the address says otherwise (`?cto=`, `?rto=`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`name` is for messages: the service and a short digest, since an address may hold a password."""

    name: str
    id: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    sent: int = 0
    failed: tuple[str, ...] = ()


class Sender(Protocol):
    def send(self, target: Target, title: str, body: str) -> bool: ...


def targets_of(urls: Sequence[str]) -> list[Target]:
    found = {}
    for url in urls:
        mark = hashlib.sha256(url.strip().encode("utf-8", "replace")).hexdigest()
        scheme = url.strip().partition("://")[0]
        found[mark] = Target(name=f"{scheme[:20]} {mark[:6]}", id=mark, url=url.strip())
    return list(found.values())


class Messenger:
    """Delivers by apprise. Raises UsageError where it is not installed; everything else is a failed delivery."""

    def __init__(self) -> None:
        try:
            import apprise
        except ImportError:
            raise UsageError("notices need apprise, which is not installed", "Install loccit[notify].") from None
        self._apprise: Any = apprise
        # It logs addresses with their passwords when something goes wrong.
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)

    def send(self, target: Target, title: str, body: str) -> bool:
        try:
            service = self._apprise.Apprise.instantiate(target.url, suppress_exceptions=True)
            if service is None:
                return False
            service.socket_connect_timeout = max(service.socket_connect_timeout or 0, _TIMEOUT)
            service.socket_read_timeout = max(service.socket_read_timeout or 0, _TIMEOUT)
            told = self._apprise.NotifyFormat.TEXT
            return bool(service.notify(title=title, body=body, body_format=told))
        except Exception:  # noqa: BLE001
            # A hundred services of others' making: whatever goes wrong in one must not keep the rest from being told.
            return False


def due_messages(report: Report, settings: NotifySettings, *, base: str, now: datetime) -> list[Message]:
    """What somebody who was told nothing yet would be told now."""
    changes = urgent_changes(report.findings, settings)
    digest = _digest(report, settings, base=base, now=now)
    return [*([urgent_message(changes, base=base)] if changes else []), *([digest[1]] if digest else [])]


def send_due(
    notices: Notices,
    sender: Sender,
    targets: Sequence[Target],
    report: Report,
    settings: NotifySettings,
    *,
    base: str,
    now: datetime,
) -> Sent:
    """Tell every target what it has not been told."""
    done = Sent()
    for target in targets:
        done = _urgent(notices, sender, target, report, settings, done, base=base, now=now)
        digest = _digest(report, settings, base=base, now=now)
        if digest is not None:
            done = _send(notices, sender, target, [key_of(target.id, digest[0])], digest[1], done, now=now)
    return done


def _urgent(
    notices: Notices,
    sender: Sender,
    target: Target,
    report: Report,
    settings: NotifySettings,
    done: Sent,
    *,
    base: str,
    now: datetime,
) -> Sent:
    changes = urgent_changes(report.findings, settings)
    told = notices.told([key_of(target.id, key) for change in changes for key in change.keys])
    fresh, known = news(changes, told, target.id)
    notices.sent(known, "urgent", at=now)
    # Claimed by what names the change; one that waits for its next try, or is being sent, is left alone.
    mine = set(notices.claim([key_of(target.id, change.keys[0]) for change in fresh], "urgent", at=now))
    fresh = [change for change in fresh if key_of(target.id, change.keys[0]) in mine]
    if not fresh:
        return done
    keys = [key_of(target.id, key) for change in fresh for key in change.keys]
    return _deliver(notices, sender, target, keys, sorted(mine), urgent_message(fresh, base=base), done, now=now)


def _digest(report: Report, settings: NotifySettings, *, base: str, now: datetime) -> tuple[str, Message] | None:
    on = digest_day(settings, ZoneInfo(settings.zone), now)
    if on is None:
        return None
    message = digest_message(report, on=on, base=base) or (quiet_message(report, on=on) if settings.empty else None)
    return None if message is None else (f"digest {on.isoformat()}", message)


def _send(
    notices: Notices, sender: Sender, target: Target, keys: list[str], message: Message, done: Sent, *, now: datetime
) -> Sent:
    mine = notices.claim(keys, message.kind, at=now)
    return _deliver(notices, sender, target, mine, mine, message, done, now=now) if mine else done


def _deliver(
    notices: Notices,
    sender: Sender,
    target: Target,
    keys: list[str],
    claimed: list[str],
    message: Message,
    done: Sent,
    *,
    now: datetime,
) -> Sent:
    if sender.send(target, message.title, message.body):
        notices.sent(keys, message.kind, at=now)
        return replace(done, sent=done.sent + 1)
    notices.failed(claimed, at=now)
    return replace(done, failed=(*done.failed, target.name))
