"""The editors' page in a real Chromium: keys, two editors at once, no scripts, accessibility, and pages that attack."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from review_browser import CHROMIUM, browser, serving
from review_doors import PASSWORD, House, house, settings_of
from review_story import GONE, newsroom, page, told, write_guides

from guides.model import GuideId
from loccit.app import App
from loccit.commands.serve import make_site
from loccit.demo.web import Answer
from review.people import Role, TicketKind, hash_of
from review.web.app import make_app
from storage.store import Store

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium: apt-get install chromium"),
]
AXE = Path(__file__).parents[2] / "build" / "node_modules" / "axe-core" / "axe.min.js"
HOSTILE = (
    '<script>document.title="PWNED";window.top.location="http://evil.example/script"</script>'
    "<img src=x onerror=\"document.title='PWNED'\"><svg onload=\"document.title='PWNED'\"><script>1</script></svg>"
    "<svg><style><img src=x onerror=alert(1)></style></svg>"
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>"
    '<iframe srcdoc="<script>top.document.title=1</script>"></iframe><iframe src="http://evil.example/frame"></iframe>'
    '<object data="http://evil.example/object"></object><embed src="http://evil.example/embed">'
    '<meta http-equiv="refresh" content="0;url=http://evil.example/refresh"><base href="http://evil.example/">'
    '<link rel="stylesheet" href="http://evil.example/css"><link rel=prefetch href="http://evil.example/prefetch">'
    "<style>@import url(http://evil.example/import);body{background:url(http://evil.example/bg)}</style>"
    '<p style="background:url(http://evil.example/inline);position:fixed;top:0">styled</p>'
    '<a href="javascript:document.title=\'PWNED\'">js</a><a href="data:text/html,<script>1</script>" ping="http://evil.example/ping">d</a>'
    '<form action="http://evil.example/form"><input autofocus onfocus="document.title=1"><button>go</button></form>'
    '<video src="http://evil.example/video" autoplay></video><audio src="http://evil.example/a" autoplay></audio>'
    "<details open ontoggle=\"document.title='PWNED'\"><summary>x</summary></details>"
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript><!--><img src=x onerror=alert(1)>-->'
    "<template><img src=x onerror=alert(1)></template><p>\u202eevil\u202c \u2066x\u2069 \x00 &#0; </p><plaintext>"
)


def attacked(host: str, path: str, day: float) -> Answer:
    """The newsroom's web, and one host on which every page attacks."""
    if host != "evil.example":
        return newsroom(host, path, day)
    if path == "/robots.txt":
        return Answer(body="User-agent: *\nAllow: /\n")
    if path not in ("/one", "/two"):
        return GONE
    passage = f"You have {30 if day < 2 else 14} days. <b>x</b>" + (
        "" if day < 2 else "&lt;script&gt;alert(1)&lt;/script&gt;"
    )
    return page("</title><script>document.title='PWNED'</script>" + "T" * 3000, passage, extra=HOSTILE)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, App, Store]]:
    folder = tmp_path_factory.mktemp("attacked")
    write_guides(folder)
    bad = "<script>document.title='PWNED'</script><img src=http://evil.example/t onerror=alert(1)>\u202e"
    (folder / "guides" / "evil.md").write_text(
        f"---\ntitle: {json.dumps('Evil ' + bad)}\nservice: {json.dumps(bad)}\ntags: [{json.dumps(bad)}]\n"
        f"verified: 2026-10-01\nmethod: {json.dumps(bad)}\ncitations:\n  - id: 1\n    title: {json.dumps(bad)}\n"
        f"    url: http://evil.example/one\n    supports: {json.dumps('You have 30 days. ' + bad)}\n"
        f"  - id: 2\n    title: js\n    url: javascript:document.title='PWNED'\n---\n\n1. You have 30 days. {bad}\n",
        "utf-8",
    )
    with (
        told(folder, web=attacked) as (app, store),
        browser() as opened,
    ):
        yield opened, app, store


@pytest.fixture(scope="module")
def desk(story: Any) -> Iterator[tuple[Any, str, Store]]:
    opened, app, store = story
    with serving(make_app(make_site(app, store))) as url:
        yield opened, url, store


