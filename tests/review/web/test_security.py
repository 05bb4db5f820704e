"""The whole application under attack: forged forms, foreign hosts, hostile names, large and slow bodies, logs."""

import logging
import re
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import uvicorn
from review_doors import PASSWORD, House, house, plain_app, settings_of, token_in
from review_story import write_guides

from guides.model import GuideId
from loccit.app import App
from loccit.doors import hide_secrets
from loccit.wiring import open_store, read_guides, sync
from review.people import Role, Scope, hash_of, name_mistake
from review.web import security
from review.web.limits import neighbourhood
from storage.store import Store

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e'
PAGES = ("/", "/guides", "/guides/bank", "/sources", "/hosts", "/overview", "/log", "/help", "/account", "/people")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Store]]:
    folder: Path = tmp_path_factory.mktemp("desk")
    write_guides(folder)
    app = plain_app(folder)
    with open_store(app.settings) as store:
        sync(store, read_guides(app.settings, app.today()), app.clock.now())
        yield app, store


@pytest.fixture(scope="module")
def staffed(desk: tuple[App, Store]) -> House:
    made = house(*desk)
    made.account("ada", Role.ADMIN)
    return made


def test_every_answer_wears_its_headers(staffed: House) -> None:
    browser = staffed.browser()
    browser.login("ada")
    for path in (
        *PAGES,
        "/login",
        "/nothing",
        "/static/desk.css",
        "/report?guide=bank",
        "/badge/bank.svg",
        "/api/v1/x",
    ):
        answer = browser.get(path)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["referrer-policy"] in ("same-origin", "no-referrer")
        assert {"cross-origin-opener-policy", "cross-origin-resource-policy", "permissions-policy"} <= set(
            answer.headers
        )
        assert "server" not in answer.headers
        assert " style=" not in answer.text
        assert " onclick" not in answer.text
    assert browser.get("/").headers["cache-control"] == "no-store"


def test_nobody_gets_in_without_a_login(staffed: House) -> None:
    stranger = staffed.browser()
    for path in (
        *PAGES,
        "/findings/1",
        "/snapshots/1",
        "/decisions/1.patch",
        "/queue/news",
        "/nothing",
        "//",
        "/LOGIN",
    ):
        assert stranger.get(path).status_code in (303, 404), path
        assert stranger.get(path).headers.get("location", "/login").startswith("/login"), path
    for path in ("/decide", "/people/invite", "/people/token", "/decisions/1/undo", "/logout", "/account/password"):
        form = {"token": token_in(stranger.get("/login").text), "name": "x", "role": "admin"}
        assert stranger.post(path, form).status_code == 401, path
    for path in ("/static/../security.py", "/static/%2e%2e/app.py", "/static/..%2f..%2fapp.py", "/badge/../../x.svg"):
        assert stranger.get(path).status_code in (303, 404)
        assert "import" not in stranger.get(path).text


