"""What the gate costs before and beside the network: `python benchmarks/gate.py` prints JSON.

`offline`: `loccit check --offline` on 10,000 Markdown guides with 50,000 citations, beside `lychee --offline` and
`lychee --dump` on the same files (where build/peers has one). Then `--help`, and `check` on one guide until its first
request arrives. CPU is user and system time of all processes, memory all of them together at their peak.
"""

import argparse
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
LYCHEE = Path(__file__).parents[1] / "build" / "peers" / "bin" / "lychee"


def guide(number: int, citations: int) -> str:
    """A guide of the usual size: front matter, steps, links in its text, a link to another guide, a footnote."""
    cited = "".join(
        f"  - id: {n}\n    title: Help page {n}\n"
        f"    url: https://help{number % 997}.example.org/articles/{number}/{n}?lang=en\n"
        f"    supports: After step {n} the account is closed within {n + 10} days.\n"
        for n in range(1, citations - 1)
    )
    steps = "".join(
        f"{n}. Open **Settings**, choose *Privacy*, and press `Delete` [{min(n, citations - 2)}].\n"
        for n in range(1, 9)
    )
    return (
        f"---\ntitle: Delete your Service {number} account\nservice: Service {number}\ndifficulty: easy\n"
        f"time: 5 minutes\nverified: 2026-10-{number % 27 + 1:02d}\nmethod: Hands-on test\ntags: [one, two]\n"
        f"citations:\n{cited}---\n\n# Delete your Service {number} account\n\n"
        "What is deleted cannot be had again. Save what you need before you begin, and cancel what you pay for.\n\n"
        f"## Steps\n\n{steps}\n## If it does not work\n\n"
        f"Write to [support](https://support{number % 991}.example.org/contact/{number}), or see the "
        f"[next guide](guide-{(number + 1) % 10_000:05d}.md#steps).[^1]\n\n"
        "> **Warning:** some data stays for a year.\n\n"
        f"[^1]: Their [terms](https://www{number % 983}.example.org/terms/{number}#closing).\n"
    )


def make(folder: Path, guides: int, citations: int) -> None:
    (folder / "guides").mkdir(parents=True)
    for number in range(guides):
        text = guide(number, citations)
        (folder / "guides" / f"guide-{number:05d}.md").write_text(text, "utf-8")


def measured(command: list[str], folder: Path) -> dict[str, Any]:
    """Wall and CPU seconds, the largest process's memory, and that of all processes together (MB)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak = Peak(process.pid)
    out, err = process.communicate()
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "peak_mb": peak.stop(),
        "exit": process.returncode,
        "said": (out.strip().splitlines() or err.strip().splitlines() or [""])[-1][:200],
    }


class Peak:
    """The largest sum of a process's and its children's memory (proportional set size), looked at often."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._most = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        self._done.set()
        self._thread.join()
        return round(self._most / 1024)

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            self._most = max(self._most, sum(map(_pss, _family(self._pid))))


def _family(pid: int) -> list[int]:
    children: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += map(int, (task / "children").read_text().split())
    except OSError:
        return [pid]
    return [pid, *(each for child in children for each in _family(child))]


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def until_first_request(folder: Path, *more: str) -> dict[str, Any]:
    """How long `check` takes on one guide until its source is asked: CPU and wall seconds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        port = server.getsockname()[1]
        (folder / "guides").mkdir(parents=True, exist_ok=True)
        (folder / "guides" / "a.md").write_text(f"---\ntitle: A\ncitations:\n  - url: http://127.0.0.1:{port}/\n---\n")
        (folder / "loccit.toml").write_text('[network]\nallow = ["127.0.0.0/8"]\n')
        best: dict[str, Any] = {}
        for _ in range(5):
            began = time.perf_counter()
            process = subprocess.Popen([str(BIN / "loccit"), "check", *more], cwd=folder, stderr=subprocess.DEVNULL)
            server.accept()[0].close()
            wall = time.perf_counter() - began
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            process.kill()
            process.wait()
            if not best or cpu < best["cpu_s"]:
                best = {"wall_s": round(wall, 3), "cpu_s": round(cpu, 3)}
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guides", type=int, default=10_000)
    parser.add_argument("--citations", type=int, default=5, help="of each guide")
    options = parser.parse_args()
    loccit = str(BIN / "loccit")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, options.guides, options.citations)
        found: dict[str, Any] = {
            "guides": options.guides,
            "citations": options.guides * options.citations,
            "offline": measured([loccit, "check", "--offline"], folder),
        }
        if LYCHEE.exists():
            found["lychee_offline"] = measured([str(LYCHEE), "--offline", "--no-progress", "guides"], folder)
            found["lychee_dump"] = measured([str(LYCHEE), "--dump", "guides"], folder)
    with tempfile.TemporaryDirectory() as name:
        helped = [measured([loccit, "--help"], Path(name)) for _ in range(5)]
        found["help"] = min(helped, key=lambda each: float(each["cpu_s"]))
        found["first_request_no_state"] = until_first_request(Path(name), "--no-state")
        found["first_request_state_file"] = until_first_request(Path(name), "--state", "state.jsonl")
        found["first_request_store"] = until_first_request(Path(name))
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
