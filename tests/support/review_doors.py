"""The whole application in process, as `loccit serve` makes it, asked over ASGI; and a browser's manners."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
import argon2
import httpx
from starlette.applications import Starlette

from loccit.app import App
from loccit.commands.serve import make_site
from loccit.doors import make_door, make_security, outward_routes
from loccit.settings import load
from review.people import Role
from review.settings import ReviewSettings
from review.web.app import make_app
from review.web.outward import Outward
from review.web.sessions import Passwords
from storage.errors import StoreError
from storage.store import Store

PASSWORD = "a horse of another colour"
CHEAP = Passwords(argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@dataclass(kw_only=True)
class House:
    """The application with its store. `outward.door.passwords` are cheap ones."""

    app: Starlette
    outward: Outward
    store: Store
    base: str

    def browser(self, address: str = "127.0.0.1", base: str = "") -> "Browser":
        return Browser(self.app, base or self.base, address)

    def account(self, name: str, role: Role) -> None:
        now = self.outward.door.now()
        self.store.accounts.add(name, role, at=now, by="test", password_hash=CHEAP.hashed(PASSWORD))


def settings_of(app: App, **review: Any) -> None:
    """The application's settings with these of [review]."""
    app.__dict__["settings"] = replace(app.settings, review=ReviewSettings(**review))


def plain_app(folder: Path) -> App:
    app = App(cwd=folder, quiet=True)
    app.__dict__["settings"] = load(folder, {})
    return app


def house(app: App, store: Store, *, host: str = "127.0.0.1") -> House:
    outward = make_door(app, store, host)
    outward.door.passwords = CHEAP
    guarded = make_security(app, outward, host)
    pages = make_app(make_site(app, store), more=outward_routes(), middleware=guarded, outages=(StoreError,))
    pages.state.outward = outward
    base = app.settings.review.url or "http://127.0.0.1:8765"
    return House(app=pages, outward=outward, store=store, base=base)


class Browser:
    """Keeps cookies, follows nothing by itself, and says where its requests come from as browsers do."""

    def __init__(self, app: Starlette, base: str, address: str) -> None:
        self.base = base
        self._transport = httpx.ASGITransport(app=app, client=(address, 50000), raise_app_exceptions=False)
        self.cookies = httpx.Cookies()

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url=self.base, cookies=self.cookies) as client:
                answer = await client.request(method, path, **more)
                self.cookies = client.cookies
                return answer

        return anyio.run(once)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.ask("GET", path, headers=_spelt(headers))

    def post(self, path: str, form: Mapping[str, str], **headers: str) -> httpx.Response:
        sent = {"Origin": self.base, "Sec-Fetch-Site": "same-origin", **_spelt(headers)}
        return self.ask("POST", path, data=dict(form), headers={key: value for key, value in sent.items() if value})

    def submit(self, page: str, action: str, form: Mapping[str, str], **headers: str) -> httpx.Response:
        """Load a page, and send one of its forms with the token that it carries."""
        return self.post(action, {"token": token_in(self.get(page).text), **form}, **headers)

    def login(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return self.submit("/login", "/login", {"name": name, "password": password})


def token_in(text: str) -> str:
    found = re.search(r'name="token" value="([0-9a-f]{64})"', text)
    return found[1] if found else ""


def _spelt(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
