"""URLs as browsers read them (WHATWG URL Standard, by Ada), and what two addresses have in common."""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

import ada_url

from crawler.model import RefusalKind

MAX_LENGTH = 8_192
"""Longer URLs are refused: servers answer 414 from about there (RFC 9110, section 4.1 asks for 8,000)."""

_HTTP = {ada_url.SchemeType.HTTP: 80, ada_url.SchemeType.HTTPS: 443}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_TRIM = "".join(map(chr, range(0x21)))
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.\-]*:[/\\]{0,4})[^/\\?#\s]*@")
_NAMES_A_PAGE = re.compile(
    r"(?:^|&)(?:p|page|page_?id|attachment_id|id|post|article\w*|item\w*|product\w*|title|topic|thread|story|story_?id|news\w*|node"
    r"|nid|doc\w*|view|show\w*|r|route|path|file|content|option|curid|cat|category|t|f|q|s|search|\w*id)=[^&]",
    re.IGNORECASE,
)
"""Parameters by which sites are asked for one page of many (WordPress, MediaWiki, phpBB, Joomla, Drupal, shops)."""
_CLICK_ID = re.compile(
    r"(?:^|(?<=&))(?:[a-z]{1,6}clid|utm_id|mc_[ce]id|campaign_?id|aff\w*id|[cs]id|session_?id)=[^&]*&?", re.IGNORECASE
)
"""Parameters that end in "id" and tell of the visitor."""
_HOME_PAGE = re.compile(
    r"(?:/[a-z]{2}(?:[-_][a-z]{2})?)?/?(?:(?:index|default|home)(?:\.[a-z]{3,5})?)?/?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceUrl:
    """One http(s) URL. `href` is normalised and has no fragment.

    User name and password are dropped: they are neither sent nor stored nor printed.

    `host` is without brackets, `key` is `host:port` (IPv6 in brackets), `target` what stands in the request line.
    `fragment` is decoded, its text directives taken out; `directives` are those after `:~:`, as written.
    """

    href: str
    scheme: str
    host: str
    port: int
    target: str
    fragment: str = ""
    directives: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return self.href

    @property
    def whole_fragment(self) -> str:
        """The fragment with its text directives: `id:~:text=words`."""
        return f"{self.fragment}:~:{'&'.join(self.directives)}" if self.directives else self.fragment

    @property
    def key(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def pace(self) -> str:
        """Whose pace a request keeps to: http and https of one name are one host to whoever runs it."""
        return self.key.rpartition(":")[0] if self.port in _HTTP.values() else self.key

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.key}"

    @property
    def authority(self) -> str:
        """What stands in the Host header: the port only where it is not the scheme's own."""
        return self.key.rpartition(":")[0] if self.port == {"http": 80, "https": 443}[self.scheme] else self.key

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlProblem:
    """Why a URL cannot be fetched: `malformed-url` or `unsupported-scheme`; `detail` for people."""

    kind: RefusalKind
    detail: str


def resource_url(raw: str, base: str | None = None) -> ResourceUrl | UrlProblem:
    """Read a URL as a browser would, against `base` where one is given (a redirect's target).

    White space around it and tabs and line ends within it are dropped (WHATWG); spaces in the host make it malformed.
    """
    if len(raw) > MAX_LENGTH:
        return UrlProblem(kind=RefusalKind.MALFORMED, detail=f"longer than {MAX_LENGTH} characters")
    return _read(raw, base)


@lru_cache(maxsize=1_024)
def _read(raw: str, base: str | None) -> ResourceUrl | UrlProblem:
    """Remembered, because each URL is read several times on its way: to queue it, to fetch it, to judge it."""
    text = raw.strip(_TRIM)
    if not text and base is None:
        return UrlProblem(kind=RefusalKind.MALFORMED, detail="empty")
    if base is None and not _SCHEME.match(text):
        return UrlProblem(kind=RefusalKind.MALFORMED, detail=f"no scheme (https://) in {public(text)}")
    try:
        url = ada_url.URL(text, base)
    except ValueError:  # UnicodeEncodeError, for lone surrogates, is one
        return UrlProblem(kind=RefusalKind.MALFORMED, detail=f"not a URL: {public(text)}")
    if url.scheme_type not in _HTTP:
        scheme = url.protocol.rstrip(":")
        return UrlProblem(kind=RefusalKind.SCHEME, detail=f"{one_line(scheme, 40)} addresses cannot be fetched")
    return _resource(url)


def _resource(url: ada_url.URL) -> ResourceUrl:
    scheme = url.protocol.rstrip(":")
    fragment, _, directives = url.hash[1:].partition(":~:")
    if "@" in url.href:
        del url.username, url.password
    if url.hash:
        del url.hash
    return ResourceUrl(
        href=url.href.rstrip("#"),
        scheme=scheme,
        host=url.hostname.strip("[]"),
        port=int(url.port) if url.port else _HTTP[url.scheme_type],
        target=url.pathname + url.search,
        fragment=unquote(fragment, errors="replace"),
        directives=tuple(part for part in directives.split("&") if part),
    )


def host_key(raw: str) -> str:
    """Whose pace a request for a URL keeps to; "" where there is no host that could be asked."""
    url = resource_url(raw)
    return url.pace if isinstance(url, ResourceUrl) else ""


def public(url: str) -> str:
    """A URL as it may be printed: one line, without user name and password, whatever else is wrong with it."""
    text = one_line(url, 2_000)
    if "@" not in text:
        return text
    return _USERINFO.sub(r"\1", text)


def one_line(text: str, limit: int = 300) -> str:
    """Foreign text made fit for one line of a terminal or log: control and direction characters become spaces."""
    clean = _CONTROL.sub(" ", text[: limit * 4]).strip()
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def same_address(one: str, other: str) -> bool:
    """Whether two URLs differ by nothing that is news: http or https, a leading `www.`, the slash at the end."""
    return _essence(one) == _essence(other)


def _essence(raw: str) -> tuple[str, str, str] | str:
    url = resource_url(raw)
    if isinstance(url, UrlProblem):
        return raw
    port = "" if url.port in (80, 443) else str(url.port)
    path, _, query = url.target.partition("?")
    return (url.host.removeprefix("www.").rstrip(".") + ":" + port, path.rstrip("/"), query)


def same_site(one: str, other: str) -> bool:
    """Whether two URLs are of one host, or one's host lies within the other's (`help.x.org`, `www.x.org`, `x.org`)."""
    first, second = resource_url(one), resource_url(other)
    if isinstance(first, UrlProblem) or isinstance(second, UrlProblem):
        return False
    a, b = first.host.removeprefix("www."), second.host.removeprefix("www.")
    return a == b or a.endswith("." + b) or b.endswith("." + a)


def is_home(raw: str) -> bool:
    """Whether a URL is its host's home page: `/`, `/en/`, `/index.html` and the like, without a query."""
    url = resource_url(raw)
    return isinstance(url, ResourceUrl) and "?" not in url.target and bool(_HOME_PAGE.fullmatch(url.path))


def asks_for_home(raw: str) -> bool:
    """Whether whoever follows a URL wants the home page: a query that only says where one comes from, or in which
    language, names no other (`/?utm_source=x`, `/?lang=en`; but `/?p=12` is a page of WordPress).
    """
    url = resource_url(raw)
    if not isinstance(url, ResourceUrl) or not _HOME_PAGE.fullmatch(url.path):
        return False
    query = url.target.partition("?")[2]
    return "=" not in query or not _NAMES_A_PAGE.search(_CLICK_ID.sub("", query))
