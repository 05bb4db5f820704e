"""Installs into the environment that runs it: `python tools/install.py ARGUMENTS OF pip install`.

uv does it in a tenth of pip's time, but does not read pip's configuration: the indexes, certificates and constraints
that pip is told of are handed on to it. Where there is no uv to be had, or it cannot do it, or pip is told something
that uv is not known to understand, pip does it.
"""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

CONSTRAINTS: Final = "constraints.txt"
PIP: Final = (sys.executable, "-m", "pip")
PATH: Final = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
TOLD: Final = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "constraint": ("UV_CONSTRAINT", " "),
    "cert": ("SSL_CERT_FILE", " "),
}
"""What uv calls pip's options, and what it parts several values by."""
NO_MATTER: Final = {
    *("cache-dir", "config-file", "default-timeout", "disable-pip-version-check", "no-cache-dir", "no-color"),
    *("no-input", "progress-bar", "quiet", "require-virtualenv", "retries", "root-user-action", "timeout", "verbose"),
}
"""Options of pip that do not change what is installed, or from where."""


def main() -> int:
    arguments = sys.argv[1:]
    environ = for_uv(configured())
    if environ is not None:
        if not shutil.which("uv", path=PATH):
            ran(*PIP, "install", "--quiet", "--constraint", CONSTRAINTS, "uv")
        uv = shutil.which("uv", path=PATH)
        if uv and ran(uv, "pip", "install", "--quiet", "--python", sys.executable, *arguments, environ=environ):
            return 0
        print("uv could not install it: pip does", file=sys.stderr)
    # Older ones know no groups.
    newer = "--group" not in arguments or ran(*PIP, "install", "--quiet", "--constraint", CONSTRAINTS, "pip>=25.1")
    return int(not (newer and ran(*PIP, "install", "--quiet", "--constraint", CONSTRAINTS, *arguments)))


def ran(*command: str, environ: Mapping[str, str] | None = None) -> bool:
    return subprocess.run(command, env=environ).returncode == 0  # noqa: S603


def configured() -> dict[str, str]:
    """pip's options out of its files and the environment; of two for one thing, the one that counts for pip."""
    done = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True)  # noqa: S603
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in done.stdout.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.partition(".")
        if section in found:
            found[section][option] = ast.literal_eval(value)
    return {**found["global"], **found["install"], **found[":env:"]}


def for_uv(options: Mapping[str, str]) -> dict[str, str] | None:
    """The environment in which uv does as pip is told; None where it is not known to understand one of the options."""
    environ = {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_CONSTRAINT": CONSTRAINTS}
    for option, value in options.items():
        if option in TOLD:
            name, between = TOLD[option]
            environ[name] = between.join([*environ.get(name, "").split(), *value.split()])
        elif option not in NO_MATTER:
            return None
    return {**os.environ, **environ}


if __name__ == "__main__":
    sys.exit(main())
