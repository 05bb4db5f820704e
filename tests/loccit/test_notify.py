"""Notices: what is due and when (pure), and delivery over apprise to real servers on loopback."""

import argparse
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from review_builders import HOSTILE, NOW, finding
from review_doors import plain_app
from review_story import told, write_guides

from guides.model import GuideId
from loccit.commands import notify
from loccit.errors import UsageError
from loccit.exits import Exit
from loccit.notifying import Messenger, Sent, Target, send_due, targets_of
from loccit.settings import load
from review.model import Finding, FindingId, FindingKind, Report
from review.notices import digest_day, digest_message, key_of, news, urgent_changes, urgent_message
from review.settings import NotifySettings
from storage.store import Store

BASE = "https://review.example.org"
URGENT = NotifySettings(digest="")


@dataclass(kw_only=True)
class Memory:
    """Receives messages; refuses targets on demand."""

    got: list[tuple[str, str, str]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)

    def send(self, target: Target, title: str, body: str) -> bool:
        if target.id in self.refuses:
            return False
        self.got.append((target.id, title, body))
        return True


def report(*findings: Finding) -> Report:
    return Report(made=NOW, lines=(), findings=findings)


def material(
    number: int, *, guide: str = "g", url: str = "https://a.example/", state: str = "p1", **more: Any
) -> Finding:
    return finding(id=FindingId(number), guide=GuideId(guide), url=url, print=state, severity="material", **more)


ONE, TWO = Target(name="one", id="1" * 64, url="x://1"), Target(name="two", id="2" * 64, url="x://2")


def send(store: Store, memory: Memory, what: Report, at: datetime, settings: NotifySettings = URGENT) -> Sent:
    return send_due(store.notices, memory, [ONE, TWO], what, settings, base=BASE, now=at)


