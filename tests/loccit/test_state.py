"""The state file: joining what runs know is safe in any order, and nothing that a file may hold stops a run."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.carried import Carried, join
from crawler.model import LinkHistory, Verdict, VerdictKind
from loccit.state import HEAD, dump, joined, parse, read_state, write_state

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
URL = "https://example.org/a"


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def link(
    kind: str, checked: float, *, ok: float | None = None, failing: float | None = None, **more: object
) -> Carried:
    good = kind in ("ok", "moved")
    reason = {"ok": "http-200", "moved": "permanent-redirect", "dead": "http-404", "blocked": "http-403"}.get(
        kind, "timeout"
    )
    history = LinkHistory(
        checked=at(checked),
        last_ok=at(checked) if good else None if ok is None else at(ok),
        failing_since=None if failing is None else at(failing),
        failures=int(str(more.pop("failures", 2 if failing is not None else 0))),
        unreachable_since=None if (lost := more.pop("lost", None)) is None else at(float(str(lost))),
    )
    verdict = Verdict(kind=VerdictKind(kind), reason=reason, final_url=URL if good else "")
    return Carried(url=str(more.get("url", URL)), history=history, verdict=verdict)


moments = st.integers(-20, 0).map(float)


@st.composite
def links(draw: st.DrawFn) -> Carried:
    kind = draw(st.sampled_from(["ok", "moved", "dead", "blocked", "timeout"]))
    kind = "unreachable" if kind == "timeout" else kind
    checked = draw(moments)
    past = st.none() | st.floats(-30, checked).map(round).map(float)
    if kind in ("ok", "moved"):
        return link(kind, checked)
    ok = draw(past)
    since = st.none() | st.floats(-30 if ok is None else ok, checked).map(float)
    failing = draw(since.filter(bool) if kind == "dead" else since) if ok != checked else None
    return link(kind, checked, ok=ok, failing=failing, failures=draw(st.integers(1, 5)), lost=draw(since))


@given(links(), links())
@settings(max_examples=300, deadline=None)
def test_joining_is_the_same_in_either_order_and_twice(one: Carried, other: Carried) -> None:
    both = join(one, other)
    assert both == join(other, one)
    assert join(both, other) == both == join(both, one)
    assert join(one, one) == one or one.history.failures  # failures that began before a sign of life fall away
    # The newest look's verdict, the latest sign of life, and no failure that this sign has ended.
    assert both.checked == max(one.checked, other.checked)
    assert both.verdict in [each.verdict for each in (one, other) if each.checked == both.checked]
    alive = [each.history.last_ok for each in (one, other) if each.history.last_ok]
    assert both.history.last_ok == max(alive, default=None)
    for since in (both.history.failing_since, both.history.unreachable_since):
        assert since is None or not alive or since > max(alive)
    # A death that no later sign of life contradicts is not forgotten, and does not begin anew.
    for each in (one, other):
        since = each.history.failing_since
        if since is not None and (not alive or since > max(alive)):
            assert both.history.failures >= each.history.failures
            assert both.history.failing_since is not None and both.history.failing_since <= since


def test_what_two_runs_know_together() -> None:
    died = link("dead", -1, ok=-50, failing=-20, failures=3)
    # A run with an old cache saw it dead for the first time: the death is as old as the other one knows.
    assert join(link("dead", 0, ok=-50, failing=0, failures=1), died).history.failing_since == at(-20)
    assert join(link("dead", 0, ok=-50, failing=0, failures=1), died).history.failures == 3
    # An old file does not bring a dead link back to life …
    assert join(link("ok", -40), died).verdict.kind is VerdictKind.DEAD
    # … and does not call a living one dead.
    back = join(link("ok", 0), died)
    assert back.verdict.kind is VerdictKind.OK and back.history.failures == 0
    # A wall that was met later has reached the server, a time-out has not.
    lost = link("unreachable", -2, ok=-300, lost=-200)
    assert join(lost, link("blocked", -1)).history.unreachable_since is None
    assert join(lost, link("unreachable", -1, lost=-1)).history.unreachable_since == at(-200)


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    many = [
        Carried(
            url=f"https://support.example.com/accounts/answer/{n}",
            history=link("ok", -1).history,
            verdict=Verdict(kind=VerdictKind.OK, reason="http-200", status=200, final_url=f"https://example.com/{n}"),
        )
        for n in range(1000)
    ]
    odd = Carried(
        url="https://example.org/x",
        history=LinkHistory(
            checked=at(-1), last_ok=at(-90), failing_since=at(-20.5), failures=4, unreachable_since=at(-10)
        ),
        verdict=Verdict(
            kind=VerdictKind.DEAD, reason="soft-404", status=200, detail="“not found”", final_url="https://e.org/"
        ),
        fragments={"top": "missing"},
    )
    text = dump([*many, odd], NOW)
    read = parse(text.encode(), NOW)
    assert not read.warning
    assert read.links[odd.url] == odd
    assert read.links[many[7].url] == many[7]
    assert len(text) < 150 * 1000, "it fits into a cache, and into a branch"
    assert parse(dump([odd], at(24 * 200)).encode(), at(24 * 200)).links == {}, "nobody has looked for half a year"


CONFLICT = f"<<<<<<< ours\n{HEAD}\n=======\n{HEAD}\n>>>>>>> theirs\n"


def bad_files() -> Iterator[bytes]:
    good = dump([link("ok", -1)], NOW).encode()
    yield from (b"", b"\x00\xff" * 900, b"hello", b"{}", b"[" * 100_000, b"SQLite format 3\x00" + b"\0" * 500)
    yield HEAD.replace("1}", "2}").encode() + b"\n"
    yield good[:-30]
    yield CONFLICT.encode() + good
    for line in (
        '{"url":"https://example.org/z","at":1e400,"v":"ok","r":"http-200"}',
        '{"url":"https://example.org/z","at":99999999999999999,"v":"ok","r":"http-200"}',
        '{"url":"https://example.org/z","at":1,"v":"fine","r":"http-200"}',
        '{"url":"file:///etc/passwd","at":1,"v":"ok","r":"http-200"}',
        '{"url":"https://example.org/z","at":null,"v":"ok","r":"http-200"}',
        '{"url":"https://example.org/z"}',
        "[" * 2000,
        '{"url":"https://example.org/z","at":1,"v":"ok","r":"\ud800"}'.encode("utf-8", "surrogatepass").decode(
            "latin-1"
        ),
    ):
        yield good + line.encode() + b"\n"


@pytest.mark.parametrize("data", list(bad_files()))
def test_nothing_that_a_file_may_hold_stops_a_run(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    path.write_bytes(data)
    read = read_state(path, NOW)
    assert read.warning
    assert set(read.links) <= {URL}
    assert write_state(path, {URL: link("dead", 0, failing=0)}, NOW) == ""
    again = read_state(path, NOW)
    assert not again.warning and again.links[URL].verdict.kind is VerdictKind.DEAD
    assert (tmp_path / "state.jsonl.unreadable").exists() == read.foreign
    assert not read.foreign or (tmp_path / "state.jsonl.unreadable").read_bytes() == data


def test_what_a_wrong_clock_wrote_is_passed_over() -> None:
    read = parse(dump([link("ok", 48)], at(48)).encode(), NOW)
    assert read.links == {} and "1 of 1 lines" in read.warning


def test_a_union_merge_of_two_branches_is_read_as_one_file() -> None:
    ours, theirs = dump([link("ok", -5)], NOW), dump([link("dead", -1, ok=-5, failing=-1)], NOW)
    read = parse((ours + theirs).encode(), NOW)
    assert not read.warning
    assert read.links[URL].verdict.kind is VerdictKind.DEAD
    assert read.links[URL].history.last_ok == at(-5)
    assert joined([read.links, parse(ours.encode(), NOW).links]) == read.links


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "could not be kept" in write_state(tmp_path / "file" / "state.jsonl", {}, NOW)
    (tmp_path / "folder").mkdir()
    assert "cannot be read" in read_state(tmp_path / "folder", NOW).warning
    assert write_state(tmp_path / "folder", {}, NOW) == "" and (tmp_path / "folder").is_dir()


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    path = tmp_path / "state.jsonl"
    path.symlink_to(tmp_path / "cache" / "state.jsonl")
    assert write_state(path, {URL: link("ok", 0, ok=0)}, NOW) == ""
    assert path.is_symlink()
    assert list(read_state(tmp_path / "cache" / "state.jsonl", NOW).links) == [URL]
