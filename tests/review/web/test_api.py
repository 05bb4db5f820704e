"""Tokens, the JSON API, feeds and badges, over a store that real crawls have filled."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from review_doors import House, house, settings_of
from review_story import told, write_guides

from guides.model import GuideId
from loccit.app import App
from loccit.demo.clock import StoryClock
from review.people import Role, Scope, hash_of, new_token
from storage.store import Store

ATOM = "{http://www.w3.org/2005/Atom}"
EVIL = "]]><script>alert(1)</script> & \u202e\x07 \ufffe"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Store]]:
    folder: Path = tmp_path_factory.mktemp("desk")
    write_guides(folder)
    with told(folder, (0, 2.1, 3)) as (app, store):
        yield app, store


@pytest.fixture(scope="module")
def made(desk: tuple[App, Store]) -> House:
    app, store = desk
    settings_of(app, url="https://review.example.org")
    store.accounts.add("ada", Role.ADMIN, at=app.clock.now(), by="test")
    return house(app, store, host="0.0.0.0")


def token(made: House, scope: Scope, *, days: int = 0) -> str:
    secret, now = new_token(), made.outward.door.now()
    expires = now + timedelta(days=days) if days else None
    made.store.accounts.add_token(f"<b>{scope}</b>", scope, hash_of(secret), by="ada", at=now, expires=expires)
    return secret


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_tokens_open_what_they_are_for(made: House, desk: tuple[App, Store]) -> None:
    clock = desk[0].clock
    assert isinstance(clock, StoryClock)
    browser = made.browser("198.51.100.1")
    read, feed, brief = token(made, Scope.READ), token(made, Scope.FEED), token(made, Scope.READ, days=1)
    first = browser.get("/api/v1/findings")
    assert (first.status_code, first.headers["www-authenticate"]) == (401, 'Bearer realm="loccit"')
    assert "set-cookie" not in first.headers
    for head, code in (
        (bearer(read), 200), (bearer(brief), 200), (bearer(feed), 403), (bearer(read + "x"), 401), (bearer(""), 401),
        ({"Authorization": f"Basic {read}"}, 401), (bearer("x" * 5000), 401), ({"Authorization": read}, 401),
    ):  # fmt: skip
        assert browser.ask("GET", "/api/v1/findings", headers=head).status_code == code, head
    assert browser.get(f"/api/v1/findings?token={read}").status_code == 401, "no key to the API in an address"
    assert browser.get(f"/feeds/all.atom?token={read}").status_code == 401
    assert browser.get(f"/feeds/all.atom?token={feed}").status_code == 200
    assert browser.ask("GET", "/feeds/all.atom", headers=bearer(read)).status_code == 200
    clock.pass_time(timedelta(days=1))
    assert browser.ask("GET", "/api/v1/findings", headers=bearer(brief)).status_code == 401
    (mine,) = [each for each in made.store.accounts.tokens() if each.scope is Scope.FEED]
    made.store.accounts.revoke_token(mine.id, at=clock.now(), by="ada")
    assert browser.get(f"/feeds/all.atom?token={feed}").status_code == 401
    raw = b"".join(each.read_bytes() for each in Path(made.store.name).parent.glob("loccit.db*"))
    assert read.encode() not in raw
    assert read.removeprefix("lct_").encode() not in raw


def test_findings_page_by_page(made: House) -> None:
    browser, head = made.browser("198.51.100.1"), bearer(token(made, Scope.READ))
    every = browser.ask("GET", "/api/v1/findings", headers=head)
    listed = every.json()["findings"]
    assert len(listed) >= 8
    assert {each["kind"] for each in listed} >= {"drift", "link"}
    cursor, paged = "", []
    for _ in range(20):
        page = browser.ask("GET", f"/api/v1/findings?limit=3&cursor={cursor}", headers=head).json()
        assert len(page["findings"]) <= 3
        paged += page["findings"]
        cursor = page["next"]
        if cursor is None:
            break
    assert paged == listed
    again = browser.ask("GET", "/api/v1/findings", headers={**head, "If-None-Match": every.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    some = browser.ask("GET", "/api/v1/findings?kind=link&severity=dead&guide=photon-export", headers=head).json()
    assert [each["severity"] for each in some["findings"]] == ["dead"]
    for query in (
        "limit=0", "limit=201", "limit=-1", "limit=x", "limit=1e3", "cursor=%00", "cursor=!!", "cursor=AAAA",
        "state=evil", "kind=evil", "guide=" + "x" * 3000, "limit=٣",
    ):  # fmt: skip
        answer = browser.ask("GET", f"/api/v1/findings?{query}", headers=head)
        assert (answer.status_code, list(answer.json())) == (400, ["error"]), query
    assert browser.ask("GET", "/api/v1/findings/99999999999999", headers=head).status_code == 404
    assert browser.ask("GET", "/api/v1/nothing", headers=head).json() == {"error": "There is nothing at this address."}
    for method in ("PUT", "DELETE", "POST"):
        assert browser.ask(method, "/api/v1/findings", headers=head).status_code == 405
    guides = browser.ask("GET", "/api/v1/guides?limit=2&tag=photographs", headers=head).json()
    assert [each["guide"] for each in guides["guides"]] == ["photon-close", "photon-copy"]
    more = browser.ask("GET", f"/api/v1/guides?tag=photographs&cursor={guides['next']}", headers=head).json()
    assert more["guides"][0]["guide"] == "photon-delete"
    assert more["guides"][0]["state"] == "stale"
    assert browser.ask("GET", "/api/v1/guides/bank", headers=head).json()["title"] == "Close an account at Orchard Bank"


def test_it_is_as_its_document_says(made: House) -> None:
    browser, head = made.browser("198.51.100.1"), bearer(token(made, Scope.READ))
    document = browser.get("/api/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    for path, name in (
        ("/api/v1/findings", "FindingPage"), ("/api/v1/guides", "GuidePage"), ("/api/v1/guides/bank", "GuideOut"),
    ):  # fmt: skip
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        jsonschema.validate(browser.ask("GET", path, headers=head).json(), schema)
    named = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert named <= set(document["components"]["schemas"])


def test_deciding(made: House) -> None:
    browser = made.browser("198.51.100.1")
    read, decide = bearer(token(made, Scope.READ)), bearer(token(made, Scope.DECIDE))
    page = browser.ask("GET", "/api/v1/findings?kind=drift", headers=decide).json()["findings"]
    one, two = page[0], page[-1]
    path = f"/api/v1/findings/{one['id']}/decision"

    def post(path: str, said: object, head: dict[str, str]) -> int:
        return browser.ask("POST", path, json=said, headers=head).status_code

    stet = {"action": "stet", "note": f"<b>fine</b> {EVIL}", "updated": one["updated"]}
    assert post(path, stet, read) == 403
    assert post(path, stet, {}) == 401
    assert post(path, {**stet, "updated": "2020-01-01T00:00:00Z"}, decide) == 409
    for bad in (
        {"action": "delete"},
        [],
        {"action": "stet", "updated": "yesterday"},
        {},
        {"action": "stet", "note": 3},
    ):
        assert post(path, bad, decide) == 400, bad
    assert browser.ask("POST", path, content=b"[" * 9000, headers=decide).status_code == 400
    assert browser.ask("POST", path, content=b" " * 30_000, headers=decide).status_code == 413
    assert post(path, stet, decide) == 200
    assert post(path, stet, decide) == 409
    assert post("/api/v1/findings/99999/decision", stet, decide) == 404
    assert post(f"/api/v1/findings/{two['id']}/decision", {"action": "dismiss"}, decide) == 200
    done = browser.ask("GET", f"/api/v1/findings/{one['id']}", headers=read).json()
    assert (done["state"], done["by"]) == ("accepted", "token: <b>decide</b>")
    log = made.store.audit_log()[-2:]
    assert all(each.who == "token: <b>decide</b>" for each in log)


def test_feeds(made: House, desk: tuple[App, Store]) -> None:
    app, store = desk
    store.report_incorrect(GuideId("bank"), None, f"Wrong {EVIL}", at=app.clock.now())
    browser, feed = made.browser("198.51.100.1"), token(made, Scope.FEED)
    answer = browser.get(f"/feeds/all.atom?token={feed}")
    assert answer.headers["content-type"] == "application/atom+xml"
    assert feed not in answer.text
    root = ET.fromstring(answer.content)
    ids = [each.findtext(f"{ATOM}id") for each in root.iter(f"{ATOM}entry")]
    assert len(ids) == len(set(ids)) > 3
    for needed in ("id", "title", "updated"):
        assert root.findtext(f"{ATOM}{needed}")
        assert all(each.findtext(f"{ATOM}{needed}") for each in root.iter(f"{ATOM}entry"))
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    assert all(each.startswith("tag:review.example.org,2026-01-01:finding/") for each in ids if each)
    assert "<script>" not in answer.text
    assert "\u202e" not in answer.text
    tagged = browser.get(f"/feeds/tag/photographs.atom?token={feed}")
    only = [each.findtext(f"{ATOM}id") for each in ET.fromstring(tagged.content).iter(f"{ATOM}entry")]
    assert set(only) < set(ids)
    guide = browser.get(f"/feeds/guide/bank.atom?token={feed}")
    assert "Wrong" in guide.text
    assert browser.get(f"/feeds/guide/..%2F..%2Fetc%2Fpasswd.atom?token={feed}").status_code == 404
    assert browser.get(f"/feeds/tag/none.atom?token={feed}").status_code == 404
    same = browser.get(f"/feeds/all.atom?token={feed}", If_None_Match=answer.headers["etag"])
    assert same.status_code == 304


def test_badges(made: House) -> None:
    browser = made.browser("198.51.100.1")
    badge = browser.get("/badge/bank.svg")
    assert badge.headers["content-type"] == "image/svg+xml"
    assert badge.headers["cross-origin-resource-policy"] == "cross-origin"
    assert ET.fromstring(badge.content).tag.endswith("svg")
    assert browser.get("/badge/bank.svg", If_None_Match=badge.headers["etag"]).status_code == 304
    assert browser.get("/badge/none.svg").status_code == 404
