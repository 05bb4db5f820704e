"""What a reader reports: which words are taken, what they are joined with, and the line that an editor sees. Pure."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from guides.model import Guide, Statement, StatementKind
from review.model import ReaderReport
from review.text import MAX_SUMMARY, count, one_line, shortened

MAX_WORDS: Final = 2_000
"""Characters of one report."""
MAX_REPORTS: Final = 20
"""Different reports kept under one finding; more are counted with the last one."""

_PARAGRAPH: Final = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One numbered step of a guide, as the guide's file has it."""

    number: int
    text: str
    line: int


def steps_of(guide: Guide) -> list[Step]:
    """The guide's steps, counted from 1 as readers count them."""
    found = [each for each in guide.statements if each.kind is StatementKind.STEP]
    return [Step(number=number, text=_text(each), line=each.line) for number, each in enumerate(found, 1)]


def words_of(text: str) -> str:
    """A reader's words as they are kept: paragraphs stay, what hides, turns or steers text goes, and it is bounded."""
    text = text[: 8 * MAX_WORDS].replace("\r\n", "\n").replace("\r", "\n")
    paragraphs = [one_line(part) for part in _PARAGRAPH.split(text)]
    return shortened("\n".join(part for part in paragraphs if part), MAX_WORDS)


def print_of(step: Step | None) -> str:
    """Names what is reported: reports of one step of one guide are one finding."""
    said = one_line(step.text).casefold() if step else ""
    return hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=16).hexdigest()


def joined(reports: Sequence[ReaderReport], words: str, at: datetime) -> tuple[ReaderReport, ...]:
    """The reports with one more, the newest last; the same words again are counted, not kept twice."""
    key = _key(words)
    kept = list(reports)
    for number, each in enumerate(kept):
        if _key(each.words) == key:
            kept[number] = replace(each, times=each.times + 1, at=at)
            return tuple(kept)
    if len(kept) >= MAX_REPORTS:
        kept[-1] = replace(kept[-1], times=kept[-1].times + 1, at=at)
        return tuple(kept)
    return (*kept, ReaderReport(words=words, at=at))


def summary_of(reports: Sequence[ReaderReport], step_number: int | None) -> str:
    """ "3 readers report step 2: “there is no such button”"."""
    many = sum(each.times for each in reports)
    where = f"step {step_number}" if step_number else "this guide"
    lead = f"{count(many, 'reader')} {'reports' if many == 1 else 'report'} {where}: “"
    return lead + shortened(one_line(reports[-1].words), MAX_SUMMARY - len(lead) - 1) + "”"


def _key(words: str) -> str:
    return one_line(words).casefold()


def _text(statement: Statement) -> str:
    return one_line(statement.text, 300)
