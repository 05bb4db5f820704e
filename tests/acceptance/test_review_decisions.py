"""A morning at the editors' desk, without scripts: every decision is made, seen in store and files, undone."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from review_client import Editor, done_number, token
from review_story import told, write_guides

from review.casework import Work
from review.model import FindingId, FindingState
from storage.audit import first_broken
from storage.store import Store

PRIVACY, MOVED, PLANS = "photon-close", "inkwell", "photon-plans"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Editor, Store, Path]]:
    folder = tmp_path_factory.mktemp("newsroom")
    write_guides(folder)
    _git(folder, "init", "-q")
    _git(folder, "add", "guides")
    _git(folder, "-c", "user.name=A", "-c", "user.email=a@localhost", "commit", "-qm", "guides")
    with told(folder) as (app, store):
        editor = Editor(app, store)
        yield editor, store, folder
        editor.client.close()


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True).stdout


def _number(store: Store, guide: str) -> FindingId:
    """The first finding of a guide: which number it has depends on which page was seen first."""
    states = tuple(FindingState)
    return min(each.id for each in store.findings(states=states) if each.guide == guide)


def _states(store: Store, *numbers: int) -> set[str]:
    return {found.state.value for n in numbers if (found := store.finding(FindingId(n)))}


def test_the_queue_shows_one_card_for_each_change(desk: Any) -> None:
    editor, *_ = desk
    html = editor.page("/")
    assert html.count("<article") == 5 and "5 changes to look at" in html and "11 findings" in html
    assert "3 pages changed alike" in html, "a host that changed everywhere is one card"
    assert html.index("30 days → 14 days") < html.index("5 euros → 6 euros") < html.index("Page has moved")
    only = editor.page("/?tag=money&q=euros")
    assert only.count("<article") == 1 and "Remove the filter" in only
    assert "No open change fits" in editor.page("/?q=nothing-says-this")
    assert editor.page("/?severity=dead").count("<article") == 1
    assert editor.page("/?order=newest&after=1,2,3,4,x").count("<article") <= 5
    for path in ("/?after=;--", "/?order=%00&kind=%F0", "/?q=" + "x" * 5000, "/?guide=<script>"):
        assert "<script>alert" not in editor.page(path)


def test_still_accurate_is_written_to_the_files_and_can_be_taken_back(desk: Any) -> None:
    editor, store, folder = desk
    five = [each.id for each in store.findings() if each.summary.startswith("30 days")]
    page = editor.page(f"/findings/{_number(store, PRIVACY)}")
    assert "<del" in page and "<ins" in page and "Your photographs are kept for 30 days" in page
    before = (folder / "guides/photon-delete.md").read_bytes()
    number = done_number(editor.send(page, "stet", note="Asked them", way="file"))
    assert _states(store, *five) == {"accepted"}
    assert b"verified: 2026-10-04" in (folder / "guides/photon-delete.md").read_bytes()
    assert "taken back" not in editor.page(f"/?done={number}") and "5 findings let stand" in editor.page(
        f"/?done={number}"
    )
    guide = editor.page("/guides/photon-delete")
    assert "All citations verified as of" in guide and "4 October 2026" in guide and "Asked them" in guide
    source = store.bench.case(_number(store, PRIVACY)).resource
    assert store.basis_of("photon-delete", source).set_by == "editor"
    editor.undo(number)
    assert _states(store, *five) == {"open"}
    assert (folder / "guides/photon-delete.md").read_bytes() == before
    assert store.basis_of("photon-delete", source).set_by != "editor"
    assert "All citations verified" not in editor.page("/guides/photon-delete")
    assert "taken back already" in editor.undo(number, status=409).text
    assert first_broken(store.audit_log()) is None


def test_a_branch_and_a_patch_leave_the_files_alone(desk: Any) -> None:
    editor, store, folder = desk
    before = (folder / "guides/photon-plans.md").read_bytes()
    number = done_number(editor.send(editor.page(f"/findings/{_number(store, PLANS)}"), "stet", way="branch"))
    assert "+verified: 2026-10-04" in _git(folder, "show", "loccit/verified")
    assert (
        _git(folder, "status", "--porcelain", "guides") == ""
        and (folder / "guides/photon-plans.md").read_bytes() == before
    )
    editor.undo(number)
    assert _git(folder, "diff", "HEAD", "loccit/verified", "--stat") == "", "another commit takes it back"
    assert _git(folder, "rev-list", "--count", "HEAD..loccit/verified") == "2\n", "and nothing is rewritten"
    number = done_number(editor.send(editor.page(f"/findings/{_number(store, PLANS)}"), "stet", way="patch"))
    patch = editor.page(f"/decisions/{number}.patch")
    subprocess.run(["git", "-C", str(folder), "apply", "--check"], input=patch, text=True, check=True)
    editor.undo(number)
    assert (folder / "guides/photon-plans.md").read_bytes() == before


def test_needs_an_edit_noise_with_its_mask_and_another_address(desk: Any) -> None:
    editor, store, folder = desk
    page = editor.page(f"/findings/{_number(store, PLANS)}")
    number = done_number(editor.send(page, "edit", note="New price", to="Anna"))
    assert store.bench.case(_number(store, PLANS)).work.assignee == "Anna"
    assert "needs an edit" in editor.page("/?assignee=Anna") and editor.page("/?assignee=Anna").count("<article") == 1
    late = editor.send(page, "dismiss", status=409, note="Never mind").text
    assert "somebody was faster" in late and "assigned" not in late and "Never mind" in late
    editor.undo(number)
    assert store.bench.case(_number(store, PLANS)).work == Work()

    page = editor.page(f"/findings/{_number(store, PLANS)}")
    assert "The small plan costs … euros a month" in page and "What varies here are numbers" in page
    number = done_number(editor.send(page, "dismiss", mask=["0"]))
    assert _states(store, _number(store, PLANS)) == {"dismissed"}
    assert len(store.finding(_number(store, PLANS)).masks) == 0, "only a look is told of masks"
    assert [len(each.masks) for each in store.findings_of(store.bench.case(_number(store, PLANS)).resource)] == [1]
    editor.undo(number)

    page = editor.page(f"/findings/{_number(store, MOVED)}")
    assert "where it redirects to" in page
    number = done_number(editor.send(page, "replace", way="file"))
    assert b"http://inkwell.example/support/cancel" in (folder / "guides/inkwell.md").read_bytes()
    assert _states(store, _number(store, MOVED)) == {"resolved"}
    editor.undo(number)
    assert b"support/cancel" not in (folder / "guides/inkwell.md").read_bytes() and _states(
        store, _number(store, MOVED)
    ) == {"open"}
    for bad in ("javascript:alert(1)", "", "http://", "data:text/html,x", "//evil.example"):
        editor.send(editor.page(f"/findings/{_number(store, MOVED)}"), "replace", status=409, url="typed", typed=bad)
    page = editor.page(f"/findings/{_number(store, MOVED)}")
    for inside in ("http://10.0.0.1/", "http://0x0a000001/", "http://[::1]:8080/", "http://[::ffff:192.168.0.1]/"):
        told = editor.send(page, "replace", status=409, url="typed", typed=inside).text
        assert "an address inside a private network" in told


def test_many_at_once_and_what_may_not_be_decided_unseen(desk: Any) -> None:
    editor, store, _ = desk
    html = editor.page("/")
    versions = [each.split('"')[0] for each in html.split('form="bulk" name="card" value="')[1:]]
    assert len(versions) == 5
    asked = {"token": token(html), "do": "dismiss", "card": versions, "back": "/?kind=drift"}
    answer = editor.post("/decide", asked)
    assert answer.headers["location"].startswith("/?kind=drift&done=")
    assert not store.findings() and "Every finding has been dealt with" in editor.page("/")
    editor.undo(done_number(answer))
    assert len(store.findings()) == 11
    one, other, *_ = [each.id for each in store.findings() if each.guide == "bank"]
    alone = editor.send(editor.page(f"/findings/{one}"), "stet", scope="one", way="none")
    assert store.finding(one).state is FindingState.ACCEPTED and store.finding(other).state is FindingState.OPEN
    assert "verified: 2026-10-01" in (desk[2] / "guides/bank.md").read_text(), "something else of this guide is open"
    editor.undo(done_number(alone))


def test_nobody_else_sends_our_forms(desk: Any) -> None:
    editor, store, _ = desk
    html = editor.page("/")
    version = html.split('form="bulk" name="card" value="')[1].split('"')[0]
    good = {"token": token(html), "do": "dismiss", "card": version}
    editor.post("/decide", {**good, "token": "0" * 64}, status=403)
    editor.post("/decide", {**good, "token": ""}, status=403)
    editor.post("/decide", {**good, "card": "x.y.z"}, status=400)
    editor.post("/decide", {**good, "card": "abcdef.1.1"}, status=409)
    editor.post("/decide", {**good, "do": "delete"}, status=400)
    editor.post("/decide", {"token": token(html), "do": "stet", "finding": ["999999.1"]}, status=409)
    editor.post("/decide", {"token": token(html), "do": "stet", "finding": ["1.99999999999999999999"]}, status=400)
    editor.post("/decisions/424242/undo", {"token": token(html)}, status=409)
    assert editor.client.get("/", headers={"host": "evil.example"}).status_code in (400, 403, 421)
    assert len(store.findings()) == 11
    for back in ("//evil.example/", "https://evil.example", "/\\evil.example", "/\nSet-Cookie: x"):
        answer = editor.post("/decide", {**good, "back": back})
        assert answer.headers["location"].startswith("/") and "evil" not in answer.headers["location"][:3]
        assert not answer.headers["location"].startswith("//")
        editor.undo(done_number(answer))
        html = editor.page("/")
        good["card"] = html.split('form="bulk" name="card" value="')[1].split('"')[0]


def test_every_page_answers_and_carries_its_headers(desk: Any) -> None:
    editor, *_ = desk
    pages = ["/", "/guides", "/guides/bank", "/sources", "/sources/1", "/hosts", "/hosts/bank.example", "/overview"]
    for path in (*pages, "/log", "/help", "/sources/1/compare?from=1&to=x", "/findings/1?view=side", "/snapshots/1"):
        answer = editor.client.get(path)
        assert answer.status_code == 200, path
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'unsafe" not in policy, path
        clean = "<script>" not in answer.text and " style=" not in answer.text.partition("<body")[2]
        assert clean or "snapshots" in path
        assert len(answer.content) < 100_000
    assert "sandbox" in editor.client.get("/snapshots/1").headers["content-security-policy"]
    for path in (
        "/findings/0",
        "/findings/99999999999",
        "/guides/none",
        "/sources/77777",
        "/snapshots/9999999",
        "/hosts/x",
        "/hosts/%00",
    ):
        assert editor.client.get(path).status_code == 404, path
    compared = editor.page("/sources/1/compare")
    assert "1 passage differs" in compared and "unchanged passages" in compared
    assert "1 check" not in editor.page("/sources/1") and "The page changed" in editor.page("/sources/1")
