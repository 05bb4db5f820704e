"""Archives out of loccit and into it, as somebody types it; read by the programs of others where they are there.

`make archive-tools` puts those into build/archives: py-wacz and pywb, which have requirements of their own.
"""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from loccit_site import Project, Site, page, project

TOOLS = Path(__file__).parents[2] / "build" / "archives" / "bin"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Project]]:
    """Two pages were seen in three passes: one changed, the other carries a nonce. Both archives are written."""
    with project(tmp_path_factory.mktemp("seen")) as (site, mine):
        mine.guide("one", "/a", "/b")
        for number in range(3):
            site["/a"] = page("Within 30 days." if number < 2 else "Within 14 days.")
            nonced = page("Nothing changes here, ever.")
            site["/b"] = type(nonced)(body=nonced.body + f"<!-- nonce {number} -->")
            done = mine.run("crawl", "--all")
            assert done.returncode == 0, done.stderr
        for what in ("warc", "wacz"):
            assert mine.run("export", what).returncode == 0
        yield site, mine


def test_a_wacz_has_its_parts(seen: tuple[Site, Project]) -> None:
    _, mine = seen
    with zipfile.ZipFile(mine.folder / "loccit.wacz") as archive:
        assert archive.testzip() is None
        told = json.loads(archive.read("datapackage.json"))
        assert (told["profile"], told["wacz_version"]) == ("data-package", "1.1.1")
        assert {each["path"] for each in told["resources"]} == set(archive.namelist()) - {
            "datapackage.json",
            "datapackage-digest.json",
        }
        assert archive.getinfo("archive/loccit.warc.gz").compress_type == zipfile.ZIP_STORED
        pages = archive.read("pages/pages.jsonl").decode().splitlines()
        assert json.loads(pages[0])["format"] == "json-pages-1.0" and len(pages) == 1 + 4


def test_an_archive_is_taken_by_another_store(seen: tuple[Site, Project], tmp_path: Path) -> None:
    _, mine = seen
    with project(tmp_path) as (_, other):
        other.guide("one", "/a", "/b", verified=datetime.now(UTC).date().isoformat())
        done = other.run("import", "warc", str(mine.folder / "loccit.warc.gz"))
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[0].endswith("6 pages of 2 sources taken")
        assert done.stdout.count("one is measured from the page of") == 2
        again = other.run("import", "warc", str(mine.folder / "loccit.wacz"), str(mine.folder / "loccit.toml"))
        assert again.returncode == 1
        assert "0 pages of 2 sources taken (6 were there already)" in again.stdout
        assert again.stderr.strip().endswith("loccit.toml: it is no WARC file")
        assert "nothing is damaged" in other.run("fsck").stdout
        assert other.run("import", "warc", "nowhere.warc").returncode == 2


@pytest.mark.skipif(not (TOOLS / "wacz").exists(), reason="py-wacz is not in build/archives (make archive-tools)")
def test_py_wacz_accepts_it(seen: tuple[Site, Project]) -> None:
    _, mine = seen
    command = [str(TOOLS / "wacz"), "validate", "-f", str(mine.folder / "loccit.wacz")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "the passed WACZ is valid" in done.stdout, done.stdout + done.stderr


@pytest.mark.skipif(not (TOOLS / "wayback").exists(), reason="pywb is not in build/archives (make archive-tools)")
def test_pywb_replays_each_look(seen: tuple[Site, Project], tmp_path: Path) -> None:
    _, mine = seen
    for words in (["init", "seen"], ["add", "seen", str(mine.folder / "loccit.warc.gz")]):
        subprocess.run([str(TOOLS / "wb-manager"), *words], cwd=tmp_path, capture_output=True, check=True, timeout=60)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(TOOLS / "wayback"), "-b", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}/seen"
        told = _asked(f"{base}/cdx?url=http://site.test/a&output=json", patience=60).decode().splitlines()
        moments = [json.loads(line)["timestamp"] for line in told]
        assert len(moments) == 3, "nothing but the looks is taken for a page"
        shown = [_asked(f"{base}/{moment}id_/http://site.test/a") for moment in moments]
        assert [b"Within 14 days." in each for each in shown] == [False, False, True]
        assert all(b"Nothing else on this page" in each for each in shown)
    finally:
        server.terminate()
        server.wait()


def _asked(url: str, *, patience: float = 10) -> bytes:
    until = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                data: bytes = answer.read()
                return data
        except urllib.error.HTTPError:
            raise
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
