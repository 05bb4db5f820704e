"""Pages of the documentation as a reader follows them: files are written, commands typed, and what comes compared."""

import os
import re
import select
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PATIENCE = 300
"""Seconds that one command may take on a busy machine."""
_FENCE = re.compile(r"^```(?P<kind>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<body>.*?)^```$", re.M | re.S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file that the page tells its reader to write."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A command, and the lines that the page says come of it."""

    command: str
    expected: tuple[str, ...]


def steps(page: str) -> Iterator[Written | Typed]:
    """What a page tells its reader to do, in order."""
    for fence in _FENCE.finditer(page):
        if fence["title"]:
            yield Written(name=fence["title"], text=fence["body"])
        elif fence["kind"] == "console":
            for part in re.split(r"^\$ ", fence["body"], flags=re.M)[1:]:
                command, _, told = part.partition("\n")
                yield Typed(command=command.strip(), expected=tuple(told.rstrip("\n").splitlines()) if told else ())


def mismatch(expected: Sequence[str], lines: Sequence[str]) -> str:
    """ "" where the lines are what the page says. `…` stands for any words, alone on a line for any lines; how many
    spaces stand between two words does not count.
    """
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else r".*?".join(map(re.escape, _spaced(line).split("…"))) + r"\n"
        for line in expected
    )
    if re.fullmatch(pattern, "".join(f"{_spaced(line)}\n" for line in lines)):
        return ""
    return "\n".join(["the page says", *expected, "and what came is", *lines])


def _spaced(line: str) -> str:
    return re.sub(" +", " ", line.rstrip())


class Shell:
    """One bash that stays: folders, jobs and exit codes are as a reader would have them."""

    def __init__(self, folder: Path, outputs: Path, environ: Mapping[str, str]) -> None:
        self._outputs = outputs
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env={**os.environ, **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # The jobs that the page started end with it: they are told by the shell that knows them.
        assert self._bash.stdin is not None
        self._bash.stdin.write("kill $(jobs -p) 2>/dev/null\nexit\n")
        self._bash.communicate(timeout=10)

    def run(self, command: str) -> list[str]:
        """Type a command; gives the lines of its standard output, then those of its standard error."""
        out, err = self._outputs / "out", self._outputs / "err"
        assert self._bash.stdin is not None and self._bash.stdout is not None
        # The exit code stays where the next command finds it.
        self._bash.stdin.write(f"{{ {command}\n}} >{out} 2>{err}\ncode=$?; echo done; (exit $code)\n")
        self._bash.stdin.flush()
        ready, _, _ = select.select([self._bash.stdout], [], [], _PATIENCE)
        assert ready, f"no end after {_PATIENCE} s: {command}"
        assert self._bash.stdout.readline() == "done\n"
        return [*out.read_text("utf-8").splitlines(), *err.read_text("utf-8").splitlines()]
