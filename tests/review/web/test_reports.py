"""Readers' reports: from the public form into the queue, the command line's lists, and out again."""

import argparse
import contextlib
import io
import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from review_doors import House, house, plain_app, settings_of
from review_story import write_guides

from guides.model import GuideId
from loccit.app import App
from loccit.commands import diff, findings, report, status, stet
from loccit.demo.clock import StoryClock
from loccit.wiring import open_store, read_guides, sync
from review.model import FindingKind, FindingState
from review.people import Role
from storage.store import Store

SITE = "https://www.example.org"
HOSTILE = "<script>alert(1)</script> \u202egpj.exe\u202c\x1b[31m ::error::x {{7*7}} \x00 javascript:alert(1)"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    write_guides(folder)
    app = plain_app(folder)
    with open_store(app.settings) as store:
        sync(store, read_guides(app.settings, app.today()), app.clock.now())
    return folder


@pytest.fixture
def desk(fresh: Path, tmp_path: Path) -> Iterator[tuple[App, Store]]:
    shutil.copytree(fresh, tmp_path, dirs_exist_ok=True)
    app = plain_app(tmp_path)
    app.clock = StoryClock(app.clock.now())
    settings_of(app, report_origins=[SITE], reports_per_hour=4, reports_per_day=8)
    with open_store(app.settings) as store:
        yield app, store


def told(run: Any, app: App, **options: Any) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        run(argparse.Namespace(**options), app)
    return out.getvalue()


def test_a_report_reaches_the_queue_and_every_list(desk: tuple[App, Store]) -> None:
    app, store = desk
    made = house(app, store)
    reader = made.browser("203.0.113.5")
    page = reader.get("/report?guide=photon-delete&step=1")
    assert page.status_code == 200
    assert "Delete your Photon account" in page.text
    assert "set-cookie" not in page.headers
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    form = {"guide": "photon-delete", "step": "1", "words": f"There is no such button.\n\n{HOSTILE}", "website": ""}
    thanks = reader.post("/report", form)
    assert thanks.status_code == 200
    assert "An editor will look at it" in thanks.text
    reader.post("/report", {**form, "words": "THERE IS no such  button.\n\n" + HOSTILE})
    reader.post("/report", {**form, "words": "It moved to the settings."})
    (finding,) = store.findings()
    assert (finding.kind, finding.severity, finding.citation, finding.url) == (
        FindingKind.READER_REPORT, "reader-report", "", "",
    )  # fmt: skip
    assert [each.times for each in finding.reports] == [2, 1]
    assert finding.summary == "3 readers report step 1: “It moved to the settings.”"
    assert finding.claims[0].text.startswith("Your photographs are kept")
    assert "\u202e" not in finding.reports[0].words
    assert "\x1b" not in finding.reports[0].words
    _listed(app, made, finding.id)


def _listed(app: App, made: House, number: int) -> None:
    """In the queue, on its page, and in every format of the command line."""
    editor = made.browser()
    for path in ("/", f"/findings/{number}", "/guides/photon-delete"):
        page = editor.get(path)
        assert page.status_code == 200
        assert "3 readers report step 1" in page.text, path
        assert "<script>alert" not in page.text
    listed = json.loads(told(findings.run, app, format="json", output=None))["findings"]
    assert [(each["kind"], each["guide"]) for each in listed] == [("reader-report", "photon-delete")]
    for kind in ("text", "markdown", "html"):
        text = told(findings.run, app, format=kind, output=None)
        assert "reader" in text, kind
        assert "<script>alert" not in text
        assert "\x1b[31m" not in text
    for kind in ("text", "json", "markdown"):
        assert "reader" in told(status.run, app, guides=[], format=kind, output=None, fail_on="")
    for kind in ("html", "markdown", "json"):
        assert "3 readers report" in told(report.run, app, format=kind, output=None)
    for kind in ("text", "json"):
        words = told(diff.run, app, finding=str(number), format=kind)
        assert "There is no such button." in words
        assert "\x1b[31m" not in words


def test_it_is_closed_by_stet_and_by_dismissal(desk: tuple[App, Store]) -> None:
    app, store = desk
    reader = house(app, store).browser("203.0.113.5")
    for guide, step in (("photon-delete", "1"), ("photon-delete", ""), ("photon-copy", "1")):
        assert reader.post("/report", {"guide": guide, "step": step, "words": "Not so any more."}).status_code == 200
    one, two, three = store.findings()
    told(stet.run, app, guides=[], by="ada", note="", finding=str(one.id))
    assert [each.id for each in store.findings()] == [two.id, three.id]
    store.decide(three.id, FindingState.DISMISSED, by="ada", at=app.clock.now())
    told(stet.run, app, guides=["photon-delete"], by="ada", note="", finding=None)
    assert store.findings() == []
    # Said again later, it is a new finding.
    clock = app.clock
    assert isinstance(clock, StoryClock)
    clock.pass_time(timedelta(hours=2))
    reader.post("/report", {"guide": "photon-copy", "step": "1", "words": "Not so any more."})
    (again,) = store.findings()
    assert again.id != three.id
    # The guide goes: so does what was said of it.
    left = [each for each in read_guides(app.settings, app.today()).guides if each.id != "photon-copy"]
    store.sync(left, key=lambda url: url, at=clock.now(), complete=True)
    assert store.findings() == []


