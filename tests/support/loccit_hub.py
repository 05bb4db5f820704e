"""A server on loopback that answers as GitHub's REST API does to the few requests that `loccit issue` makes."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "ghs_A1b2C3d4E5f6G7h8I9j0secret"


class Hub:
    """Issues by number. `faults` are statuses to answer with first; `opening` is called before an issue is made."""

    def __init__(self) -> None:
        self.issues: dict[int, dict[str, Any]] = {}
        self.requests: list[tuple[str, str]] = []
        self.faults: list[int] = []
        self.opening: Callable[[], None] = lambda: None
        self.page_size = 100
        self.port = 0
        self.lock = threading.Lock()

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v3"

    def add(self, **told: Any) -> int:
        with self.lock:
            number = max(self.issues, default=0) + 1
            made = {"number": number, "title": "", "body": "", "state": "open", "labels": [], "closed_at": None}
            self.issues[number] = {**made, **told}
            return number

    def open(self) -> list[dict[str, Any]]:
        return [each for each in self.issues.values() if each["state"] == "open"]

    def answer(self, method: str, path: str, headers: Any, told: Any) -> tuple[int, Any, dict[str, str]]:
        self.requests.append((method, path))
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"message": f"Bad credentials: {headers.get('Authorization')}"}, {}
        if self.faults:
            return self.faults.pop(0), {"message": f"Not now, {TOKEN}\n::error::forged"}, {}
        at = urlsplit(path)
        if (found := re.fullmatch(r"/api/v3/repos/team/guides/issues(?:/(\d+))?", at.path)) is None:
            return 404, {"message": "Not Found"}, {}
        if method == "GET":
            return self._list({key: value[0] for key, value in parse_qs(at.query).items()})
        if len(told.get("body") or "") > 65_536:
            return 422, {"message": "body is too long (maximum is 65536 characters)"}, {}
        if method == "POST":
            self.opening()
            if self.faults:
                return self.faults.pop(0), {}, {}
            labels = [{"name": name} for name in told.pop("labels", [])]
            return 201, self.issues[self.add(**told, labels=labels)], {}
        issue = self.issues[int(found[1])]
        issue |= told
        return 200, issue, {}

    def _list(self, query: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        page, size = int(query.get("page", "1")), min(int(query["per_page"]), self.page_size)
        mine = [
            issue
            for issue in sorted(self.issues.values(), key=lambda each: -each["number"])
            if query["state"] in ("all", issue["state"])
            and query["labels"] in [label["name"] for label in issue["labels"]]
        ]
        following = (
            f"{self.api}/repos/team/guides/issues?{'&'.join(f'{k}={v}' for k, v in query.items() if k != 'page')}"
        )
        links = {"Link": f'<{following}&page={page + 1}>; rel="next", <x>; rel="last"'}
        return 200, mine[(page - 1) * size : page * size], links if page * size < len(mine) else {}


class Lab(Hub):
    """The same in GitLab's words (REST API v4, Issues API). A description's quick actions are obeyed, as there."""

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/sub/api/v4"

    def answer(self, method: str, path: str, headers: Any, told: Any) -> tuple[int, Any, dict[str, str]]:
        self.requests.append((method, path))
        if headers.get("PRIVATE-TOKEN") != TOKEN:
            return 401, {"message": "401 Unauthorized"}, {}
        if self.faults:
            return self.faults.pop(0), {"error": f"Not now, {TOKEN}"}, {}
        at = urlsplit(path)
        if (found := re.fullmatch(r"/sub/api/v4/projects/team%2Fsub%2Fguides/issues(?:/(\d+))?", at.path)) is None:
            return 404, {"message": "404 Project Not Found"}, {}
        if method == "GET":
            query = {key: value[0] for key, value in parse_qs(at.query).items()}
            page, size = int(query.get("page", "1")), min(int(query["per_page"]), self.page_size)
            mine = [each for each in reversed(self.issues.values()) if query["labels"] in each["labels"]]
            more = page * size < len(mine)
            there = f"{self.api}/projects/team%2Fsub%2Fguides/issues?labels={query['labels']}&page={page + 1}"
            links = {"Link": f'<{there}&per_page={size}&state=all>; rel="next"'} if more else {}
            return 200, mine[(page - 1) * size : page * size], links
        if re.search(r"(?m)^/close", told.get("description") or ""):
            told["state_event"] = "close"
        if method == "POST":
            self.opening()
            number = max(self.issues, default=0) + 1
            made = {"id": 9000 + number, "iid": number, "title": told["title"], "state": "opened"}
            self.issues[number] = {**made, "description": told["description"], "labels": told["labels"].split(",")}
            return 201, self.issues[number], {}
        issue = self.issues[int(found[1])]
        issue |= {key: value for key, value in told.items() if key in ("title", "description")}
        if told.get("state_event") == "close":
            issue["state"] = "closed"
        return (200 if method == "PUT" else 405), issue, {}


@contextmanager
def hub(kind: type[Hub] = Hub) -> Iterator[Hub]:
    made = kind()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            status, said, headers = made.answer(self.command, self.path, self.headers, told)
            body = json.dumps(said).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815

        def log_message(self, *_args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
