"""How processes that run for long are watched: probes, metrics, and logs that programs read."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from loccit_site import COMMAND, page, project


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_scheduler_is_watched_and_its_log_holds_no_secret(tmp_path: Path) -> None:
    with project(tmp_path) as (site, made):
        site["/a?key=s3cr3t"] = page("It costs 5 euros.")
        made.guide("a", "/a?key=s3cr3t", "/gone")
        command = [str(COMMAND), "schedule", "--listen", "127.0.0.1:0", "--log-format", "json", "--verbose"]
        environ = {**os.environ, "NO_COLOR": "1"}
        log = tmp_path / "log"
        with (
            log.open("w") as out,
            subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=subprocess.DEVNULL, stderr=out) as running,
        ):
            try:
                until = time.monotonic() + 60
                while '"look"' not in log.read_text() or log.read_text().count('"look"') < 2:
                    assert time.monotonic() < until and running.poll() is None, log.read_text()
                    time.sleep(0.1)
                at = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
                assert at is not None
                assert get(f"{at[0]}/healthz") == (200, '{"status": "ok"}')
                status, ready = get(f"{at[0]}/readyz")
                assert (status, json.loads(ready)) == (200, {"store": True, "migrated": True, "scheduler": True})
                assert get(f"{at[0]}/nothing")[0] == 404
                metrics = get(f"{at[0]}/metrics")[1]
            finally:
                running.send_signal(signal.SIGTERM)
                assert running.wait(30) == 0
        lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert 'loccit_fetches_total{verdict="ok"} 1.0' in metrics
    for name in (
        "due_sources",
        "due_lag_seconds",
        "sources 2.0",
        "store_bytes",
        "fetch_seconds_bucket",
        "store_up 1.0",
    ):
        assert f"loccit_{name}" in metrics, metrics
    looks = [line for line in lines if line.get("event") == "look"]
    assert {each["url"] for each in looks} == {"http://site.test/a?…", "http://site.test/gone"}
    assert len({each["fetch"] for each in looks}) == 2
    attempts = [line["fetch"] for line in lines if line.get("event") == "attempt"]
    assert set(attempts) == {each["fetch"] for each in looks}
    assert "s3cr3t" not in log.read_text()
