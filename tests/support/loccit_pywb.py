"""A real web archive on loopback: pywb over WARC files that a test writes. It has requirements of its own, and lives
in build/archives (`make archive-tools`).
"""

import io
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

TOOLS = Path(__file__).parents[2] / "build" / "archives" / "bin"
HTML = ("Content-Type", "text/html; charset=utf-8")

Record = tuple[str, str, str, list[tuple[str, str]], bytes]
"""URL, moment (RFC 3339), status line, headers, body."""


def write_warc(path: Path, records: Iterable[Record]) -> None:
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True, warc_version="1.1")
        for url, moment, status, headers, body in records:
            http = StatusAndHeaders(status, headers, protocol="HTTP/1.1")
            record = writer.create_warc_record(
                url,
                "response",
                payload=io.BytesIO(body),
                length=len(body),
                http_headers=http,
                warc_headers_dict={"WARC-Date": moment},
            )
            writer.write_record(record)


@contextmanager
def pywb(folder: Path, records: Iterable[Record]) -> Iterator[str]:
    """The TimeGate's prefix, as `[archive] memento` has it."""
    folder.mkdir()
    write_warc(folder / "all.warc.gz", records)
    for words in (["init", "kept"], ["add", "kept", str(folder / "all.warc.gz")]):
        subprocess.run([str(TOOLS / "wb-manager"), *words], cwd=folder, capture_output=True, check=True, timeout=120)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(TOOLS / "wayback"), "-b", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    try:
        _wait_for(f"http://127.0.0.1:{port}/kept/")
        yield f"http://127.0.0.1:{port}/kept/"
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=30).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
