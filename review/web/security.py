"""Who asks, and may they: the user of a request, tokens against forged forms, and the headers of every answer.

What keeps another site from acting through an editor's browser: cookies are `SameSite`, a request that a browser says
comes from elsewhere (`Sec-Fetch-Site`, `Origin`) changes nothing, and every form carries a token that only our pages
know. Any one of the three would do.
"""

import asyncio
import hmac
import ipaddress
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias
from urllib.parse import parse_qsl, quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review.people import AccountId, Role, csrf_of, new_secret

Rights: TypeAlias = Role
"""What a person may do; each includes the ones before."""

COOKIE: Final = "loccit_form"
FIELD: Final = "token"
MAX_BODY: Final = 1_000_000
"""Bytes of any request's body."""
BODY_SECONDS: Final = 20.0
"""… and how long it may take to arrive."""
_MAX_FORM: Final = 256_000
_MAX_FIELDS: Final = 2_000
_SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS"))
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
_RAW_HEADERS: Final = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())
OPEN_PATHS: Final = (
    "/login",
    "/welcome/",
    "/static/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/report",
    "/embed/",
    "/badge/",
    "/feeds/",
    "/api/",
)
"""What is answered to who is not logged in; feeds, badges and the API ask for tokens themselves."""
FOREIGN_POSTS: Final = ("/embed/report", "/api/v1/")
"""What other sites may post to; these routes look at the origin, or at a token, themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who asks. `local`: nobody logged in, since the page is open on this machine alone. `way`: how we know them."""

    name: str
    role: Rights = Rights.EDITOR
    local: bool = False
    known: bool = True
    way: str = ""
    account: AccountId | None = None

    @property
    def may_decide(self) -> bool:
        return self.known and self.role.include(Rights.EDITOR)

    @property
    def may_keep(self) -> bool:
        """Accounts and tokens; asked by a template."""
        return self.known and self.role.include(Rights.ADMIN)


LOCAL: Final = User(name="editor", role=Rights.ADMIN, local=True, way="open")
NOBODY: Final = User(name="", role=Rights.VIEWER, known=False)

Form: TypeAlias = Mapping[str, Sequence[str]]
FormHandler: TypeAlias = Callable[[Request, Form], Response]
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a request's head says: the user, the address that it came from, and the secret that its forms hang on."""

    user: User
    address: str
    seed: str = ""


class Doorkeeper(Protocol):
    """Says who asks (see `review.web.sessions.Door`)."""

    def know(self, scope: Scope) -> Known: ...


def user_of(request: Request) -> User:
    user: User = request.state.user
    return user


def address_of(request: Request) -> str:
    """Where the request came from, by the proxies that are trusted to say so."""
    address: str = request.state.address
    return address


def may(request: Request, role: Rights) -> User:
    """The user, where they have these rights. Raises 403."""
    user = user_of(request)
    if not user.known:
        raise HTTPException(401, "Log in first.")
    if not user.role.include(role):
        raise HTTPException(403, f"This needs the rights of an {role}; you are signed in as a {user.role}.")
    return user


def form_token(request: Request) -> str:
    """What a form on a page of ours sends back: made from the secret of the browser's cookie, which no page knows."""
    seed: str = request.state.form_seed
    return csrf_of(seed)


def check_token(request: Request, token: str) -> None:
    """Raises 403 where the form is not one of ours."""
    if not hmac.compare_digest(token.encode("utf-8", "replace"), form_token(request).encode()):
        raise HTTPException(403, "This form is no longer good. Go back, load the page again and repeat it.")


def form_post(handler: FormHandler, *, role: Rights | None = Rights.EDITOR) -> Endpoint:
    """An endpoint for a form of ours: rights and token are checked, then `handler` runs in a thread.

    Without `role` anybody may send it: the login's form, before anybody is known.
    """

    async def endpoint(request: Request) -> Response:
        form = await read_form(request)
        check_token(request, (form.get(FIELD) or [""])[0])
        if role is not None:
            may(request, role)
        return await run_in_threadpool(handler, request, form)

    return endpoint


async def read_form(request: Request, limit: int = _MAX_FORM) -> dict[str, list[str]]:
    """The fields of a posted form. Raises 413 and 400 where it is too large or none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(400, "Forms are sent as application/x-www-form-urlencoded.")
    body = await read_body(request, limit)
    fields: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="replace")
    except (ValueError, UnicodeDecodeError):
        raise HTTPException(400, "The form cannot be read.") from None
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


async def read_body(request: Request, limit: int) -> bytes:
    """The body. Raises 413 where it is longer than `limit` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HTTPException(413, "That is too large.")
    return bytes(body)


_AWAY: Final = "The store does not answer just now. Please try again in a moment.\n"
LOOPBACK_NAMES: Final = frozenset(("localhost", "127.0.0.1", "[::1]"))
"""The names by which a browser on this machine reaches a server on loopback."""


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_name(host: str) -> str:
    """A Host header's name, without its port, in lower case."""
    name = host.lower()
    if name.endswith("]"):
        return name
    head, colon, port = name.rpartition(":")
    return head if colon and port.isdigit() else name


def from_elsewhere(headers: Headers, own: frozenset[str]) -> bool:
    """Whether a browser says that another site's page sent this. `own`: names that are ours beside the Host."""
    site = headers.get("sec-fetch-site", "")
    if site:
        return site not in ("same-origin", "none")
    origin = headers.get("origin", "")
    if not origin:
        return False
    try:
        place = urlsplit(origin).netloc.lower()
    except ValueError:
        return True
    return place != headers.get("host", "").lower() and host_name(place) not in own


