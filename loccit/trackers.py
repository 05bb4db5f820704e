"""Issues over the REST APIs of GitHub and GitLab: what each calls things, and one way of asking them both."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx

from loccit.errors import LoccitError
from review.text import one_line

_MOST_PAGES: Final = 50
_TRIES: Final = 4
_NEXT: Final = re.compile(r'<([^<>]+)>;\s*rel="?next"?')
_QUICK_ACTION: Final = re.compile(r"(?m)^([ \t>]*)/(?=[A-Za-z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """How one kind of server says it. `refusals` are hints by status."""

    name: str
    address: str
    """Of the one that everybody can use."""
    variable: str
    """Where the token is looked for."""
    repository: re.Pattern[str]
    path: str
    headers: Mapping[str, str]
    bearer: str
    """The header that carries the token, as a template."""
    number: str
    body: str
    verb: str
    refusals: Mapping[int, str]


GITHUB: Final = Api(
    name="GitHub",
    address="https://api.github.com",
    variable="GITHUB_TOKEN",
    repository=re.compile(r"[\w.-]+/[\w.-]+", re.ASCII),
    path="/repos/{}/issues",
    headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
    bearer="Authorization: Bearer {}",
    number="number",
    body="body",
    verb="PATCH",
    refusals={
        401: "Is GITHUB_TOKEN set, and not expired?",
        403: "The job needs `permissions: issues: write`.",
        404: "Is the repository's name right, and may the token see it?",
        410: "Issues are turned off for this repository.",
        301: "The repository has moved; use its new name.",
    },
)
GITLAB: Final = Api(
    name="GitLab",
    address="https://gitlab.com/api/v4",
    variable="GITLAB_TOKEN",
    # Groups may stand in groups; a project may also be named by its number.
    repository=re.compile(r"[\w.-]+(?:/[\w.-]+)+|\d+", re.ASCII),
    path="/projects/{}/issues",
    headers={"Accept": "application/json"},
    bearer="PRIVATE-TOKEN: {}",
    number="iid",
    body="description",
    verb="PUT",
    refusals={
        401: "Is GITLAB_TOKEN a project's access token, not expired? A job's own CI_JOB_TOKEN writes no issues.",
        403: "The token needs the scope `api` and the role Reporter or more; are issues turned on?",
        404: "Is the project's path right, and may the token see it?",
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """Where issues are kept. `api` is the REST API's base address, `repository` is `owner/name` or a project's path."""

    api: str
    repository: str
    token: str = field(repr=False)
    label: str = "loccit"
    kind: Api = GITHUB


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """An issue as the server has it."""

    number: int
    title: str
    body: str
    open: bool


def client_of(hub: Hub) -> httpx.Client:
    """A client for a hub's API. Raises LoccitError where its address, repository or token cannot be right."""
    if urlsplit(hub.api).scheme not in ("http", "https") or not urlsplit(hub.api).hostname:
        raise LoccitError(f"{one_line(hub.api, 100)!r} is no address of an API")
    if not hub.kind.repository.fullmatch(hub.repository):
        raise LoccitError(f"{one_line(hub.repository, 100)!r} is no repository; write owner/name")
    if not hub.token or not hub.token.isascii() or not hub.token.isprintable() or " " in hub.token:
        raise LoccitError("there is no token to use the API with", f"Set {hub.kind.variable}.")
    name, _, value = hub.kind.bearer.format(hub.token).partition(": ")
    headers = {**hub.kind.headers, "User-Agent": "loccit", name: value}
    # Redirects are not followed: they would take the token along.
    return httpx.Client(base_url=hub.api.rstrip("/"), headers=headers, timeout=30, follow_redirects=False)


class Tracker:
    """The issues of one repository that carry one label."""

    def __init__(self, client: httpx.Client, hub: Hub, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._hub = hub
        self._kind = hub.kind
        self._sleep = sleep
        repository = hub.repository if hub.kind is GITHUB else quote(hub.repository, safe="")
        self._path = hub.kind.path.format(repository)

    def issues(self) -> Iterator[Posted]:
        """Open and closed ones. Pull requests are listed among issues by GitHub, and are none."""
        where = f"{self._path}?state=all&per_page=100&labels={quote(self._hub.label, safe='')}"
        for _ in range(_MOST_PAGES):
            answer = self._ask("GET", where)
            for told in self._json(answer, list):
                if isinstance(told, dict) and "pull_request" not in told and (found := self._posted(told)) is not None:
                    yield found
            following = _NEXT.search(answer.headers.get("link", ""))
            if following is None:
                return
            where = self._same_place(following[1])

    def sent(self, body: str) -> str:
        """A text as it is sent: on GitLab a line that begins with `/` would be a command."""
        return body if self._kind is GITHUB else _QUICK_ACTION.sub(r"\1&#47;", body)

    def open(self, title: str, body: str) -> int:
        labels: Any = [self._hub.label] if self._kind is GITHUB else self._hub.label
        told = {"title": title, self._kind.body: self.sent(body), "labels": labels}
        number = self._json(self._ask("POST", self._path, told), dict).get(self._kind.number)
        if not isinstance(number, int):
            raise LoccitError("the API's answer to a new issue names no number")
        return number

    def write(self, number: int, *, body: str, title: str = "") -> None:
        self._change(number, self._text(body, title))

    def close(self, number: int, *, body: str, title: str = "", done: bool = False) -> None:
        """`done`: it has served its purpose; else it should not have been there."""
        state = (
            {"state": "closed", "state_reason": "completed" if done else "not_planned"}
            if self._kind is GITHUB
            else {"state_event": "close"}
        )
        self._change(number, {**self._text(body, title), **state})

    def _text(self, body: str, title: str) -> dict[str, str]:
        return {self._kind.body: self.sent(body), **({"title": title} if title else {})}

    def _change(self, number: int, change: dict[str, str]) -> None:
        self._ask(self._kind.verb, f"{self._path}/{number}", change)

    def _posted(self, told: dict[str, Any]) -> Posted | None:
        number = told.get(self._kind.number)
        if not isinstance(number, int):
            return None
        return Posted(
            number=number,
            title=str(told.get("title") or ""),
            body=str(told.get(self._kind.body) or ""),
            open=told.get("state") in ("open", "opened"),
        )

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
            told = answer.json()
            said = told.get("message") or told.get("error") or ""
        except (ValueError, AttributeError):
            said = ""
        said = one_line(str(said), 200).replace(self._hub.token, "***")
        hint = self._kind.refusals.get(answer.status_code, "")
        return LoccitError(f"the API answered {answer.status_code}: {said}", hint)

    def _json(self, answer: httpx.Response, kind: type[Any]) -> Any:
        try:
            told = answer.json()
        except ValueError:
            told = None
        if not isinstance(told, kind):
            raise LoccitError(f"the API's answer cannot be read: is this the address of a {self._kind.name} API?")
        return told
