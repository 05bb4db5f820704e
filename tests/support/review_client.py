"""The editors' pages asked as a browser without scripts would ask: links followed, forms filled in and sent."""

import asyncio
import re
from html import unescape
from typing import Any

import httpx

from loccit.app import App
from loccit.commands.serve import make_site
from review.web.app import make_app
from storage.store import Store


class Client:
    """One browser's cookies, and requests straight to the application."""

    def __init__(self, pages: Any) -> None:
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(app=pages, raise_app_exceptions=True)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://localhost")

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self._runner.run(self._client.get(path, **more))

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self._runner.run(self._client.post(path, **more))

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()


class Editor:
    """One browser. `page` gives a page's text; `send` fills in and sends the form that holds a button."""

    def __init__(self, app: App, store: Store, site: Any = None) -> None:
        self.site = site or make_site(app, store)
        self.client = Client(make_app(self.site))
        self.token = ""

    def page(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:400])
        if 'name="token"' in answer.text:
            self.token = token(answer.text)
        return answer.text

    def send(self, html: str, do: str, *, inside: str = "", status: int = 303, **filled: Any) -> Any:
        """Send the first form that has the button `do` and the words `inside`."""
        for form in re.findall(r"<form\b[^>]*>.*?</form>", html, re.S):
            if f'value="{do}"' in form and inside in form:
                return self.post("/decide", {**fields(form), "do": do, **filled}, status=status)
        raise AssertionError(f"no form does {do!r} with {inside!r}")

    def post(self, path: str, data: dict[str, Any], *, status: int = 303, **headers: str) -> Any:
        answer = self.client.post(path, data=data, headers=headers)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:1500])
        return answer

    def undo(self, number: int | str, *, status: int = 303) -> Any:
        return self.post(f"/decisions/{number}/undo", {"token": self.token, "back": "/log"}, status=status)


def token(html: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', html)
    assert found, html[:500]
    return found[1]


def fields(form: str) -> dict[str, Any]:
    """What a form sends as it stands: hidden fields, checked radios."""
    made: dict[str, Any] = {}
    for tag in re.findall(r"<input\b[^>]*>", form):
        name, value = _attribute(tag, "name"), _attribute(tag, "value")
        kind = _attribute(tag, "type") or "text"
        if not name or (kind in ("radio", "checkbox") and " checked" not in tag):
            continue
        made.setdefault(name, []).append(value or "")
    return made


def done_number(answer: Any) -> int:
    """The decision that an answer tells of."""
    found = re.search(r"done=(\d+)", answer.headers["location"])
    assert found, answer.headers["location"]
    return int(found[1])


def _attribute(tag: str, name: str) -> str | None:
    found = re.search(rf'\s{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else None
