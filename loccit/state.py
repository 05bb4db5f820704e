"""The state file of `check --state FILE`: what runs without a server know of links, carried by a CI cache or a branch.

It is text, one link a line, sorted, and no database: git keeps a text file's versions as small differences, and its
`merge=union` joins two of them line by line; a cache compresses it to some 20 kB per thousand links. Whatever a merge
makes of it can be read: links that stand twice are joined (see `crawler.carried`), lines that are no links (conflict
marks, a torn end) are passed over. Bodies and bases are not in it, so that drift is not asked for with it.

Nothing about the file can fail a check. What cannot be read is told and moved aside, and the run starts afresh.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from crawler.carried import Carried, join, plausible
from crawler.model import LinkHistory, Verdict, VerdictKind
from crawler.urls import ResourceUrl, resource_url
from loccit.errors import LoccitError
from review.text import one_line

HEAD: Final = '{"loccit":"link state","version":1}'
MOST_BYTES: Final = 50_000_000
MOST_LINKS: Final = 200_000
KEEP: Final = timedelta(days=180)
"""A link that was not looked at for so long is forgotten: nobody cites it any more."""
_LONGEST_DETAIL: Final = 200
_LONGEST_FRAGMENT: Final = 500
_REASON: Final = re.compile(r"[a-z0-9-]{1,40}")


class _Line(msgspec.Struct, omit_defaults=True):
    """One link. Times are milliseconds since 1970; what is as usual is left out."""

    url: str
    at: int
    v: str
    r: str
    ok: int | None = None
    failing: int | None = None
    failures: int = 0
    lost: int | None = None
    status: int | None = None
    to: str = ""
    new: str | None = None
    tls: int | None = None
    why: str = ""
    fragments: dict[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRead:
    """What a file said: its links, and what is to be told of it.

    `foreign`: it is no state file of ours; `closed`: there is something that cannot be read, and is left alone.
    """

    links: Mapping[str, Carried]
    warning: str = ""
    foreign: bool = False
    closed: bool = False


def parse(data: bytes, now: datetime) -> StateRead:
    """The links of a state file, each once; never raises for what a file may hold."""
    if len(data) > MOST_BYTES:
        return StateRead(links={}, warning=f"larger than {MOST_BYTES // 1_000_000} MB", foreign=True)
    lines = data.split(b"\n")
    if HEAD.encode() not in (line.strip() for line in lines[:20]):
        return StateRead(links={}, warning="not a state file that this loccit reads", foreign=True)
    links: dict[str, Carried] = {}
    passed = 0
    for line in filter(None, map(bytes.strip, lines)):
        made = None if line == HEAD.encode() else _read(line)
        if made is None or not plausible(made, now):
            passed += line != HEAD.encode()
            continue
        links[made.url] = join(links[made.url], made) if made.url in links else made
    warning = f"{passed} of {len(links) + passed} lines could not be used and were passed over" if passed else ""
    return StateRead(links=links, warning=warning)


def dump(links: Iterable[Carried], now: datetime) -> str:
    """The file's text: those links that were looked at lately, in the order of their URLs."""
    young = [each for each in links if now - each.checked <= KEEP]
    young.sort(key=lambda each: each.checked, reverse=True)
    kept = sorted(young[:MOST_LINKS], key=lambda each: each.url)
    return "\n".join((HEAD, *(msgspec.json.encode(_line(each)).decode() for each in kept))) + "\n"


def joined(files: Iterable[Mapping[str, Carried]]) -> dict[str, Carried]:
    """What several runs know of each link together."""
    found: dict[str, Carried] = {}
    for links in files:
        for url, each in links.items():
            found[url] = join(found[url], each) if url in found else each
    return found


def _read(line: bytes) -> Carried | None:
    try:
        told = msgspec.json.decode(line, type=_Line)
        parsed = resource_url(told.url)
        if not isinstance(parsed, ResourceUrl) or parsed.url != told.url or not _REASON.fullmatch(told.r):
            return None
        return _carried(told)
    except (ValueError, OverflowError, OSError, RecursionError):
        return None


