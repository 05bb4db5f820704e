"""How close to the fastest polite run: `loccit check` and lychee against the busiest host's links times its delay.

    python benchmarks/pace.py [--urls 1000] [--hosts 60] [--busiest 120] [--delay 0.5] [--per-host 2]

Hosts answer as slowly as hosts do (most within 50 to 400 ms, one in fifty in two to four seconds), and one host has far
more links than the others. No polite run can be shorter than the pauses between the requests to it: (its links - 1)
times the delay, and its last answer. robots.txt is not asked for: lychee does not either. JSON on standard output.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import loopback
import throughput


def addresses(urls: int, hosts: int, busiest: int, port: int) -> list[str]:
    """The busiest host's links first, all in a row, then the others' in turn."""
    owners = [0] * busiest + [1 + number % (hosts - 1) for number in range(urls - busiest)]
    return [f"http://{loopback.host_name(host)}:{port}/p/{number}.html#part-1" for number, host in enumerate(owners)]


def configure(folder: Path, options: argparse.Namespace) -> None:
    (folder / "loccit.toml").write_text(
        "[guides]\npaths = ['guides/*.md']\n"
        f"[crawl]\nconcurrency = {options.concurrency}\nper_host = {options.per_host}\ndelay = {options.delay}\n"
        "respect_robots = false\n[network]\nallow = ['127.0.0.0/8']\n",
        "utf-8",
    )


def lychee(options: argparse.Namespace) -> list[str]:
    return [
        str(throughput.PEERS / "bin" / "lychee"),
        "--no-progress",
        f"--max-concurrency={options.concurrency}",
        f"--host-concurrency={options.per_host}",
        f"--host-request-interval={round(options.delay * 1000)}ms",
        "--method=get",
        "--include-fragments",
        "--format=json",
        "--output=lychee.json",
        "guides/*.md",
    ]


def timed(command: list[str], folder: Path, good: str, *path: str) -> dict[str, Any] | None:
    """Seconds that a tool took, start-up included, and how many links it found good."""
    if not Path(command[0]).exists():
        print(f"{command[0]} is not there: left out", file=sys.stderr)
        return None
    start = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=throughput.environment(), stdout=subprocess.DEVNULL, check=False)
    seconds = time.monotonic() - start
    try:
        found = json.loads((folder / good).read_bytes())
        for key in path:
            found = found[key]
    except (OSError, ValueError, KeyError):
        found = None
    return {"seconds": round(seconds, 2), "exit": done.returncode, "good": found}


def run(options: argparse.Namespace) -> dict[str, Any]:
    throughput.install_peers(["lychee"])
    with tempfile.TemporaryDirectory(prefix="loccit-pace-") as scratch:
        folder = Path(scratch)
        loopback.write_pages(folder, options.urls, sizes=(5_000, 30_000))
        port = loopback.free_port()
        server = [sys.executable, str(throughput.ROOT / "benchmarks" / "loopback.py"), scratch, str(port), "--slow"]
        with loopback.process(server):
            loopback.wait_for(port)
            urls = addresses(options.urls, options.hosts, options.busiest, port)
            job = throughput.write_lists(folder / "job", urls, options.concurrency)
            configure(job.folder, options)
            check = timed(throughput.check(job), job.folder, "out.json", "summary", "ok")
            peer = timed(lychee(options), job.folder, "lychee.json", "successful")
    bound = (options.busiest - 1) * options.delay
    results = {name: result for name, result in (("check", check), ("lychee", peer)) if result is not None}
    for result in results.values():
        result["over_bound"] = f"{100 * (result['seconds'] / bound - 1):+.1f} %"
    return {
        "urls": options.urls,
        "hosts": options.hosts,
        "busiest": options.busiest,
        "delay": options.delay,
        "per_host": options.per_host,
        "bound_seconds": bound,
        "cores": os.cpu_count(),
        "tools": results,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--urls", type=int, default=1_000)
    parser.add_argument("--hosts", type=int, default=60)
    parser.add_argument("--busiest", type=int, default=120, help="links of the busiest host")
    parser.add_argument("--delay", type=float, default=0.5, help="seconds between two requests to one host")
    parser.add_argument("--per-host", type=int, default=2)
    parser.add_argument("--concurrency", type=int, default=64)
    options = parser.parse_args()
    if not 1 < options.busiest < options.urls or options.hosts < 2:
        parser.error("there have to be several hosts, and links besides those of the busiest")
    print(json.dumps(run(options), indent=1))


if __name__ == "__main__":
    main()
