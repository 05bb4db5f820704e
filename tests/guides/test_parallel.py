"""Reading by several processes gives what one process gives, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path

import pytest

from guides import model
from guides.load import load
from guides.parallel import pack, unpack, workers
from guides.settings import GuideSettings

TODAY = date(2026, 11, 25)
PLACES: tuple[model.Place, ...] = (
    model.MainContent(),
    model.Css(css="#a", remove=(".b",), until="h2"),
    model.XPath(xpath="//p"),
    model.Heading(heading="H"),
    model.Quote(quote="q", prefix="p"),
    model.Anchor(id="x"),
    model.TextRange(start="s"),
)


def library() -> model.Library:
    cited = tuple(
        model.Citation(
            key=model.CitationKey(f"citation:{number}"),
            url="https://a.example/é\n",
            role=model.Role.CITATION,
            line=number,
            column=1,
            place=place,
            claim=model.Claim(text="c", line=3),
        )
        for number, place in enumerate(PLACES)
    )
    outline = model.Outline(
        body=3,
        anchors=frozenset({"a", "b"}),
        links=(model.InnerLink(url="b.md", line=1, column=2),),
        numbers=(model.NumberMark(number=1, line=1, column=1),),
        lost_notes=(model.NoteMark(label="n", line=1, column=1),),
    )
    said = (model.Statement(text="t", line=9, kind=model.StatementKind.WARNING),)
    guide = model.Guide(
        id=model.GuideId("g"), title="G", file="g.md", verified=TODAY, citations=cited, statements=said, outline=outline
    )
    return model.Library(guides=(guide,), problems=(model.GuideProblem(file="g.md", message="m", line=1),))


def test_what_is_packed_comes_back_as_it_was() -> None:
    before = [library(), model.Library()]
    after = unpack(pack(before))
    assert after == before
    assert after[0].guides[0].outline == before[0].guides[0].outline
    assert after[0].guides[0].citations[0].role is model.Role.CITATION
    assert hash(after[0].guides[0]) == hash(before[0].guides[0])
    assert len(pack(before * 50)) < 50 * len(pack(before))


def many(folder: Path, count: int = 520) -> GuideSettings:
    (folder / "guides").mkdir()
    for number in range(count):
        text = f"# Guide {number}\n\n1. See [it](https://a{number}.example/x) and [next](g{number + 1}.md).\n"
        (folder / "guides" / f"g{number}.md").write_text(text)
    return GuideSettings()


def test_many_files_are_read_in_order_by_one_process_or_several(tmp_path: Path) -> None:
    settings = many(tmp_path)
    together = load(tmp_path, settings, today=TODAY)
    release = threading.Event()
    other = threading.Thread(target=release.wait)
    other.start()
    try:
        assert workers() == 1, "a process with threads is not forked"
        alone = load(tmp_path, settings, today=TODAY)
    finally:
        release.set()
        other.join()
    assert together == alone
    assert len(together.guides) == 520
    assert [guide.outline for guide in together.guides] == [guide.outline for guide in alone.guides]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_nothing_is_left_when_the_reader_is_interrupted_or_killed(tmp_path: Path) -> None:
    many(tmp_path, 2_000)
    command = [sys.executable, "-m", "loccit.main", "check", "--offline"]
    for sent in (signal.SIGINT, signal.SIGKILL):
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        children = wait_for(lambda pid=process.pid: children_of(pid))
        os.killpg(process.pid, sent) if sent == signal.SIGINT else process.kill()
        _, told = process.communicate(timeout=60)
        assert process.returncode != 0
        assert "Traceback" not in told
        wait_for(lambda gone=children: not any(Path(f"/proc/{child}").exists() for child in gone))


def children_of(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def wait_for(asked: object) -> list[int]:
    assert callable(asked)
    until = time.monotonic() + 60
    while not (answer := asked()):
        assert time.monotonic() < until, "nothing came of it"
        time.sleep(0.02)
    return answer  # type: ignore[no-any-return]