class Security:
    """Middleware: refuses unknown hosts (DNS rebinding), says who asks, and puts the headers on every answer.

    Without `door` everybody who reaches it is let in: on loopback, in tests.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: frozenset[str],
        secure: bool = False,
        door: Doorkeeper | None = None,
        outages: tuple[type[Exception], ...] = (),
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._secure = secure
        self._door = door
        self._outages = outages
        self._cookie = cookie_name(COOKIE, secure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1003})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        state = scope.setdefault("state", {})
        seed = Request(scope).cookies.get(self._cookie, "")
        fresh = not (len(seed) == 43 and seed.isascii())
        seed = new_secret() if fresh else seed

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._dress(MutableHeaders(scope=message), seed if fresh else "")
            await send(message)

        refused = self._refused(scope, headers)
        if refused is None:
            known = await self._who(scope)
            if known is None:
                refused = PlainTextResponse(_AWAY, 503, headers={"Retry-After": "10"})
            else:
                state["user"], state["address"], state["form_seed"] = known.user, known.address, known.seed or seed
                refused = None if known.user.known or is_open(scope["path"]) else _to_login(scope, headers)
        await (refused or self._app)(scope, bounded(receive), told)

    async def _who(self, scope: Scope) -> Known | None:
        """Who asks; None where the store does not say."""
        if self._door is None:
            return Known(user=LOCAL, address=peer_of(scope))
        try:
            return await run_in_threadpool(self._door.know, scope)
        except self._outages:
            return None

    def _refused(self, scope: Scope, headers: Headers) -> Response | None:
        hosts = headers.getlist("host")
        name = host_name(hosts[0]) if len(hosts) == 1 else ""
        if "*" not in self._hosts and name not in self._hosts:
            return PlainTextResponse("This server does not go by that name.\n", 421)
        size = headers.get("content-length", "0")
        if not size.isdigit() or len(size) > 12 or int(size) > MAX_BODY:
            return PlainTextResponse("That is too large.\n", 413)
        path = scope["path"]
        foreign = any(path == each or (each.endswith("/") and path.startswith(each)) for each in FOREIGN_POSTS)
        if scope["method"] not in _SAFE and not foreign and from_elsewhere(headers, self._hosts - {"*"}):
            return PlainTextResponse("This was sent by another site, and nothing was done.\n", 403)
        return None

    def _dress(self, headers: MutableHeaders, seed: str) -> None:
        told = {name for name, _ in headers.raw}
        headers.raw.extend(pair for pair in _RAW_HEADERS if pair[0] not in told)
        if headers.get("x-frame-options") == "":
            del headers["x-frame-options"]
        if "cache-control" not in headers:
            headers["Cache-Control"] = "no-store"
        if self._secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if seed and "x-no-cookie" not in headers:
            headers.append("Set-Cookie", cookie(self._cookie, seed, secure=self._secure))
        if "x-no-cookie" in headers:
            del headers["x-no-cookie"]


def cookie_name(name: str, secure: bool) -> str:
    """With `__Host-`, browsers take it from this very host over https alone: no neighbour of the domain can set it."""
    return f"__Host-{name}" if secure else name


def cookie(name: str, value: str, *, secure: bool, seconds: int | None = None) -> str:
    """A Set-Cookie header. `seconds` 0 takes it away; without it, it lives as long as the browser runs."""
    age = "" if seconds is None else f"; Max-Age={seconds}"
    return f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}{age}"


def is_open(path: str) -> bool:
    """Whether who is not logged in gets an answer."""
    return any(path == each or (each.endswith("/") and path.startswith(each)) for each in OPEN_PATHS)


def peer_of(scope: Scope) -> str:
    """The address at the other end of the connection."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def safe_next(target: str) -> str:
    """Where to go after the login: a path of ours, and nothing that a browser could read as another site."""
    plain = target.isascii() and target.isprintable() and "\\" not in target and len(target) <= 2_000
    if not plain or not target.startswith("/") or target.startswith("//"):
        return "/"
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or parts.path.startswith(("//", "/login", "/logout")):
        return "/"
    return target


def _to_login(scope: Scope, headers: Headers) -> Response:
    if headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": "/login"})
    if scope["method"] not in ("GET", "HEAD"):
        return PlainTextResponse("Log in first.\n", 401)
    query = scope.get("query_string", b"").decode("ascii", "replace")
    wanted = safe_next(quote(scope["path"], safe="/:@") + (f"?{query}" if query else ""))
    target = "/login" if wanted == "/" else f"/login?next={quote(wanted, safe='/')}"
    return Response(status_code=303, headers={"Location": target})


def bounded(receive: Receive) -> Receive:
    """The body as it arrives, as long as it is neither too large nor too slow. Raises 413 and 408."""
    size = 0
    done = False
    until = 0.0

    async def limited() -> Message:
        nonlocal size, done, until
        if done:
            return await receive()
        until = until or time.monotonic() + BODY_SECONDS
        try:
            message = await asyncio.wait_for(receive(), max(until - time.monotonic(), 0.001))
        except TimeoutError:
            raise HTTPException(408, "The request took too long to arrive.") from None
        size += len(message.get("body", b""))
        done = message["type"] != "http.request" or not message.get("more_body", False)
        if size > MAX_BODY:
            raise HTTPException(413, "That is too large.")
        return message

    return limited
