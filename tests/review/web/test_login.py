"""Accounts, logins, sessions and the links that set a password, in the whole application."""

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Literal

import argon2
import pytest
from review_doors import PASSWORD, House, house, plain_app, settings_of, token_in
from review_story import write_guides

from loccit.app import App
from loccit.demo.clock import StoryClock
from loccit.errors import UsageError
from loccit.wiring import open_store
from review.people import Role
from review.web.security import safe_next
from review.web.sessions import Passwords
from storage.store import Store

SESSION = "loccit_session"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with its store, made once."""
    folder = tmp_path_factory.mktemp("project")
    write_guides(folder)
    open_store(plain_app(folder).settings).close()
    return folder


@pytest.fixture
def desk(fresh: Path, tmp_path: Path) -> Iterator[tuple[App, Store]]:
    shutil.copytree(fresh, tmp_path, dirs_exist_ok=True)
    app = plain_app(tmp_path)
    app.clock = StoryClock(app.clock.now())
    with open_store(app.settings) as store:
        yield app, store


@pytest.fixture
def staffed(desk: tuple[App, Store]) -> House:
    app, store = desk
    made = house(app, store)
    for name, role in (("ada", Role.ADMIN), ("eve", Role.EDITOR), ("vic", Role.VIEWER)):
        made.account(name, role)
    return made


def test_without_accounts_it_opens_on_this_machine_and_says_so(desk: tuple[App, Store]) -> None:
    app, store = desk
    open_house = house(app, store)
    assert "no login, this machine only" in open_house.browser().get("/").text
    # Through a proxy, or from elsewhere, nobody is let in.
    assert open_house.browser().get("/", X_Forwarded_For="203.0.113.9").status_code == 303
    assert open_house.browser("203.0.113.9").get("/").status_code == 303
    for host in ("0.0.0.0", "192.168.1.5", "::"):
        with pytest.raises(UsageError, match="can be reached from other machines, and there are no accounts"):
            house(app, store, host=host)
    settings_of(app, url="https://review.example.org")
    with pytest.raises(UsageError, match=r"reached as review\.example\.org, and there are no accounts"):
        house(app, store)


def test_the_first_account_closes_the_door(desk: tuple[App, Store]) -> None:
    app, store = desk
    made = house(app, store)
    browser = made.browser()
    refused = browser.submit("/people", "/people/invite", {"name": "eve", "role": "editor"})
    assert refused.status_code == 422
    assert "first account must be an admin" in refused.text
    invited = browser.submit("/people", "/people/invite", {"name": "ada", "role": "admin"})
    link = re.search(r"/welcome/[\w-]{43}", invited.text)
    assert invited.status_code == 201
    assert link
    assert browser.get("/").headers["location"] == "/login"
    page = browser.get(link[0])
    assert page.headers["referrer-policy"] == "no-referrer"
    short = browser.post(link[0], {"token": token_in(page.text), "password": "short", "again": "short"})
    assert short.status_code == 422
    other = browser.post(link[0], {"token": token_in(page.text), "password": PASSWORD, "again": PASSWORD + "!"})
    assert "not the same" in other.text
    done = browser.post(link[0], {"token": token_in(page.text), "password": PASSWORD, "again": PASSWORD})
    assert done.status_code == 303
    assert "/account" in browser.get("/").text
    # The link holds once.
    later = made.browser()
    assert later.get(link[0]).status_code == 410
    assert later.submit("/login", link[0], {"password": PASSWORD, "again": PASSWORD}).status_code == 410


def test_login_rotates_the_session_and_logout_ends_it(staffed: House) -> None:
    browser = staffed.browser()
    planted = "A" * 43
    browser.cookies.set(SESSION, planted, domain="127.0.0.1")
    assert browser.login("eve").status_code == 303
    secret = browser.cookies.get(SESSION, domain="127.0.0.1") or next(
        each.value for each in browser.cookies.jar if each.name == SESSION and each.value != planted
    )
    assert secret != planted
    said = [each for each in staffed.browser().login("eve").headers.get_list("set-cookie") if SESSION in each]
    assert all(word in said[0] for word in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="))
    # What was planted opens nothing; the real one does; the store holds neither.
    thief = staffed.browser()
    thief.cookies.set(SESSION, planted)
    assert thief.get("/").status_code == 303
    thief.cookies.set(SESSION, secret)
    assert thief.get("/").status_code == 200
    raw = b"".join(each.read_bytes() for each in Path(staffed.store.name).parent.glob("loccit.db*"))
    assert secret.encode() not in raw
    assert PASSWORD.encode() not in raw
    assert browser.submit("/account", "/logout", {}).headers["location"] == "/login"
    assert thief.get("/").status_code == 303


def test_another_password_ends_every_other_login(staffed: House) -> None:
    here, there = staffed.browser(), staffed.browser()
    assert here.login("eve").status_code == there.login("eve").status_code == 303
    new = "an entirely other password"
    wrong = here.submit("/account", "/account/password", {"old": "no", "password": new, "again": new})
    assert wrong.status_code == 422
    form = {"old": PASSWORD, "password": new, "again": new}
    assert here.submit("/account", "/account/password", form).status_code == 303
    assert "another one now" in here.get("/account?changed=1").text
    assert there.get("/").status_code == 303
    assert staffed.browser().login("eve").status_code == 401
    assert staffed.browser().login("EVE", new).status_code == 303


def test_sessions_end_by_idleness_and_by_age(staffed: House, desk: tuple[App, Store]) -> None:
    clock = desk[0].clock
    assert isinstance(clock, StoryClock)
    browser = staffed.browser()
    browser.login("vic")
    for _ in range(13):
        clock.pass_time(timedelta(hours=11))
        assert browser.get("/account").status_code == 200
    clock.pass_time(timedelta(hours=13))
    assert browser.get("/account").status_code == 303
    browser.login("vic")
    for _ in range(14 * 24 // 8):
        assert browser.get("/account").status_code == 200
        clock.pass_time(timedelta(hours=8))
    assert browser.get("/account").status_code == 303


def test_tries_are_limited_by_account_and_address(staffed: House, desk: tuple[App, Store]) -> None:
    clock = desk[0].clock
    assert isinstance(clock, StoryClock)
    browser = staffed.browser("198.51.100.7")
    token = token_in(browser.get("/login").text)
    codes = [
        browser.post("/login", {"token": token, "name": "eve", "password": f"wrong {number}"}).status_code
        for number in range(8)
    ]
    assert codes == [401] * 6 + [429] * 2
    refused = browser.login("eve")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    # Somebody else at another address is not shut out by it.
    assert staffed.browser("203.0.113.50").login("eve").status_code == 303
    clock.pass_time(timedelta(minutes=16))
    assert browser.login("eve").status_code == 303
    # Many names from one household are one who tries.
    for number in range(40):
        other = staffed.browser(f"2001:db8::{number + 1:x}")
        other.post("/login", {"token": token_in(other.get("/login").text), "name": f"n{number}", "password": "x"})
    assert staffed.browser("2001:db8::ffff").login("ada").status_code == 429


def test_unknown_accounts_are_answered_alike(staffed: House) -> None:
    known, unknown = staffed.browser().login("eve", "x" * 12), staffed.browser().login("nobody", "x" * 12)
    cut = re.compile(r'value="[^"]*"')
    assert known.status_code == unknown.status_code == 401
    assert cut.sub("", known.text) == cut.sub("", unknown.text)
    # As much is hashed for nobody as for somebody.
    counted = Counted(time_cost=1, memory_cost=64, parallelism=1)
    staffed.outward.door.passwords = Passwords(counted)
    for name in ("nobody", "eve"):
        staffed.browser().login(name, "y" * 12)
    assert [each.split("$")[1:4] for each in counted.asked] == [counted.asked[0].split("$")[1:4]] * 2


class Counted(argon2.PasswordHasher):
    """Remembers which hashes it was asked about."""

    def __init__(self, *, time_cost: int, memory_cost: int, parallelism: int) -> None:
        super().__init__(time_cost=time_cost, memory_cost=memory_cost, parallelism=parallelism)
        self.asked: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        self.asked.append(hash if isinstance(hash, str) else hash.decode())
        return super().verify(hash, password)


def test_roles_hold_on_every_form(staffed: House) -> None:
    viewer, editor, admin = staffed.browser(), staffed.browser(), staffed.browser()
    for browser, name in ((viewer, "vic"), (editor, "eve"), (admin, "ada")):
        browser.login(name)
    assert viewer.submit("/account", "/decide", {"do": "stet"}).status_code == 403
    assert editor.submit("/account", "/decide", {"do": "stet"}).status_code != 403
    assert viewer.get("/people").status_code == editor.get("/people").status_code == 403
    form = {"name": "mallory", "role": "admin"}
    assert editor.submit("/account", "/people/invite", form).status_code == 403
    assert staffed.store.accounts.account("mallory") is None
    assert admin.submit("/people", "/people/role", {"name": "ada", "role": "viewer"}).status_code == 409
    assert admin.submit("/people", "/people/remove", {"name": "ada"}).status_code == 409
    assert admin.submit("/people", "/people/role", {"name": "vic", "role": "editor"}).status_code == 303
    assert viewer.submit("/account", "/decide", {"do": "stet"}).status_code != 403
    assert admin.submit("/people", "/people/remove", {"name": "vic"}).status_code == 303
    assert viewer.get("/").status_code == 303
    assert {each.action for each in staffed.store.audit_log()} >= {"account added", "role changed", "account removed"}


def test_a_reset_link_shuts_out_who_is_in(staffed: House) -> None:
    admin, thief = staffed.browser(), staffed.browser()
    admin.login("ada")
    thief.login("eve")
    old, new = (
        re.search(r"/welcome/[\w-]{43}", admin.submit("/people", "/people/reset", {"name": "eve"}).text)
        for _ in range(2)
    )
    assert old
    assert new
    browser = staffed.browser()
    assert browser.get(old[0]).status_code == 410, "a newer link takes the older one's place"
    form = {"password": "yet another password", "again": "yet another password"}
    assert browser.submit(new[0], new[0], form).status_code == 303
    assert thief.get("/").status_code == 303


def test_a_proxy_says_who_asks_but_only_a_trusted_one(desk: tuple[App, Store]) -> None:
    app, store = desk
    proxied = {"proxies": ["10.0.0.0/24"], "user_header": "X-Remote-User", "url": "https://review.example.org"}
    settings_of(app, **proxied)
    made = house(app, store, host="0.0.0.0")
    made.account("ada", Role.ADMIN)
    proxy, stranger = made.browser("10.0.0.7"), made.browser("10.0.1.7")
    assert "viewer" in proxy.get("/account", X_Remote_User="grace").text
    assert "admin" in proxy.get("/account", X_Remote_User="ada").text
    assert stranger.get("/account", X_Remote_User="ada").status_code == 303
    assert proxy.get("/account").status_code == 303
    assert proxy.get("/account", X_Remote_User="<script>").status_code == 303
    twice = proxy.ask("GET", "/account", headers=[("X-Remote-User", "ada"), ("X-Remote-User", "eve")])
    assert twice.status_code == 303
    assert proxy.submit("/account", "/account/password", {"old": "x"}).status_code in (303, 401)
    settings_of(app, **proxied, user_role="")
    closed = house(app, store, host="0.0.0.0").browser("10.0.0.7")
    assert closed.get("/account", X_Remote_User="grace").status_code == 303
    assert closed.get("/account", X_Remote_User="ada").status_code == 200


ELSEWHERE = (
    *("//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "\\\\evil.example"),
    *("/\t/evil.example", "/x\r\nLocation: http://evil.example", "///evil.example", "/logout", "http:/evil.example"),
    *("/" + "a" * 3000, "/\u2215evil.example", "evil.example", "", "/\x00"),
)


def test_next_leads_nowhere_else(staffed: House) -> None:
    assert [safe_next(target) for target in ELSEWHERE] == ["/"] * len(ELSEWHERE)
    for target in ELSEWHERE[:4]:
        answer = staffed.browser().submit("/login", "/login", {"name": "eve", "password": PASSWORD, "next": target})
        assert answer.headers["location"] == "/"


def test_next_leads_to_where_one_was_going(staffed: House) -> None:
    browser = staffed.browser()
    first = browser.get("/findings/7?side=1")
    assert first.headers["location"] == "/login?next=/findings/7%3Fside%3D1"
    page = browser.get(first.headers["location"])
    assert 'value="/findings/7?side=1"' in page.text
    assert browser.get("/", HX_Request="true").headers["hx-redirect"] == "/login"
