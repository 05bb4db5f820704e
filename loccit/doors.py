"""Who is let into the pages, wired: accounts, the trusted proxy, names that the server goes by."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from loccit.app import App
from loccit.badges import badge
from loccit.errors import UsageError
from review.people import Role, SessionRules
from review.web import api, feeds, login, reports, tokens
from review.web.outward import Outward, make_outward
from review.web.security import LOOPBACK_NAMES, Security, is_loopback
from review.web.sessions import Door, ProxyTrust, networks_of, why_closed
from storage.errors import StoreError
from storage.store import Store


def outward_routes() -> list[BaseRoute]:
    """Logging in, accounts, reports, feeds, badges, the API."""
    return [*login.routes(), *tokens.routes(), *reports.routes(), *feeds.routes(), *api.routes()]


def make_door(app: App, store: Store, host: str) -> Outward:
    """Raises UsageError where the pages must not be opened at this address."""
    review = app.settings.review
    proxy = ProxyTrust(
        networks=networks_of(review.proxies),
        user_header=review.user_header,
        role=Role(review.user_role) if review.user_role else None,
    )
    names = _names(app)
    if why := why_closed(host, accounts=store.accounts.count(), names=sorted(names), proxy=proxy):
        raise UsageError(why, "Make the first account: `loccit user invite NAME --role admin`.")
    door = Door(
        people=store.accounts,
        now=app.clock.now,
        open=is_loopback(host) and not (names or (proxy.networks and proxy.user_header)),
        secure=review.url.startswith("https://"),
        proxy=proxy,
        rules=SessionRules(idle=timedelta(hours=review.idle_hours), whole=timedelta(days=review.session_days)),
    )
    return make_outward(
        door=door, people=store.accounts, box=store, settings=review, badge=badge, version=version("loccit")
    )


def make_security(app: App, outward: Outward, host: str) -> list[Middleware]:
    """The middleware that refuses other names and says who asks."""
    names = _names(app) | (LOOPBACK_NAMES if is_loopback(host) else frozenset())
    if not _names(app) and not is_loopback(host):
        # The address itself, and any name where it is all of this machine's: logins protect what is behind.
        names = frozenset({"*"}) if host in ("0.0.0.0", "::", "") else frozenset({_bracketed(host)})  # noqa: S104
    door = outward.door
    return [Middleware(Security, hosts=frozenset(names), secure=door.secure, door=door, outages=(StoreError,))]


def _names(app: App) -> frozenset[str]:
    review = app.settings.review
    host = urlsplit(review.url).hostname if review.url else None
    named = {*review.hosts, *([_bracketed(host)] if host else [])}
    return frozenset(name for name in named if not is_loopback(name))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host.lower()


_READERS = ("/report", "/embed/report", "/api/v1/reports")


class WithoutSecrets(logging.Filter):
    """Takes out of the access log what is nobody's business: tokens in addresses, links that set a password, and the
    addresses of readers who report something.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_redacted(each) for each in record.args)
            if any(isinstance(each, str) and each.startswith(_READERS) for each in record.args):
                record.args = ("-", *record.args[1:])
        return True


def _redacted(part: Any) -> Any:
    if not isinstance(part, str):
        return part
    path, mark, _ = part.partition("?")
    if path.startswith("/welcome/"):
        return "/welcome/…"
    return f"{path}?…" if mark else part


def hide_secrets(loggers: Sequence[str] = ("uvicorn.access", "uvicorn.error")) -> None:
    """To be called once, before the server runs."""
    for name in loggers:
        logging.getLogger(name).addFilter(WithoutSecrets())
