"""The tutorial, followed from first line to last: every file written, every command run, its output compared."""

import socket
import sys
import time
from pathlib import Path

from docs_shell import Shell, Typed, Written, mismatch, steps

ROOT = Path(__file__).resolve().parents[2]
PORT = "8400"


def test_every_step_of_the_tutorial_does_what_the_page_says(tmp_path: Path) -> None:
    port = free_port()
    page = (ROOT / "docs" / "tutorial.md").read_text("utf-8").replace(PORT, port)
    work = tmp_path / "work"
    work.mkdir()
    bins = f"{tmp_path / 'bin'}:{Path(sys.executable).parent}:/usr/bin:/bin"
    environ = {
        "PATH": bins,
        "NO_COLOR": "1",
        "COLUMNS": "100",  # as the page was written
        "UV_TOOL_DIR": str(tmp_path / "tools"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "bin"),
        "UV_CONSTRAINT": str(ROOT / "constraints.txt"),
        "UV_NO_PROGRESS": "1",
        "UV_COMPILE_BYTECODE": "1",
        "PYTHONPATH": "",
    }
    folder, commands = work, 0
    with Shell(work, tmp_path, environ) as shell:
        for step in steps(page):
            match step:
                case Written():
                    wait_for_another_second(folder / step.name)
                    (folder / step.name).write_text(step.text, "utf-8")
                case Typed():
                    command = step.command
                    if command == "uv tool install .":  # "in the folder of loccit's source"
                        command = f"uv tool install '{ROOT}'"
                    elif command.startswith("cd "):
                        folder /= command.removeprefix("cd ")
                    elif command.startswith("sed "):
                        wait_for_another_second(folder / command.split()[-1])
                    lines = shell.run(command)
                    assert not mismatch(step.expected, lines), f"$ {step.command}\n{mismatch(step.expected, lines)}"
                    if command.endswith("&"):
                        wait_for_port(int(port))
                    commands += 1
    assert commands >= 20, "the page's commands were not found"
    report = (folder / "report.html").read_text("utf-8")
    assert "Delete your Photon account" in report


def free_port() -> str:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return str(asked.getsockname()[1])


def wait_for_port(port: int) -> None:
    for _ in range(200):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the tutorial's server does not answer")


def wait_for_another_second(file: Path) -> None:
    """HTTP tells changes by whole seconds (its dates have no finer ones); a reader is slower than that."""
    if file.is_file():
        time.sleep(max(0.0, 1.1 - (time.time() - file.stat().st_mtime)))
