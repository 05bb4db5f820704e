"""fsck, prune, backup and export, as somebody types them."""

import json
import sqlite3
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from loccit_site import COMMAND, Project, Site, page, project
from warcio.archiveiterator import ArchiveIterator


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Site, Project]]:
    """Two pages were seen in four passes: one changed once, the other carries a nonce."""
    with project(tmp_path) as (site, mine):
        mine.guide("one", "/a", "/b")
        mine.guide("two", "/a")
        for number in range(4):
            site["/a"] = page("Within 30 days." if number < 2 else "Within 14 days.")
            nonced = page("Nothing changes here, ever.")
            site["/b"] = type(nonced)(body=nonced.body + f"<!-- nonce {number} -->")
            done = mine.run("crawl", "--all")
            assert done.returncode == 0, done.stderr
        yield site, mine


def test_fsck_prune_and_backup(world: tuple[Site, Project]) -> None:
    _, mine = world
    done = mine.run("fsck")
    assert done.returncode == 0 and "nothing is damaged" in done.stdout, done.stdout + done.stderr
    assert mine.run("prune", "--dry-run").stdout.startswith("would let go of 0 pages")
    assert mine.run("prune").returncode == 0
    assert mine.run("backup", "copies/b.db").returncode == 0
    copy = mine.run("fsck", "--format", "json", LOCCIT_STORE__URL="sqlite:///copies/b.db")
    assert json.loads(copy.stdout)["whole"] is True
    with sqlite3.connect(mine.folder / "copies" / "b.db") as connection:
        connection.execute("UPDATE body SET data = x'00' WHERE base IS NULL")
    connection.close()
    broken = mine.run("fsck", LOCCIT_STORE__URL="sqlite:///copies/b.db")
    assert broken.returncode == 1
    assert "guide one, verified against it" in broken.stdout and "Traceback" not in broken.stderr


def test_what_is_exported_is_sound_warc(world: tuple[Site, Project]) -> None:
    _, mine = world
    assert mine.run("export", "warc", "--output", "out.warc.gz").returncode == 0
    target = mine.folder / "out.warc.gz"
    checked = subprocess.run(
        [str(COMMAND.with_name("warcio")), "check", "-v", str(target)], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    kinds: Counter[str] = Counter()
    bodies = []
    with target.open("rb") as stream:
        for record in ArchiveIterator(stream):
            kinds[record.rec_type] += 1
            if record.rec_type == "response":
                assert record.http_headers.get_statuscode() == "200"
                bodies.append(record.content_stream().read())
    assert kinds["response"] == 4, "two texts of /a; the first and the newest bytes of /b"
    assert kinds["revisit"] == 4
    assert kinds["request"] == kinds["metadata"] == 8
    assert any(b"Within 14 days." in body for body in bodies) and any(b"nonce 0" in body for body in bodies)


def test_status_for_a_site_generator(world: tuple[Site, Project]) -> None:
    _, mine = world
    told = json.loads(mine.run("export", "status").stdout)
    one = next(each for each in told["guides"] if each["guide"] == "one")
    assert one["verified"] == "2026-11-01" and one["checked"]
    assert [each["verdict"] for each in one["citations"]] == ["ok", "ok"]
    assert all(len(each["evidence"]) == 64 for each in one["citations"])
    assert mine.run("export", "status", "--output", "public").returncode == 0
    assert json.loads((mine.folder / "public" / "status.json").read_text())["guides"] == told["guides"]
    badge = ET.fromstring((mine.folder / "public" / "badges" / "one.svg").read_text())
    assert badge.get("aria-label") == f"sources: {one['state']} 2026-11-01"
