"""Logs: one line an event on standard error, for people or as JSON, and nothing in them that is nobody's business.

What a URL carries behind its `?` may be a token, what stands before an `@` a password: neither is ever written.
"""

import json
import logging
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from crawler.model import Attempt, Failed, Fetched, Observation, Refused
from review.model import CloseFinding, FindingOp, OpenFinding
from review.text import inert, one_line

FORMATS: Final = ("text", "json")

FETCHES: Final = logging.getLogger("loccit.fetch")
TOLD: Final = logging.getLogger("loccit")

_URL: Final = re.compile(
    r"(?i)\b([a-z][a-z0-9+.\-]*://)(?:[^/\s?#\"'<>]*@)?([^\s?#\"'<>]*)(\?[^\s#\"'<>]*)?(#[^\s\"'<>]*)?"
)
_PAIR: Final = re.compile(
    r"(?i)\b((?:[a-z_]*(?:password|passwd|secret|token|api_?key))|authorization|cookie)(\s*[=:]\s*)(?:bearer\s+)?[^\s,;]+"
)
_KEYS: Final = ("fetch", "event", "url", "verdict", "reason", "status", "ms", "attempts", "run", "guide")
"""What a line may say besides its sentence."""
_LONGEST: Final = 2_000


def without_secrets(words: str) -> str:
    """The words, URLs in them without user name, password, query and fragment, and without values that say what they
    are.
    """
    shown = _URL.sub(lambda at: f"{at[1]}{at[2]}{'?…' if at[3] else ''}", words)
    return _PAIR.sub(r"\1\2…", shown)


def fetch_id(run: int | None, look: Observation) -> str:
    """One look's own name: run, resource and moment, by which the store knows it as well."""
    return f"{run or 0:x}-{look.source:x}-{int(look.at.timestamp() * 1000):x}"


def log_look(look: Observation, ops: Sequence[FindingOp], run: int | None) -> None:
    """A line for a look, for each finding that it opened or closed, and with --verbose for each of its attempts."""
    if not FETCHES.isEnabledFor(logging.INFO):
        return
    known: dict[str, Any] = {"fetch": fetch_id(run, look), "url": look.url, "run": run}
    for number, attempt in enumerate(look.visit.attempts, 1):
        FETCHES.debug("attempt %d: %s", number, _attempt(attempt), extra={**known, "event": "attempt"})
    last = look.visit.last
    told = {
        **known,
        "event": "look",
        "verdict": str(look.verdict.kind),
        "reason": look.verdict.reason,
        "status": getattr(last, "status", None),
        "ms": round(sum(getattr(each, "elapsed_ms", 0.0) for each in look.visit.attempts), 1),
        "attempts": len(look.visit.attempts),
    }
    FETCHES.info("%s %s %s", look.verdict.kind, look.verdict.reason, look.url, extra=told)
    for op in ops:
        if isinstance(op, OpenFinding):
            FETCHES.info("opened: %s", op.severity, extra={**known, "event": "finding-opened", "guide": op.guide})
        elif isinstance(op, CloseFinding):
            FETCHES.info("closed: %s", op.state, extra={**known, "event": "finding-closed"})


def _attempt(attempt: Attempt) -> str:
    match attempt:
        case Failed(kind=kind) | Refused(kind=kind):
            return str(kind)
        case Fetched(status=status, body=body):
            return f"{status}, {len(body)} bytes, {attempt.elapsed_ms:.0f} ms"
        case _:
            return f"not modified, {attempt.elapsed_ms:.0f} ms"


def configure(kind: str, *, verbose: bool) -> None:
    """Send every logger's lines to standard error. Others' loggers say what is wrong, and no more."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if kind == "json" else _Text())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    TOLD.setLevel(logging.DEBUG if verbose else logging.INFO)
    FETCHES.setLevel(logging.DEBUG if verbose else logging.INFO if kind == "json" else logging.WARNING)


class _Text(logging.Formatter):
    """For people: the sentence alone; what a fetch says with the fetch's name before it."""

    def format(self, record: logging.LogRecord) -> str:
        words = _words(self, record)
        name = getattr(record, "fetch", "")
        return f"{name}  {words}" if name else words


class _Json(logging.Formatter):
    """For programs: one object a line."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _words(self, record),
        }
        for key in _KEYS:
            value = getattr(record, key, None)
            if value is not None:
                told[key] = without_secrets(one_line(value, _LONGEST)) if isinstance(value, str) else value
        return json.dumps(told, ensure_ascii=False)


def _words(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    words = record.getMessage()
    if record.exc_info:
        words = f"{words}: {formatter.formatException(record.exc_info)}"
    return inert(without_secrets(one_line(words.replace("\n", " | "), _LONGEST)))