def test_other_sites_cannot_act(staffed: House) -> None:
    browser = staffed.browser()
    browser.login("ada")
    token = token_in(browser.get("/people").text)
    form = {"token": token, "name": "mallory", "role": "admin"}
    for headers in (
        {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Sec_Fetch_Site": "", "Origin": "null"},
        {"Sec_Fetch_Site": "", "Origin": "https://evil.example"}, {"Sec_Fetch_Site": "", "Origin": "http://["},
        {"Sec_Fetch_Site": "", "Origin": "http://127.0.0.1.evil.example:8765"},
    ):  # fmt: skip
        assert browser.post("/people/invite", form, **headers).status_code == 403, headers
    for bad in ("", "0" * 64, token[:-1], token + "0", token.upper(), "é" * 64):
        assert browser.post("/people/invite", {**form, "token": bad}).status_code == 403, bad
    # Another browser's token is no good here, nor is one from before the login.
    other = staffed.browser()
    assert browser.post("/people/invite", {**form, "token": token_in(other.get("/login").text)}).status_code == 403
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/json"):
        sent = browser.ask("POST", "/people/invite", content=b"name=mallory", headers={"Content-Type": kind})
        assert sent.status_code == 400
    assert browser.ask("POST", "/logout", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert staffed.store.accounts.account("mallory") is None
    assert browser.get("/people").status_code == 200


def test_hosts_that_are_not_ours(staffed: House, desk: tuple[App, Store]) -> None:
    browser = staffed.browser()
    for host in (
        "evil.example",
        "127.0.0.1.evil.example",
        "",
        "localhost.evil.example:80",
        "[::1",
        "127.0.0.1@evil.example",
    ):
        answer = browser.get("/login", Host=host)
        assert answer.status_code == 421, host
        assert "evil" not in answer.text
    for host in ("localhost", "LOCALHOST:8765", "127.0.0.1:1", "[::1]:8765"):
        assert browser.get("/login", Host=host).status_code == 200, host
    two = browser.ask("GET", "/login", headers=[("Host", "localhost"), ("Host", "evil.example")])
    assert two.status_code == 421
    app, store = desk
    settings_of(app, url="https://review.example.org", hosts=["desk.example.org"])
    try:
        named = house(app, store, host="0.0.0.0").browser("198.51.100.1")
        for host, code in (("review.example.org", 200), ("desk.example.org:443", 200), ("evil.example", 421)):
            assert named.get("/login", Host=host).status_code == code
        page = named.login("ada")
        assert all("__Host-" in each and "Secure" in each for each in page.headers.get_list("set-cookie"))
        assert "max-age" in page.headers["strict-transport-security"]
        # A link that is mailed leads to the configured host, whatever was asked for.
        named.login("ada")
        made = named.submit("/people", "/people/reset", {"name": "ada"}, Host="desk.example.org")
        assert made.status_code in (201, 303, 401, 403)
        assert "https://desk.example.org/welcome" not in made.text
    finally:
        settings_of(app)


def test_hostile_words_are_shown_as_words(staffed: House, desk: tuple[App, Store]) -> None:
    app, store = desk
    browser = staffed.browser()
    browser.login("ada")
    assert name_mistake(EVIL)
    assert name_mistake("a\r\nSet-Cookie: x=y")
    assert name_mistake("a" * 61)
    assert name_mistake("Ada Lovelace") == name_mistake("ada@example.org") == name_mistake("Zoë-Ann_1") == ""
    refused = browser.submit("/people", "/people/invite", {"name": EVIL, "role": "admin"})
    assert refused.status_code == 422
    assert browser.submit("/people", "/people/token", {"label": EVIL, "scope": "read"}).status_code == 201
    assert browser.submit("/people", "/people/token", {"label": "x", "scope": "root"}).status_code == 422
    assert browser.submit("/people", "/people/token", {"label": "x", "scope": "read", "days": "-1"}).status_code == 422
    assert browser.submit("/people", "/people/revoke", {"id": "9" * 50}).status_code == 303
    store.report_incorrect(GuideId("bank"), None, EVIL, at=app.clock.now())
    (number,) = [each.id for each in store.findings()]
    wrong = browser.login(EVIL).text + refused.text
    for path in (*PAGES, f"/findings/{number}", f"/?q={EVIL}", f"/login?next={EVIL}", f"/report?guide={EVIL}"):
        wrong += browser.get(path).text
    wrong += browser.post("/report", {"guide": "bank", "step": EVIL, "words": EVIL}).text
    assert "<script>alert" not in wrong
    assert "<img src=x" not in wrong
    assert "\u202e" not in wrong
    assert "&lt;script&gt;" in wrong


def test_bodies_are_bounded(staffed: House) -> None:
    browser = staffed.browser()
    browser.login("ada")
    large = browser.ask("POST", "/login", content=b"a" * (security.MAX_BODY + 1))
    assert large.status_code == 413
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.ask("POST", "/login", content=b"a=" + b"b" * 300_000, headers=form).status_code == 413
    assert browser.ask("POST", "/login", content=b"a&" * 5_000, headers=form).status_code == 400
    assert browser.ask("POST", "/login", content=b"\xff\xfe", headers=form).status_code == 400
    for size in ("-1", "1e9", "9" * 40, "٣"):
        head = {b"Content-Type": form["Content-Type"].encode(), b"Content-Length": size.encode()}
        assert browser.ask("POST", "/login", content=b"a=b", headers=head).status_code == 413
    assert browser.get("/login", Cookie="loccit_session=" + "x" * 5000).status_code == 200
    assert browser.get("/login", Cookie='loccit_form="\x01;;=,').status_code == 200


@pytest.fixture
def served(staffed: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The application behind a real server on loopback, which patience fails early."""
    monkeypatch.setattr(security, "BODY_SECONDS", 0.5)
    config = uvicorn.Config(staffed.app, host="127.0.0.1", port=0, lifespan="off", proxy_headers=False)
    hide_secrets()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(20)


def test_over_a_real_connection(served: str, staffed: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("uvicorn.access").addHandler(caplog.handler)
    feed = "lct_" + "s3cretfeed" * 4
    now = staffed.outward.door.now()
    staffed.store.accounts.add_token("feed", Scope.FEED, hash_of(feed), by="ada", at=now, expires=None)
    with httpx.Client(base_url=served) as client:
        page = client.get("/login")
        form = {"name": "ada", "password": PASSWORD, "token": token_in(page.text)}
        assert client.post("/login", data=form).status_code == 303
        assert client.get("/account").status_code == 200
        assert client.get(f"/feeds/all.atom?token={feed}").status_code == 200
        client.get("/welcome/s3cretticket")
        client.post("/report", data={"guide": "bank", "words": "Not so, said quietly."})
        secret = client.cookies["loccit_session"]
    host, port = served.removeprefix("http://").split(":")
    head = f"POST /login HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 1000\r\nContent-Type: "
    with socket.create_connection((host, int(port)), timeout=15) as slow:
        slow.sendall(f"{head}application/x-www-form-urlencoded\r\n\r\na=".encode())
        assert b" 408 " in slow.recv(200)
    chunked = f"POST /login HTTP/1.1\r\nHost: {host}:{port}\r\nTransfer-Encoding: chunked\r\nContent-Type: "
    with socket.create_connection((host, int(port)), timeout=15) as huge:
        huge.sendall(f"{chunked}application/x-www-form-urlencoded\r\n\r\n".encode())
        piece = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
        answer = b""
        try:
            for _ in range(40):
                huge.sendall(piece)
            answer = huge.recv(200)
        except OSError:
            pass
        assert answer == b"" or b" 413 " in answer
    logged = "\n".join(each.getMessage() for each in caplog.records if each.name.startswith(("uvicorn", "review")))
    assert "/feeds/all.atom" in logged
    for word in ("s3cretfeed", "s3cretticket", PASSWORD, secret):
        assert word not in logged


def test_who_is_one_for_the_limits() -> None:
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff:1")
    assert neighbourhood("2001:db8:0:1::1") != neighbourhood("2001:db8::1")
    assert neighbourhood("::ffff:192.0.2.1") == "192.0.2.1"
    assert len(neighbourhood("x" * 1000)) <= 80


def test_a_store_that_is_locked_is_told_as_that(tmp_path: Path) -> None:
    write_guides(tmp_path)
    app = plain_app(tmp_path)
    with Store.open(f"sqlite:///{tmp_path}/locked.db", busy_seconds=0.1) as store:
        sync(store, read_guides(app.settings, app.today()), app.clock.now())
        store.report_incorrect(GuideId("bank"), None, "It is not there.", at=app.clock.now())
        browser = house(app, store).browser()
        card = re.findall(r'name="card" value="([^"]+)"', browser.get("/").text)[0]
        with closing(sqlite3.connect(tmp_path / "locked.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert browser.get("/").status_code == 200, "reading goes on"
            refused = browser.submit("/", "/decide", {"card": card, "do": "mine"})
            assert refused.status_code == 503
            assert "Nothing was changed" in refused.text
            assert "Retry-After" in refused.headers
            other.execute("ROLLBACK")
        assert browser.submit("/", "/decide", {"card": card, "do": "mine"}).status_code == 303
