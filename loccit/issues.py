"""The one issue that holds the drift report: opened, brought up to date, closed, over GitHub's REST API.

Issues are known by a label and by a mark in their text, which readers do not see. Two runs at once may both open one:
each looks again after opening, and every run but the first one's issue gives way, so that one stays. A person who
closes the issue is heeded: until the findings change, no new one is opened.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx

from loccit.errors import LoccitError
from review.text import one_line

MARK: Final = "loccit drift report"
MOST_CHARACTERS: Final = 65_536
"""Of an issue's text (GitHub's limit). Bytes are counted here, so that no way of counting comes to more."""
_MARKED: Final = re.compile(rf"<!-- {MARK} ([0-9a-f]{{16}}|well) -->")
_MOST_PAGES: Final = 50
_TRIES: Final = 4
_NEXT: Final = re.compile(r'<([^<>]+)>;\s*rel="next"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """Where issues are kept. `api` is the REST API's base address, `repository` is `owner/name`."""

    api: str
    repository: str
    token: str = field(repr=False)
    label: str = "loccit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be said. `digest` changes with the findings and with nothing else; "" where all is well."""

    title: str
    body: str
    digest: str


class Done(StrEnum):
    OPENED = "opened"
    UPDATED = "updated"
    LEFT = "left as it was"
    CLOSED = "closed"
    NOTHING = "nothing to say"
    HEEDED = "closed by a person since; nothing has changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Issue:
    number: int
    title: str
    body: str
    open: bool
    by_us: bool
    """It was closed because all was well, not by a person."""

    @property
    def digest(self) -> str:
        found = _MARKED.search(self.body)
        return found[1] if found else ""


def digest_of(*parts: object) -> str:
    """A short digest of what the findings are."""
    return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def marked(body: str, digest: str) -> str:
    """The text with the mark by which it is found again."""
    return f"{body.rstrip()}\n\n<!-- {MARK} {digest or 'well'} -->\n"


def bring_up_to_date(hub: Hub, wanted: Wanted, sleep: Callable[[float], None]) -> tuple[Done, int | None]:
    """One open issue that says this, or none where all is well; gives what was done, and the issue's number.

    Raises LoccitError where the API cannot be reached or refuses; no message holds the token.
    """
    with _client(hub) as client:
        api = _Api(client, hub, sleep)
        issues = list(api.issues())
        ours = sorted((each for each in issues if each.open), key=lambda each: each.number)
        if not wanted.digest:
            for each in ours:
                api.close(each.number, title=wanted.title, body=wanted.body, reason="completed")
            for each in issues:
                if not each.open and not each.by_us:
                    # A person closed it; what they decided on is over, so that it opens one again if it comes back.
                    api.write(each.number, {"body": marked(_MARKED.sub("", each.body), "")})
            return (Done.CLOSED, ours[0].number) if ours else (Done.NOTHING, None)
        if ours:
            first, *others = ours
            _give_way(api, others, first.number)
            if (first.title, first.body.replace("\r\n", "\n")) == (wanted.title, wanted.body):
                return Done.LEFT, first.number
            api.write(first.number, {"title": wanted.title, "body": wanted.body})
            return Done.UPDATED, first.number
        # All of them are closed. Those that we closed no longer carry the digest of what they told.
        for each in issues:
            if each.digest == wanted.digest:
                return Done.HEEDED, each.number
        number = api.open(wanted)
        return Done.OPENED, _settled(api, number)


def _settled(api: "_Api", number: int) -> int:
    """After opening: another run may have opened one as well, and the first one stays."""
    there = sorted((each for each in api.issues() if each.open), key=lambda each: each.number)
    # What was just opened may not be listed yet.
    first = min([number, *(each.number for each in there)])
    _give_way(api, [each for each in there if each.number != first], first)
    if number != first and all(each.number != number for each in there):
        api.close(number, body=f"Another run opened #{first} at the same time.", reason="not_planned")
    return first


def _give_way(api: "_Api", others: list[_Issue], first: int) -> None:
    for each in others:
        api.close(each.number, body=f"The report is in #{first}.", reason="not_planned")