def _open(store: Store) -> int:
    return len(store.findings())


def _until(tab: Any, selector: str, many: int) -> None:
    """Our policy forbids what Playwright's own waiting evaluates."""
    for _ in range(200):
        if tab.locator(selector).count() == many:
            return
        tab.wait_for_timeout(25)
    raise AssertionError(f"{tab.locator(selector).count()} of {selector}, not {many}")


def test_a_morning_by_keyboard(desk: Any) -> None:
    opened, url, store = desk
    tab = opened.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    tab.goto(url)
    cards = tab.locator("article.card").count()
    first = tab.locator("article.card").first
    before = _open(store)
    top = tab.locator("article.card").nth(2).bounding_box()["y"]
    tab.keyboard.press("j")
    assert "current" in (first.get_attribute("class") or "")
    tab.keyboard.press("s")
    tab.locator(".stub").wait_for()
    assert abs(tab.locator("article.card").nth(1).bounding_box()["y"] - top) < 160, "nothing far away has moved"
    assert tab.locator("article.card").count() == cards - 1 and _open(store) < before
    assert "current" in (tab.locator("article.card").first.get_attribute("class") or ""), (
        "the next one is under the cursor"
    )
    tab.keyboard.press("u")
    _until(tab, "article.card", cards)
    assert _open(store) == before
    tab.keyboard.press("j")
    tab.keyboard.press("a")
    tab.locator(".stub").wait_for()
    tab.keyboard.press("u")
    _until(tab, "article.card", cards)
    tab.keyboard.press("j")
    tab.keyboard.press("e")
    tab.keyboard.type("Say 14 days, please; sdaj?")
    tab.keyboard.press("Enter")
    tab.locator(".stub").wait_for()
    assert any(entry.work.note.startswith("Say 14 days") for entry in store.bench.entries()[0])
    tab.keyboard.press("u")
    _until(tab, ".stub", 0)
    tab.keyboard.press("d")
    tab.locator(".stub").wait_for()
    tab.keyboard.press("u")
    _until(tab, ".stub", 0)
    assert _open(store) == before
    _until(tab, "article.card.current", 1)
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/findings/*")
    tab.goto(url)
    tab.keyboard.press("?")
    tab.wait_for_url("**/help")
    assert errors == []
    tab.close()


def test_two_editors_and_no_scripts(desk: Any) -> None:
    opened, url, store = desk
    one, two = opened.new_context().new_page(), opened.new_context(java_script_enabled=False).new_page()
    one.goto(url)
    two.goto(url)
    before = _open(store)
    title = two.locator("article.card h2").first.inner_text()
    two.locator("article.card button", has_text="Noise").first.click()
    assert "dismissed as noise" in two.locator(".told").inner_text() and _open(store) < before
    one.locator("article.card button", has_text="Still accurate").first.click()
    one.locator(".stub.warn").wait_for()
    assert "Not done" in one.locator(".stub.warn").inner_text()
    two.locator(".told button").click()
    assert _open(store) == before and title in two.locator("article.card h2").first.inner_text()
    two.locator("article.card a.open").first.click()
    two.locator("button", has_text="Needs an edit").click()
    assert "needs an edit" in two.locator(".told").inner_text()
    two.goto(f"{url}/log")
    two.locator("form button").first.click()
    assert "taken back" in two.locator(".told").inner_text()
    two.goto(f"{url}/?q=euros")
    assert two.locator("article.card").count() == 1
    one.close()
    two.close()


