"""A site on loopback whose answers a test sets, a project folder that cites it, and the installed command."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import loccit_forks

from loccit.demo.web import Answer, serve

COMMAND = Path(sys.executable).with_name("loccit")


def page(text: str, title: str = "Help") -> Answer:
    paragraphs = "".join(f"<p>{part}</p>" for part in text.split("\n"))
    body = (
        f"<!doctype html><html lang=en><title>{title}</title><body><nav><a href=/>Home</a></nav><main><h1>{title}</h1>"
        f"{paragraphs}<p>Nothing else on this page matters to anybody who reads it, but it is here all the same, "
        "so that there is enough of it to be a page.</p></main><footer>© 2025 Example</footer>"
    )
    return Answer(body=body)


class Site:
    """Answers by path; a path that was not set gives `missing`, a 404. `seen` are the paths that were asked for;
    `held` ones are answered when the event is set.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.seen: list[str] = []
        self.held: dict[str, threading.Event] = {}
        self.missing = Answer(status=404, body="<title>404</title><h1>Not found</h1>")

    def __setitem__(self, path: str, answer: Answer) -> None:
        self.answers[path] = answer

    def answer(self, _host: str, path: str) -> Answer:
        self.seen.append(path)
        if path in self.held:
            self.held[path].wait(25)
        return self.answers.get(path, self.missing)


class Project:
    """A folder with guides and a loccit.toml that reaches the site as http://site.test/."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        (folder / "guides").mkdir(exist_ok=True)
        (folder / "loccit.toml").write_text(
            "[network]\n"
            'allow = ["127.0.0.0/8"]\n'
            f'connect_to = {{ "site.test:80" = "127.0.0.1:{port}" }}\n'
            "[crawl]\ndelay = 0\nretry_wait = 0.01\nretries = 1\n"
            "[policy]\nconfirm_wait = 0.01\nsettle_hours = 0\nconfirm_hours = 0\n",
            "utf-8",
        )

    def guide(self, name: str, *paths: str, verified: str = "2026-11-01", extra: str = "") -> Path:
        lines = [f"  - id: {n}\n    url: http://site.test{path}" for n, path in enumerate(paths, 1)]
        cited = "citations:\n" + "\n".join(lines) + "\n" if lines else ""
        file = self.folder / "guides" / f"{name}.md"
        file.write_text(
            f"---\ntitle: The {name} guide\nverified: {verified}\n{cited}{extra}---\n\n1. Do it.\n", "utf-8"
        )
        return file

    def run(self, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        """Run the command in the project's folder, in a process of its own."""
        return loccit_forks.run(
            arguments, cwd=self.folder, environ={**os.environ, "NO_COLOR": "1", **environ}, timeout=120
        )

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--format", "json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)


@contextmanager
def project(folder: Path) -> Iterator[tuple[Site, Project]]:
    site = Site()
    site["/robots.txt"] = Answer(body="User-agent: *\nAllow: /\n")
    with serve(site.answer) as port:
        yield site, Project(folder, port)