def _client(hub: Hub) -> httpx.Client:
    if urlsplit(hub.api).scheme not in ("http", "https") or not urlsplit(hub.api).hostname:
        raise LoccitError(f"{one_line(hub.api, 100)!r} is no address of an API")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", hub.repository, re.ASCII):
        raise LoccitError(f"{one_line(hub.repository, 100)!r} is no repository; write owner/name")
    if not hub.token or not hub.token.isascii() or not hub.token.isprintable() or " " in hub.token:
        raise LoccitError("there is no token to use the API with", "Set GITHUB_TOKEN.")
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {hub.token}",
        "User-Agent": "loccit",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    # Redirects are not followed: they would take the token along.
    return httpx.Client(base_url=hub.api.rstrip("/"), headers=headers, timeout=30, follow_redirects=False)


class _Api:
    def __init__(self, client: httpx.Client, hub: Hub, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._hub = hub
        self._sleep = sleep
        self._path = f"/repos/{hub.repository}/issues"

    def issues(self) -> Iterator[_Issue]:
        """Ours, open and closed. Pull requests are listed among issues by GitHub, and are none."""
        where = f"{self._path}?state=all&per_page=100&labels={quote(self._hub.label, safe='')}"
        for _ in range(_MOST_PAGES):
            answer = self._ask("GET", where)
            for told in self._json(answer, list):
                if isinstance(told, dict) and "pull_request" not in told and (issue := _issue(told)) is not None:
                    yield issue
            following = _NEXT.search(answer.headers.get("link", ""))
            if following is None:
                return
            where = self._same_place(following[1])

    def open(self, wanted: Wanted) -> int:
        told = {"title": wanted.title, "body": wanted.body, "labels": [self._hub.label]}
        number = self._json(self._ask("POST", self._path, told), dict).get("number")
        if not isinstance(number, int):
            raise LoccitError("the API's answer to a new issue names no number")
        return number

    def write(self, number: int, change: dict[str, str]) -> None:
        self._ask("PATCH", f"{self._path}/{number}", change)

    def close(self, number: int, *, body: str, reason: str, title: str = "") -> None:
        change = {"body": marked(body, ""), "state": "closed", "state_reason": reason}
        self.write(number, {**change, **({"title": title} if title else {})})

    def _same_place(self, address: str) -> str:
        base, there = self._client.base_url, httpx.URL(address)
        if (there.scheme, there.host, there.port) != (base.scheme, base.host, base.port):
            raise LoccitError("the API names a next page on another host, which is not asked")
        return address

    def _ask(self, method: str, where: str, told: dict[str, Any] | None = None) -> httpx.Response:
        """Asked again where that cannot do harm: opening an issue twice would."""
        for attempt in range(1, _TRIES + 1):
            last = attempt == _TRIES or method == "POST"
            try:
                answer = self._client.request(method, where, json=told)
            except httpx.HTTPError as error:
                if last:
                    message = f"the API at {self._client.base_url.host} cannot be reached: {type(error).__name__}"
                    raise LoccitError(message) from None
            else:
                if answer.is_success:
                    return answer
                if last or answer.status_code not in (429, 500, 502, 503, 504):
                    raise self._refused(answer)
            self._sleep(2.0**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _refused(self, answer: httpx.Response) -> LoccitError:
        try:
            said = answer.json().get("message", "")
        except (ValueError, AttributeError):
            said = ""
        said = one_line(str(said), 200).replace(self._hub.token, "***")
        hints = {
            401: "Is GITHUB_TOKEN set, and not expired?",
            403: "The job needs `permissions: issues: write`.",
            404: "Is the repository's name right, and may the token see it?",
            410: "Issues are turned off for this repository.",
            301: "The repository has moved; use its new name.",
        }
        return LoccitError(f"the API answered {answer.status_code}: {said}", hints.get(answer.status_code, ""))

    def _json(self, answer: httpx.Response, kind: type[Any]) -> Any:
        try:
            told = answer.json()
        except ValueError:
            told = None
        if not isinstance(told, kind):
            raise LoccitError("the API's answer cannot be read: is this the address of a GitHub API?")
        return told


def _issue(told: dict[str, Any]) -> _Issue | None:
    body, number = told.get("body") or "", told.get("number")
    found = _MARKED.search(str(body))
    if found is None or not isinstance(number, int):
        return None
    return _Issue(
        number=number,
        title=str(told.get("title") or ""),
        body=str(body),
        open=told.get("state") == "open",
        by_us=found[1] == "well",
    )
