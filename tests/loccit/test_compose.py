"""docker-compose.yml and the Dockerfile, read carefully: what runs there, as whom, and with which passwords."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from loccit.main import COMMANDS, _parser
from loccit.settings import load

ROOT = Path(__file__).resolve().parents[2]
FILES = ("docker-compose.yml", "compose.single.yml")
GIVEN = {"LOCCIT_DB_PASSWORD": "pw", "LOCCIT_URL": "https://loccit.example.org"}


def read(name: str) -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load((ROOT / name).read_text("utf-8"))
    return made


def services() -> list[Any]:
    return [
        pytest.param(service, id=f"{file}:{name}") for file in FILES for name, service in read(file)["services"].items()
    ]


@pytest.mark.parametrize("service", services())
def test_a_service_can_do_little_and_ends_well(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["user"] not in ("", "root", "0", "0:0")
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["cpus"]
    assert service["pids_limit"]
    assert service["restart"]
    assert "healthcheck" in service or service["command"] == ["migrate"]
    for port in service.get("ports", ()):
        assert port.startswith("127.0.0.1:"), "only a reverse proxy reaches it"


@pytest.mark.parametrize("file", FILES)
def test_no_password_has_a_default(file: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    for name, rest in re.findall(r"\$\{([A-Z_]*(?:PASSWORD|SECRET|TOKEN|KEY)[A-Z_]*)([^}]*)\}", text):
        assert rest.startswith(":?"), f"{name} has to be set"
    for line in text.splitlines():
        if re.search(r"(?i)password\s*:", line):
            assert "${" in line, line


@pytest.mark.parametrize("service", services())
def test_what_is_started_is_a_command_with_settings_that_hold(
    service: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "command" not in service:
        return
    command = service["command"]
    assert command[0] in COMMANDS
    _parser(command[0]).parse_args(command)
    environ = {
        name: re.sub(r"\$\{(\w+)[^}]*\}", lambda at: GIVEN[at[1]], str(value))
        for name, value in service["environment"].items()
    }
    made = load(tmp_path, environ)
    assert made.store.url.startswith(("postgresql+psycopg://loccit@db/", "sqlite:////var/lib/loccit/"))
    assert made.schedule.listen


def test_the_services_wait_for_each_other_and_the_store_is_reached_by_none_else() -> None:
    made = read("docker-compose.yml")
    named = made["services"]
    assert named["db"]["networks"] == ["store"]
    assert made["networks"]["store"] == {"internal": True}
    assert named["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    for name in ("scheduler", "worker", "web"):
        assert named[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert "container_name" not in named["worker"], "it can be scaled"
    assert "ports" not in named["worker"]
    volumes = {mount.partition(":")[0] for service in named.values() for mount in service.get("volumes", ())}
    assert {each for each in volumes if not each.startswith("./")} == set(made["volumes"])


def test_the_image_holds_every_package_and_extra() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for package in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert f"COPY {package} {package}\n" in text
    extras = re.search(r"\.\[([a-z0-9,]+)\]", text)
    assert extras is not None
    assert {"postgres", "workers"} <= set(extras[1].split(",")) <= set(project["project"]["optional-dependencies"])
    stages = re.findall(r"^FROM \S+ AS (\w+)$", text, re.MULTILINE)
    assert stages[-1] == "loccit", "the small one is what is built without a target"
    assert "browser" in stages
    assert text.rindex("USER 10001") > text.rindex("USER root")


@pytest.mark.parametrize("file", FILES)
def test_the_client_accepts_them(file: str) -> None:
    program = _client()
    if program is None:
        pytest.skip("no docker compose here")
    done = subprocess.run(
        [*program, "--file", file, "config", "--quiet"],
        cwd=ROOT,
        env=GIVEN | {"PATH": "/usr/bin:/bin:/usr/local/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def _client() -> list[str] | None:
    docker = shutil.which("docker")
    plugin = docker and not subprocess.run([docker, "compose", "version"], capture_output=True, timeout=60).returncode
    if docker and plugin:
        return [docker, "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None