def test_what_is_refused(desk: tuple[App, Store]) -> None:
    app, store = desk
    made = house(app, store)
    reader = made.browser("203.0.113.6")
    good = {"guide": "photon-delete", "step": "", "words": "This is wrong."}
    for change, code in (
        ({"guide": "nothing"}, 404), ({"words": " \u200b "}, 422), ({"step": "99"}, 422), ({"step": "-1"}, 422),
        ({"step": "1 OR 1=1"}, 422), ({"words": "x" * 50_000}, 413), ({"guide": "../../etc/passwd"}, 404),
    ):  # fmt: skip
        assert reader.post("/report", {**good, **change}).status_code == code, change
    assert reader.post("/report", good, Sec_Fetch_Site="cross-site").status_code == 403
    assert reader.post("/report", good, Sec_Fetch_Site="", Origin="https://evil.example").status_code == 403
    # Whoever fills in what nobody sees is thanked, and nothing is kept.
    assert "An editor will look" in reader.post("/report", {**good, "website": "http://spam.example"}).text
    assert store.findings() == []
    codes = [reader.post("/report", {**good, "words": f"Wrong, part {number}."}).status_code for number in range(6)]
    assert codes == [200] * 4 + [429] * 2
    others = [
        made.browser(f"198.51.100.{number}").post("/report", {**good, "words": f"Wrong: {number}"}).status_code
        for number in range(6)
    ]
    assert others == [200] * 4 + [429] * 2, "a limit for all together"
    assert len(store.findings()) == 1
    raw = b"".join(each.read_bytes() for each in Path(store.name).parent.glob("loccit.db*"))
    assert b"203.0.113.6" not in raw
    assert b"198.51.100." not in raw


def test_other_sites_embed_it_or_post_it(desk: tuple[App, Store]) -> None:
    app, store = desk
    made = house(app, store)
    made.account("ada", Role.ADMIN)
    reader = made.browser("203.0.113.7")
    page = reader.get("/embed/report?guide=bank")
    assert f"frame-ancestors {SITE}" in page.headers["content-security-policy"]
    assert "x-frame-options" not in page.headers
    assert "set-cookie" not in page.headers
    form = {"guide": "bank", "step": "2", "words": "The fee is another one."}
    assert reader.post("/embed/report", form).status_code == 200
    assert reader.post("/embed/report", form, Sec_Fetch_Site="cross-site", Origin=SITE).status_code == 403
    asked = {"Origin": SITE, "Access-Control-Request-Method": "POST"}
    allowed = reader.ask("OPTIONS", "/api/v1/reports", headers=asked)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (204, SITE)
    assert reader.ask("OPTIONS", "/api/v1/reports", headers={"Origin": "https://evil.example"}).status_code == 403
    sent = {"guide": "bank", "step": 2, "words": "So do I find."}
    posted = reader.ask("POST", "/api/v1/reports", json=sent, headers={"Origin": SITE, "Sec-Fetch-Site": "cross-site"})
    assert (posted.status_code, posted.json()) == (202, {"taken": True})
    assert posted.headers["access-control-allow-origin"] == SITE
    assert "access-control-allow-credentials" not in posted.headers
    evil = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert reader.ask("POST", "/api/v1/reports", json=sent, headers=evil).status_code == 403
    for body in (b"", b"[", b"[]", b'{"guide": 1}', b"[" * 5000, b'{"guide":"bank","words":"abcdef","step":true}'):
        head = {"Content-Type": "application/json"}
        assert reader.ask("POST", "/api/v1/reports", content=body, headers=head).status_code == 422
    for head, code in (({"Content-Type": "text/xml"}, 400), ({"Content-Type": "application/json"}, 413)):
        refused = reader.ask("POST", "/api/v1/reports", content=b" " * 50_000, headers=head)
        assert (refused.status_code, list(refused.json())) == (code, ["error"])
    (finding,) = store.findings()
    assert [each.words for each in finding.reports] == ["The fee is another one.", "So do I find."]
    settings_of(app)
    closed = house(app, store).browser()
    assert closed.get("/embed/report?guide=bank").status_code == 404
    settings_of(app, reports=False)
    off = house(app, store).browser()
    assert off.get("/report?guide=bank").status_code == 404
    assert off.ask("POST", "/api/v1/reports", json=sent).status_code == 404


def test_many_different_reports_are_bounded(desk: tuple[App, Store]) -> None:
    app, store = desk
    for number in range(30):
        store.report_incorrect(GuideId("bank"), None, f"Report number {number}", at=app.clock.now())
    (finding,) = store.findings()
    assert len(finding.reports) == 20
    assert sum(each.times for each in finding.reports) == 30
