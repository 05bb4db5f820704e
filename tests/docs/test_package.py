"""The package as others get it: an sdist, the wheel out of it, an empty environment, and work from any folder."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest
from docs_shell import Shell

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PACKAGES = ("crawler", "guides", "loccit", "review", "storage")

CLASHES = """
import importlib.metadata
owners = importlib.metadata.packages_distributions()
print({name: owners[name] for name in ("crawler", "guides", "loccit", "review", "storage")})
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the sdist, as pip builds it: what is missing in the sdist is missing in the wheel."""
    folder = tmp_path_factory.mktemp("dist")
    run("-m", "hatchling", "build", "-t", "sdist", "-d", str(folder), cwd=ROOT)
    (sdist,) = folder.glob("*.tar.gz")
    subprocess.run(["tar", "xzf", str(sdist), "-C", str(folder)], check=True)
    run("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=folder / sdist.name.removesuffix(".tar.gz"))
    (made,) = folder.glob("*.whl")
    return made


def run(*arguments: str, cwd: Path) -> None:
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_holds_all_that_git_has_of_the_packages(wheel: Path) -> None:
    listed = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True)
    names = set(zipfile.ZipFile(wheel).namelist())
    assert not {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()} - names
    assert all(f"{package}/py.typed" in names for package in PACKAGES)
    shared = {name.partition(".data/data/")[2] for name in names if ".data/data/" in name}
    assert {"share/man/man1/loccit.1", "share/loccit/schemas/guide.schema.json"} <= shared
    assert {"LICENSE", "review/web/static/htmx-LICENSE.txt"} <= {name.partition("/licenses/")[2] for name in names}
    assert not [name for name in names if name.startswith(("tests/", "docs/", "tools/", "benchmarks/"))]


def test_it_works_in_an_empty_environment_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    venv, bins = tmp_path / "venv", tmp_path / "venv" / "bin"
    uv = {
        **os.environ,
        "UV_CONSTRAINT": str(ROOT / "constraints.txt"),
        "UV_PYTHON": sys.executable,
        "UV_COMPILE_BYTECODE": "1",
    }
    for command in (("venv", str(venv)), ("pip", "install", "--python", str(venv), str(wheel))):
        done = subprocess.run([str(BIN / "uv"), *command], env=uv, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    # A folder with a stranger's modules of the same names: the command imports its own.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "crawler.py").write_text("raise SystemExit('a stranger')\n", "utf-8")
    with Shell(elsewhere, tmp_path, {"PATH": f"{bins}:/usr/bin:/bin", "PYTHONPATH": "", "NO_COLOR": "1"}) as shell:
        version = wheel.name.split("-")[1]
        assert shell.run("loccit --version") == [f"loccit {version}"]
        assert re.match(r"\d+\.\d+", version)
        told = "\n".join(shell.run("loccit demo story && cd story && loccit findings && loccit diff 1 && loccit fsck"))
        assert "30 days → 14 days" in told and "nothing is damaged" in told and "Traceback" not in told
        assert shell.run("echo $?") == ["0"]
        for name in ("bash", "zsh", "fish"):
            completion = shell.run(f"loccit completion {name}")
            assert any("findings" in line for line in completion) and any(
                "--fail-on" in line or "fail-on" in line for line in completion
            )
            assert any("github" in line and "junit" in line for line in completion), "the formats of a check"
        assert shell.run("loccit completion bash > done.sh && bash -n done.sh && echo sound") == ["sound"]
        owners = shell.run(f"python -P -c '{CLASHES}'")
        # Nobody else in the environment brings packages of these names (see docs/decisions/0001).
        assert owners == [str({name: ["loccit"] for name in PACKAGES})]
        port = free_port()
        shell.run(f"loccit serve --port {port} >../served 2>&1 &")
        page = asked(f"http://127.0.0.1:{port}/")
        (sheet,) = set(re.findall(r'rel="stylesheet" href="([^"]+)"', page))
        assert "{" in asked(f"http://127.0.0.1:{port}{sheet}")


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port: int = tried.getsockname()[1]
        return port


def asked(url: str) -> str:
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                text: str = answer.read().decode()
                return text
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError(f"nobody answers at {url}")