def _carried(told: _Line) -> Carried:
    """Raises ValueError, OverflowError or OSError for words and times that there are none of."""
    kind = VerdictKind(told.v)
    good = kind in (VerdictKind.OK, VerdictKind.MOVED)
    checked = _moment(told.at)
    return Carried(
        url=told.url,
        history=LinkHistory(
            checked=checked,
            last_ok=checked if good and told.ok is None else _moment(told.ok),
            failing_since=_moment(told.failing),
            failures=max(0, told.failures) if told.failing is not None else 0,
            unreachable_since=_moment(told.lost),
        ),
        verdict=Verdict(
            kind=kind,
            reason=told.r,
            status=told.status if told.status is not None else _status(told.r),
            final_url=told.to or (told.url if good else ""),
            replacement=told.new,
            tls_expires=_moment(told.tls),
            detail=told.why,
        ),
        fragments={name: state for name, state in told.fragments.items() if state in ("found", "missing")},
    )


def _line(each: Carried) -> _Line:
    history, verdict = each.history, each.verdict
    good = verdict.kind in (VerdictKind.OK, VerdictKind.MOVED)
    return _Line(
        url=each.url,
        at=_ms(each.checked),
        v=verdict.kind,
        r=verdict.reason,
        ok=None if history.last_ok is None or (good and history.last_ok == each.checked) else _ms(history.last_ok),
        failing=None if history.failing_since is None else _ms(history.failing_since),
        failures=history.failures,
        lost=None if history.unreachable_since is None else _ms(history.unreachable_since),
        status=None if verdict.status == _status(verdict.reason) else verdict.status,
        to="" if verdict.final_url == each.url else verdict.final_url,
        new=verdict.replacement,
        tls=None if verdict.tls_expires is None else _ms(verdict.tls_expires),
        why="" if good else one_line(verdict.detail, _LONGEST_DETAIL),
        fragments={name: state for name, state in each.fragments.items() if _writable(name)},
    )


def _writable(fragment: str) -> bool:
    return len(fragment) <= _LONGEST_FRAGMENT and one_line(fragment) == fragment


def _status(reason: str) -> int | None:
    """`http-404` says its status itself."""
    digits = reason.removeprefix("http-")
    return int(digits) if digits != reason and digits.isascii() and digits.isdigit() and len(digits) == 3 else None


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


# ---------------------------------------------------------------- the file


def read_state(path: Path, now: datetime) -> StateRead:
    """What the file says; nothing where there is none yet."""
    try:
        with path.open("rb") as file:
            return parse(file.read(MOST_BYTES + 1), now)
    except FileNotFoundError:
        return StateRead(links={})
    except OSError as error:
        return StateRead(links={}, warning=f"cannot be read: {error.strerror}", closed=True)


def write_state(path: Path, links: Mapping[str, Carried], now: datetime) -> str:
    """Join these links with what the file says by now, whole or not at all; gives what is to be told of it.

    A file that is not ours is kept beside as `NAME.unreadable`. Where the path is a link, what it leads to is written.
    """
    path = Path(os.path.realpath(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path.parent):
            there = read_state(path, now)
            if there.closed:
                return ""  # Told already, when it was read.
            if there.foreign:
                path.replace(path.with_name(f"{path.name}.unreadable"))
            _replace(path, dump(joined((there.links, links)).values(), now))
    except OSError as error:
        return f"{path}: the state could not be kept: {error.strerror or error}"
    return ""


def merge_files(paths: Iterable[Path], now: datetime) -> tuple[dict[str, Carried], list[str]]:
    """The links of several files, joined, and what is to be told. Raises LoccitError where a named file is missing."""
    told: list[str] = []
    read: list[Mapping[str, Carried]] = []
    for path in paths:
        if not path.exists():
            raise LoccitError(f"{path}: there is no such file")
        one = read_state(path, now)
        told += [f"{path}: {one.warning}"] if one.warning else []
        read.append(one.links)
    return joined(read), told


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        draft.write_text(text, "utf-8", newline="\n")
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder, so that of two runs that end at once neither overwrites the other's file; no lock file stays."""
    try:
        import fcntl
    except ImportError:  # Windows: a whole file all the same, the last one's.
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
