"""What snapshots cost to keep: bytes, write and read times, and a queue's queries at scale; JSON on standard output.

Times of writing and reading are CPU time (git's: the wall's); those of queries are the wall's.

python benchmarks/store.py --corpus ../shared/corpus/dev --scale 0.1
"""

import argparse
import gzip
import hashlib
import io
import json
import random
import statistics
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import queries
import zstandard
from sqlalchemy import Connection, text
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from storage import bodies
from storage.store import Store

URL = "https://example.com/"


def timelines(corpus: Path, sample: int) -> Iterator[list[bytes]]:
    """The distinct bodies of each timeline, in order."""
    found = sorted((corpus / "timelines").glob("*.tar.zst"))
    for path in found[:: max(1, len(found) // sample)] if sample else found:
        packed = zstandard.ZstdDecompressor(max_window_size=2**27)
        with path.open("rb") as stream, packed.stream_reader(stream) as reader:
            whole = io.BytesIO(reader.read())
        with tarfile.open(fileobj=whole) as archive:
            pages = [archive.extractfile(each) for each in archive]
            yield list(dict.fromkeys(page.read() for page in pages if page is not None))


def synthetic(length: int) -> list[bytes]:
    """One page's long history: a nonce each time, a changed sentence every fifth time."""
    rng = random.Random(1)
    words = [f"{rng.getrandbits(40):x}" for _ in range(4000)]
    lines = [" ".join(rng.choices(words, k=12)) for _ in range(700)]
    history = []
    for number in range(length):
        if number % 5 == 0:
            lines[rng.randrange(len(lines))] = " ".join(rng.choices(words, k=12))
        nonce = f"<!-- {rng.getrandbits(128):x} -->"
        history.append(("<p>" + "</p>\n<p>".join(lines) + "</p>" + nonce).encode())
    return history


def percentile(values: Sequence[float], share: float) -> float:
    return round(sorted(values)[min(len(values) - 1, int(share * len(values)))] * 1000, 3)


def ours(histories: Sequence[Sequence[bytes]], folder: Path) -> dict[str, Any]:
    writes: list[float] = []
    reads: list[float] = []
    with Store.open(f"sqlite:///{folder / 'bodies.db'}") as store:

        def write(connection: Connection) -> None:
            for number, history in enumerate(histories, 1):
                for page in history:
                    digest = hashlib.sha256(page).hexdigest()
                    began = time.process_time()
                    bodies.put(connection, digest, page, chain=number)
                    writes.append(time.process_time() - began)

        began = time.process_time()
        store._database.write(write)
        took = time.process_time() - began
        wanted = [hashlib.sha256(page).hexdigest() for history in histories for page in history]
        random.Random(2).shuffle(wanted)
        with store._database.reading() as connection:
            for digest in wanted[:2000]:
                began = time.process_time()
                bodies.get(connection, digest)
                reads.append(time.process_time() - began)
            stored = connection.execute(text("SELECT sum(length(data)) FROM body")).scalar_one()
            on_disk = connection.execute(text("SELECT sum(pgsize) FROM dbstat WHERE name LIKE '%body%'")).scalar_one()
    return {
        "bytes": round(stored / len(writes)),
        "bytes_on_disk": round(on_disk / len(writes)),
        "write_ms_mean": round(statistics.mean(writes) * 1000, 2),
        "write_ms_p99": percentile(writes, 0.99),
        "written_per_second": round(len(writes) / took),
        "read_ms_p50": percentile(reads, 0.5),
        "read_ms_p99": percentile(reads, 0.99),
    }


def gzip_each(histories: Sequence[Sequence[bytes]], _folder: Path) -> dict[str, Any]:
    pages = [page for history in histories for page in history]
    began = time.process_time()
    size = sum(len(gzip.compress(page, 6)) for page in pages)
    return {"bytes": size // len(pages), "write_ms_mean": round((time.process_time() - began) * 1000 / len(pages), 2)}


def git(histories: Sequence[Sequence[bytes]], folder: Path) -> dict[str, Any]:
    """One commit a snapshot, then `git gc --aggressive`."""
    stream = bytearray()
    count = 0
    for number, history in enumerate(histories):
        for page in history:
            count += 1
            stream += b"blob\nmark :%d\ndata %d\n" % (count, len(page)) + page + b"\n"
            head = b"commit refs/heads/main\ncommitter a <a@b> %d +0000\ndata 1\nx\n" % (1_700_000_000 + count)
            stream += head + b"M 100644 :%d %d.html\n\n" % (count, number)
    repository = folder / "git"
    began = time.perf_counter()
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    subprocess.run(["git", "fast-import", "--quiet"], input=bytes(stream), cwd=repository, check=True)
    subprocess.run(["git", "gc", "--aggressive", "--prune=now", "-q"], cwd=repository, check=True)
    took = time.perf_counter() - began
    size = sum(file.stat().st_size for file in (repository / ".git" / "objects" / "pack").iterdir())
    return {"bytes": size // count, "write_ms_mean": round(took * 1000 / count, 2)}


def warc(histories: Sequence[Sequence[bytes]], _folder: Path) -> dict[str, Any]:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="1.1")
    pages = [page for history in histories for page in history]
    began = time.process_time()
    for page in pages:
        http = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        record = writer.create_warc_record(URL, "response", io.BytesIO(page), length=len(page), http_headers=http)
        writer.write_record(record)
    took = time.process_time() - began
    return {"bytes": len(out.getvalue()) // len(pages), "write_ms_mean": round(took * 1000 / len(pages), 2)}


SCHEMES: dict[str, Callable[[Sequence[Sequence[bytes]], Path], dict[str, Any]]] = {
    "loccit": ours,
    "gzip": gzip_each,
    "git-aggressive": git,
    "warc.gz": warc,
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", type=Path, help="folder with timelines/")
    parser.add_argument("--sample", type=int, default=0, help="only about so many timelines")
    parser.add_argument("--synthetic", type=int, default=300, help="length of the synthetic history")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="1: 100,000 resources, 5 million looks, 1 million snapshots"
    )
    parser.add_argument(
        "--postgres", action="store_true", help="the queue also on a PostgreSQL out of the tests' wheel"
    )
    options = parser.parse_args(arguments)
    told: dict[str, Any] = {"bodies": {}, "queue": {}}
    sets = {"synthetic": [synthetic(options.synthetic)]}
    if options.corpus:
        sets["corpus"] = list(timelines(options.corpus, options.sample))
    for name, histories in sets.items():
        if not any(histories):
            continue
        pages = [page for history in histories for page in history]
        told["bodies"][name] = {"snapshots": len(pages), "raw_bytes": sum(map(len, pages)) // len(pages)}
        for scheme, measure in SCHEMES.items():
            with tempfile.TemporaryDirectory() as folder:
                told["bodies"][name][scheme] = measure(histories, Path(folder))
    if options.scale > 0:
        told["queue"] = queries.both(options.scale, postgres=options.postgres)
    print(json.dumps(told, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
