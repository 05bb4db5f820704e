"""The command without its start: one process imports loccit once, and every command is a fork of it.

A command that is run so has its own process, folder, environment and output, as one that is started from a shell. Only
the time that Python needs to import everything is saved, which is most of what a short command takes. The start itself
is under test where the installed script is run.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_STARTED = 300.0
"""Seconds that the imports may take, measured, on a busy machine."""

_LATE = (
    *("loccit.fetching", "loccit.logs", "storage.store", "storage.engine", "storage.migrate"),
    *("alembic.command", "alembic.config", "anyio._backends._asyncio"),
)
"""What most commands import only when they come to it."""


_SCRIPT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect({address!r})
    asked = json.dumps({{"arguments": sys.argv[1:], "cwd": os.getcwd(), "environ": dict(os.environ)}}).encode()
    socket.send_fds(line, [len(asked).to_bytes(8, "big")], [1, 2])
    line.sendall(asked)
    told = line.recv(16, socket.MSG_WAITALL)
sys.exit(int.from_bytes(told[8:], "big", signed=True))
"""


class Command:
    """`loccit ARGUMENTS`, started: what of subprocess.Popen is needed of a command whose output is read at its end."""

    def __init__(self, arguments: Sequence[str], *, cwd: Path, environ: Mapping[str, str]) -> None:
        self.args = ["loccit", *arguments]
        self.returncode: int | None = None
        self._texts = ("", "")
        # Closed when it has ended.
        self._out = tempfile.TemporaryFile()  # noqa: SIM115
        self._err = tempfile.TemporaryFile()  # noqa: SIM115
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(_address())
        asked = json.dumps({"arguments": list(arguments), "cwd": str(cwd), "environ": dict(environ)}).encode()
        socket.send_fds(self._line, [len(asked).to_bytes(8, "big")], [self._out.fileno(), self._err.fileno()])
        self._line.sendall(asked)
        self.pid = int.from_bytes(_exactly(self._line, 8), "big")

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.communicate(timeout=0.001)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Its output when it has ended. Raises subprocess.TimeoutExpired where it takes longer; it goes on then."""
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                code = _exactly(self._line, 8)
            except TimeoutError:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0) from None
            self.returncode = int.from_bytes(code, "big", signed=True)
            self._line.close()
            self._texts = (_told(self._out), _told(self._err))
        return self._texts

    def kill(self) -> None:
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)


def run(
    arguments: Sequence[str], *, cwd: Path, environ: Mapping[str, str], timeout: float
) -> "subprocess.CompletedProcess[str]":
    """Run `loccit ARGUMENTS`. Raises subprocess.TimeoutExpired, when the command has been killed."""
    command = Command(arguments, cwd=cwd, environ=environ)
    try:
        out, err = command.communicate(timeout)
    except subprocess.TimeoutExpired:
        command.kill()
        command.communicate()
        raise
    assert command.returncode is not None
    return subprocess.CompletedProcess(command.args, command.returncode, out, err)


def write_script(folder: Path) -> None:
    """Puts a `loccit` into the folder, for scripts that find it by their PATH: a fork as well."""
    script = folder / "loccit"
    script.write_text(_SCRIPT.format(python=sys.executable, address=_address()), "utf-8")
    script.chmod(0o755)


def _told(stream: IO[bytes]) -> str:
    with stream:
        stream.seek(0)
        return stream.read().decode()


@functools.cache
def _address() -> str:
    """Where the process with the imports listens; it is started when it is first asked for, and ends with this one."""
    folder = tempfile.TemporaryDirectory(prefix="loccit-forks-")
    address = f"{folder.name}/socket"
    started = subprocess.Popen([sys.executable, "-P", __file__, address], stdin=subprocess.PIPE)
    deadline = time.monotonic() + _STARTED
    while not Path(address).exists():
        assert started.poll() is None and time.monotonic() < deadline, "the command's modules cannot be imported"
        time.sleep(0.02)

    def end() -> None:
        assert started.stdin is not None
        started.stdin.close()
        started.wait(10)
        folder.cleanup()

    atexit.register(end)
    return address


def _exactly(line: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        piece = line.recv(size - len(got))
        assert piece, "the command's process is gone without a word"
        got += piece
    return got


def _listen(address: str) -> list[str] | None:
    """Fork for each command that is asked for. Gives the arguments in the command's process, None at the end."""
    with socket.socket(socket.AF_UNIX) as door:
        # Commands are asked for only when everything is imported: the name appears last.
        door.bind(f"{address}.new")
        door.listen(16)
        Path(f"{address}.new").rename(address)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            ready, _, _ = select.select([door, 0], [], [])
            if 0 in ready:
                return None
            line, _ = door.accept()
            if os.fork() == 0:
                door.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                return _attend(line)
            line.close()