def test_one_change_is_one_message_however_often_one_looks() -> None:
    with Store.open("sqlite://") as store:
        memory, same = Memory(), [material(n, guide=f"g{n}") for n in range(1, 6)]
        for hour in range(20):
            send(store, memory, report(*same[: 1 + hour // 4]), NOW + timedelta(hours=hour))
        assert len(memory.got) == 2
        # The source changes again while the finding is open: the editor knows that there is something to do.
        later = [material(1, state="p2"), *same[1:]]
        send(store, memory, report(*later), NOW + timedelta(days=2))
        assert len(memory.got) == 2
        send(store, memory, report(material(9, state="p9"), material(10, url="https://b.example/")), NOW)
        assert [each[1] for each in memory.got[2:]] == ["loccit: 2 changes to look at"] * 2


def test_a_target_that_fails_is_tried_again_and_holds_up_no_other() -> None:
    with Store.open("sqlite://") as store:
        memory = Memory(refuses={ONE.id})
        for minutes, sent, failed in ((0, 1, ("one",)), (1, 0, ()), (6, 0, ("one",)), (10, 0, ()), (17, 0, ("one",))):
            done = send(store, memory, report(material(1)), NOW + timedelta(minutes=minutes))
            assert (done.sent, done.failed) == (sent, failed), minutes
        memory.refuses.clear()
        for hours in (1, 2, 3):
            send(store, memory, report(material(1)), NOW + timedelta(hours=hours))
        assert [each[0] for each in memory.got] == [TWO.id, ONE.id]


def test_a_crash_between_sending_and_marking_loses_nothing() -> None:
    class Dies(Memory):
        def send(self, target: Target, title: str, body: str) -> bool:
            super().send(target, title, body)
            raise KeyboardInterrupt

    with Store.open("sqlite://") as store:
        with pytest.raises(KeyboardInterrupt):
            send(store, Dies(), report(material(1)), NOW)
        memory = Memory()
        send(store, memory, report(material(1)), NOW + timedelta(minutes=5))
        assert [each[0] for each in memory.got] == [TWO.id], "what may be under way is left alone"
        send(store, memory, report(material(1)), NOW + timedelta(minutes=11))
        assert [each[0] for each in memory.got] == [TWO.id, ONE.id]


def test_two_runs_at_once_send_once() -> None:
    with Store.open("sqlite://") as store:
        keys = [key_of("t", f"change {n}") for n in range(5)]
        won: list[list[str]] = []
        both = [threading.Thread(target=lambda: won.append(store.notices.claim(keys, "urgent", at=NOW))) for _ in "ab"]
        for each in both:
            each.start()
        for each in both:
            each.join()
        assert sorted(len(each) for each in won) == [0, 5]


def test_the_digest_goes_out_once_a_day_at_its_hour_there() -> None:
    settings = NotifySettings(digest="02:30", zone="Europe/Berlin", urgent=[])
    zone = ZoneInfo("Europe/Berlin")
    assert digest_day(settings, zone, datetime(2026, 11, 24, 1, 29, tzinfo=UTC)) is None
    assert digest_day(settings, zone, datetime(2026, 11, 24, 1, 30, tzinfo=UTC)) == date(2026, 11, 24)
    assert digest_day(settings, zone, datetime(2026, 11, 24, 23, 10, tzinfo=UTC)) is None, "a new day there"
    # 02:30 does not exist on the one Sunday, and comes twice on the other.
    with Store.open("sqlite://") as store:
        for start in (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)):
            memory = Memory()
            for step in range(24 * 4):
                send(store, memory, report(material(1)), start + timedelta(minutes=15 * step), settings)
            assert [each[1] for each in memory.got if each[0] == ONE.id] == [f"loccit: 1 change, {_words(start)}"]
    weekdays = NotifySettings(digest="08:00", days=["mon"])
    assert digest_day(weekdays, UTC, datetime(2026, 11, 24, 9, tzinfo=UTC)) is None
    assert digest_message(report(), on=date(2026, 11, 24), base="") is None
    with Store.open("sqlite://") as store:
        memory = Memory()
        send(store, memory, report(), NOW, NotifySettings(empty=True))
        send(store, memory, report(), NOW, NotifySettings())
        assert len(memory.got) == 2


def _words(start: datetime) -> str:
    on = (start + timedelta(days=1)).date()
    return f"{on.day} {on:%B %Y}"


def test_words_from_pages_steer_nothing() -> None:
    evil = material(
        1, guide="<!channel>", summary=f"@channel {HOSTILE}\r\nBcc: x@evil.example", url=f"https://e/{HOSTILE}"
    )
    (change,) = urgent_changes([evil], URGENT)
    message = urgent_message([change], base=BASE)
    for bad in ("\r", "\x1b", "\u202e", "@channel", "<!channel", "<script", "@octocat"):
        assert bad not in message.title + message.body, bad
    assert "\n" not in message.title
    assert len(message.title) < 140
    many = urgent_changes([material(n, url=f"https://{n}.example/", guide="x" * 3000) for n in range(500)], URGENT)
    assert len(urgent_message(many, base=BASE).body) < 20_000
    mass = urgent_changes([material(n, url=f"https://h.example/{n}", group="m1") for n in range(50)], URGENT)
    assert len(mass) == 1
    assert urgent_changes([finding(severity="wording"), finding(kind=FindingKind.LINK, severity="moved")], URGENT) == []
    readers = NotifySettings(urgent=["reader-report"])
    assert len(urgent_changes([finding(kind=FindingKind.READER_REPORT, severity="reader-report")], readers)) == 1
    fresh, known = news([change], {key_of("t", "finding 1")}, "t")
    assert (fresh, known) == ([], []), "told once; what joins it is no news"
    (again,) = urgent_changes([replace(evil, id=FindingId(2))], URGENT)
    assert news([again], {key_of("t", "finding 1")}, "t")[0] == [again], "what comes back after its end is"


# apprise imports what Python is about to drop; that is not ours to mend.
@pytest.mark.filterwarnings("ignore")
def test_targets_are_named_without_their_secrets(tmp_path: Path) -> None:
    (one,) = targets_of(["mailto://user:s3cret@mail.example", " mailto://user:s3cret@mail.example"])
    assert "s3cret" not in one.name + one.id
    assert one.name.startswith("mailto ")
    assert not Messenger().send(Target(name="x", id="x", url="nonsense://s3cret"), "t", "b")
    write_guides(tmp_path)
    app = plain_app(tmp_path)
    with pytest.raises(UsageError, match="nobody to tell"):
        notify.run(argparse.Namespace(dry_run=False, test=False, every=None), app)


# ---------------------------------------------------------------- real servers on loopback


class _Hook(BaseHTTPRequestHandler):
    got: ClassVar[list[dict[str, Any]]] = []
    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        type(self).got.append(json.loads(body))
        self.send_response(type(self).status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def hook() -> Iterator[int]:
    _Hook.got, _Hook.status = [], 200
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Mail:
    def __init__(self) -> None:
        self.got: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.got.append(envelope)
        return "250 OK"


# apprise imports what Python is about to drop; that is not ours to mend.
@pytest.mark.filterwarnings("ignore")
def test_the_command_over_a_webhook_and_by_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_guides(tmp_path)
    mail = _Mail()
    controller = Controller(mail, hostname="127.0.0.1", port=closed_port())
    controller.start()
    try:
        with hook() as port, told(tmp_path, (0, 2.1, 3)) as (app, store):
            smtp = controller.server.sockets[0].getsockname()[1]
            targets = [
                f"json://user:s3cret@127.0.0.1:{port}/",
                f"mailto://127.0.0.1:{smtp}/?from=loccit@example.org&to=ada@example.org&mode=insecure",
                f"json://user:s3cret@127.0.0.1:{closed_port()}/",
            ]
            monkeypatch.setenv("LOCCIT_NOTIFY__TARGETS", json.dumps(targets))
            monkeypatch.setenv("LOCCIT_REVIEW__URL", BASE)
            app.__dict__["settings"] = load(tmp_path, os.environ)
            ask = argparse.Namespace(dry_run=False, test=False, every=None)
            for _ in range(3):
                assert notify.run(ask, app) in (Exit.OK, Exit.FAILS)
            shown = capsys.readouterr()
            assert store.findings()
    finally:
        controller.stop()
    assert len(_Hook.got) == 2, "one urgent message and one digest"
    urgent, digest = _Hook.got
    assert "changes to look at" in urgent["title"]
    assert f"{BASE}/findings/" in urgent["message"]
    assert "wait for an editor" in digest["message"]
    assert len(mail.got) == 2
    text = mail.got[0].content.decode()
    assert "Subject:" in text
    assert mail.got[0].rcpt_tos == ["ada@example.org"]
    assert "could not be delivered" in shown.err
    assert "s3cret" not in shown.err + shown.out


def closed_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])
