"""What the doctor finds, as values and as text. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from review.text import one_line


class Mark(StrEnum):
    """`bad`: something that is set up cannot work. `warn`: it works, and will do less than it could."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at: what was found, and what to do where it is not in order."""

    name: str
    mark: Mark
    said: str
    todo: str = ""


_WIDTH: Final = 12


def ok(name: str, said: str) -> Check:
    return Check(name=name, mark=Mark.OK, said=one_line(said, 300))


def warn(name: str, said: str, todo: str) -> Check:
    return Check(name=name, mark=Mark.WARN, said=one_line(said, 300), todo=one_line(todo, 300))


def bad(name: str, said: str, todo: str) -> Check:
    return Check(name=name, mark=Mark.BAD, said=one_line(said, 300), todo=one_line(todo, 300))


def is_well(checks: Sequence[Check]) -> bool:
    """Whether everything that is set up can work."""
    return all(check.mark is not Mark.BAD for check in checks)


def as_text(checks: Sequence[Check]) -> str:
    """One line for each thing, and one more where there is something to do."""
    lines: list[str] = []
    for check in checks:
        lines.append(f"{check.mark.value:<5}{check.name:<{_WIDTH}}{check.said}")
        if check.todo:
            lines.append(f"{'':<5}{'':<{_WIDTH}}→ {check.todo}")
    bads = sum(check.mark is Mark.BAD for check in checks)
    warns = sum(check.mark is Mark.WARN for check in checks)
    summary = "everything is in order" if not bads + warns else f"{bads} bad, {warns} to look at"
    return "".join(f"{line}\n" for line in (*lines, summary))


def as_json(checks: Sequence[Check]) -> str:
    """`{"ok": …, "checks": [{"name", "mark", "said", "todo"}]}`."""
    told = [{"name": each.name, "mark": each.mark.value, "said": each.said, "todo": each.todo} for each in checks]
    return json.dumps({"ok": is_well(checks), "checks": told}, ensure_ascii=False, indent=2) + "\n"