def _attend(line: socket.socket) -> list[str]:
    size, fds, _, _ = socket.recv_fds(line, 8, 2)
    asked = json.loads(_exactly(line, int.from_bytes(size, "big")))
    pid = os.fork()
    if pid:
        # Between the command and who asked for it: tells its number, and how it ended.
        line.sendall(pid.to_bytes(8, "big"))
        _, status = os.waitpid(pid, 0)
        line.sendall(os.waitstatus_to_exitcode(status).to_bytes(8, "big", signed=True))
        os._exit(0)
    line.close()
    null = os.open(os.devnull, os.O_RDONLY)
    for fd, target in ((null, 0), (fds[0], 1), (fds[1], 2)):
        os.dup2(fd, target)
        os.close(fd)
    # What Python knows of the streams that it began with (whether one can seek in them) is not so of these.
    for name, fd in (("stdout", 1), ("stderr", 2)):
        like = {"encoding": getattr(sys, name).encoding, "errors": getattr(sys, name).errors}
        setattr(sys, name, os.fdopen(fd, "w", buffering=1, closefd=False, **like))
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environ"])
    time.tzset()
    arguments: list[str] = asked["arguments"]
    return arguments


def _measured() -> Callable[[], dict[str, list[object]]] | None:
    """Where the tests' coverage is measured (SlipCover says so in the environment), what gives the lines and branches
    that this process has run since it was last asked.
    """
    if "SLIPCOVER_ENABLED" not in os.environ:
        return None
    import slipcover

    sources = os.environ["SLIPCOVER_SOURCE"].split(",")
    meter = slipcover.Slipcover(branch="SLIPCOVER_BRANCH" in os.environ)
    slipcover.ImportManager(meter, slipcover.FileMatcher(sources=sources)).__enter__()

    def seen() -> dict[str, list[object]]:
        # From time to time it moves what is new to what it knows by itself: both are wanted.
        for file, marks in meter._get_newly_seen().items():
            meter.all_seen[file].update(marks)
        found = {file: list(marks) for file, marks in meter.all_seen.items()}
        meter.all_seen.clear()
        return found

    return seen


def _write(seen: dict[str, list[object]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{os.getpid()}-{time.time_ns()}.json").write_text(json.dumps(seen), "utf-8")


def _serve(address: str) -> int:
    # The command goes to another folder.
    measured, folder = _measured(), Path("build/forks").resolve()
    from loccit import commands, main

    for module in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"{commands.__name__}.{module.name}")
    for name in _LATE:
        importlib.import_module(name)
    # No fork goes through all of this again when it looks for what can be let go.
    gc.freeze()
    if measured:
        _write(measured(), folder)
    arguments = _listen(address)
    if arguments is None:
        return 0
    sys.argv = ["loccit", *arguments]
    if not measured:
        return main.main()
    try:
        return main.main()
    finally:
        _write(measured(), folder)


if __name__ == "__main__":
    sys.exit(_serve(sys.argv[1]))