def test_nothing_runs_navigates_or_loads(desk: Any) -> None:
    opened, url, store = desk
    context = opened.new_context()
    tab = context.new_page()
    asked: list[str] = []
    dialogs: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    tab.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    evil = [each for each in store.findings() if each.guide == "evil"]
    assert evil, "the attacking page was read and compared"
    finding = next(each for each in evil if each.kind.value == "drift")
    case = store.bench.case(finding.id)
    paths = [
        "/", "/?guide=evil", "/guides", "/guides/evil", "/sources", f"/sources/{case.resource}", "/hosts",
        "/hosts/evil.example", "/log", "/overview", f"/findings/{finding.id}", f"/findings/{finding.id}?view=side",
        f"/sources/{case.resource}/compare?from={finding.basis}&to={finding.now}",
        f"/snapshots/{finding.now}?against={finding.basis}", f"/snapshots/{finding.basis}",
    ]  # fmt: skip
    for path in paths:
        tab.goto(url + path)
        for box in tab.locator("details.stored").all():
            box.evaluate("each => { each.open = true }")
        tab.wait_for_timeout(60)
        assert tab.url == url + path and tab.title() != "PWNED", path
        assert "\u202e" not in tab.content(), path
    frames = [frame for frame in tab.frames if frame != tab.main_frame]
    assert not dialogs and not frames
    foreign = [each for each in asked if not each.startswith(url) and not each.startswith("data:")]
    assert foreign == []
    tab.goto(url + f"/snapshots/{finding.now}?against={finding.basis}")
    assert tab.locator("mark.loccit-changed").count() >= 1, "the changed passage is marked on the stored page"
    assert tab.locator("script, iframe, form, [onerror], meta[http-equiv], base, link, object").count() == 0
    context.close()


def test_accessible_on_every_page(desk: Any) -> None:
    if not AXE.is_file():
        pytest.skip("needs axe-core: npm install --prefix build axe-core")
    opened, url, store = desk
    finding = store.findings()[0].id
    paths = [
        "/", "/?kind=drift&q=days", "/guides", "/guides/bank", "/sources", "/sources/1", "/sources/1/compare", "/hosts",
        "/hosts/bank.example", "/overview", "/log", "/help", "/nope",
        f"/findings/{finding}", f"/findings/{finding}?view=side",
    ]  # fmt: skip
    every = [finding.id for finding in store.findings()]
    kinds = {finding.kind: finding.id for finding in store.findings()}
    paths += [f"/findings/{number}" for number in kinds.values() if number != finding]
    assert len(every) > len(kinds) > 1
    assert _violations(opened, url, paths) == []


def _violations(opened: Any, url: str, paths: list[str], login: tuple[str, str] | None = None) -> list[str]:
    script = AXE.read_text("utf-8")
    found: list[str] = []
    for scheme, width in (("light", 1280), ("dark", 390)):
        context = opened.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
        tab = context.new_page()
        if login is not None:
            tab.goto(url + "/login")
            tab.fill("[name=name]", login[0])
            tab.fill("[name=password]", login[1])
            tab.click("main button")
            tab.wait_for_url(url + "/")
        for path in paths:
            tab.goto(url + path)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, f"{path} is wider than the screen"
            tab.evaluate(script)
            tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
            result = tab.evaluate("tags => axe.run(document, {runOnly: tags, iframes: false})", tags)
            found += [
                f"{scheme} {width} {path}: {each['id']}: {each['nodes'][0]['html'][:160]}"
                for each in result["violations"]
            ]
        context.close()
    return found


def test_accessible_where_people_log_in_and_readers_report(story: Any) -> None:
    if not AXE.is_file():
        pytest.skip("needs axe-core: npm install --prefix build axe-core")
    opened, app, store = story
    made = settled(app, store)
    with serving(made.app) as url:
        now = made.outward.door.now()
        store.accounts.ticket("ada", TicketKind.RESET, hash_of("w" * 43), at=now, expires=now + timedelta(days=1))
        report = store.report_incorrect(GuideId("bank"), None, "It is <b>not</b> there.\n\nLook.", at=now)
        outside = ["/login", "/login?next=/people", f"/welcome/{'w' * 43}", "/welcome/nobody", "/report?guide=bank"]
        assert _violations(opened, url, [*outside, "/report?guide=nope", "/embed/report?guide=bank"]) == []
        inside = ["/people", "/account", "/account?changed=1", f"/findings/{report}", "/?kind=reader-report"]
        assert _violations(opened, url, inside, ("ada", PASSWORD)) == []
        tab = opened.new_page()
        tab.goto(url + "/report?guide=bank")
        assert "bank" in tab.url and tab.locator("textarea").count() == 1
        tab.close()


def settled(app: App, store: Store) -> House:
    settings_of(app, report_origins=["https://www.example.org"])
    made = house(app, store)
    made.account("ada", Role.ADMIN)
    return made
