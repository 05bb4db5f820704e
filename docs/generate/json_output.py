"""The page on the JSON that commands print: rendered by the very code that prints it, each field with its meaning."""

import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from generate.markdown import cell, code, table

from crawler.model import Change, DriftKind, Hop, SnapshotId, Verdict, VerdictKind
from guides.model import Citation, CitationKey, Claim, Guide, GuideId, GuideProblem, Role
from review.formats.json_ import render_check, render_findings, render_status
from review.model import (
    Accepted,
    CheckedCitation,
    CheckReport,
    CitationView,
    Finding,
    FindingId,
    FindingKind,
    FindingState,
    GuideLine,
    GuideState,
    GuideView,
    ReaderReport,
    Reason,
    Report,
    StateKind,
)

NOW: Final = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
DAY: Final = date(2026, 11, 8)
URL: Final = "https://www.example.org/privacy"
CLAIM: Final = Claim(text="Photos are kept for 30 days.", line=18)
CITED: Final = Citation(
    key=CitationKey("c1"), url=URL, role=Role.CITATION, line=7, column=10, number=1, title="Privacy"
)
GUIDE: Final = Guide(
    id=GuideId("photon"), title="Delete your account", file="guides/photon.md", verified=DAY, citations=(CITED,)
)

FIELDS: Final[dict[str, str]] = tomllib.loads(Path(__file__).with_name("fields.toml").read_text("utf-8"))


def json_page() -> str:
    parts = [
        "# JSON output",
        "",
        "What `loccit check`, `status` and `findings` print with `--format json`. Fields are added over time, and none "
        "is renamed or taken away within a major version. Words from pages and guides are given whole; characters that "
        "could move a terminal or forge a build server's command are written as `\\u` escapes.",
        "",
    ]
    for name, text in samples().items():
        fields = list(dict.fromkeys(paths(json.loads(text))))
        parts += [
            f"## loccit {name} --format json",
            "",
            "```json",
            text.rstrip(),
            "```",
            "",
            table(("field", "says"), [(code(path), cell(meaning(path))) for path in fields]),
            "",
        ]
    return "\n".join(parts)


def samples() -> dict[str, str]:
    """By command, what it would print of one guide."""
    report = Report(made=NOW, lines=(_line(),), findings=(_finding(),))
    return {"check": render_check(_check()), "status": render_status(report), "findings": render_findings(report)}


def paths(value: Any, above: str = "") -> Iterator[str]:
    """The names of all fields that hold a plain value; lists are stepped through."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from paths(inner, f"{above}.{key}" if above else key)
        case list() if value and isinstance(value[0], (dict, list)):
            yield from paths(value[0], above)
        case _:
            yield above


def meaning(path: str) -> str:
    """What a field says. KeyError where it is not told."""
    words = path.split(".")
    for at in range(len(words)):
        tail = words[at:]
        for told in (".".join(tail), ".".join([*tail[:-1], "*"]) if len(tail) > 1 else ""):
            if told in FIELDS:
                return FIELDS[told]
    raise KeyError(path)


def _check() -> CheckReport:
    verdict = Verdict(
        kind=VerdictKind.DEAD,
        reason="http-404",
        detail="answers 404, 3 times",
        status=404,
        final_url=f"{URL}/",
        hops=(Hop(url=URL, status=301, target=f"{URL}/"),),
        attempts=3,
        elapsed_ms=12.3,
    )
    checked = CheckedCitation(
        guide=GUIDE, citation=CITED, verdict=verdict, fragment=None, drift=None, archived=None, fails=False,
        accepted=Accepted(word="dead", reason="rewritten in spring", until=date(2027, 2, 23)),
    )  # fmt: skip
    return CheckReport(
        version="1.0.0", started=NOW, finished=NOW, outage=False, guides=1, resources=1, citations=(checked,),
        problems=(GuideProblem(file="guides/photon.md", line=12, column=3, message="…", fatal=False),),
    )  # fmt: skip


def _finding() -> Finding:
    return Finding(
        id=FindingId(7), kind=FindingKind.DRIFT, state=FindingState.OPEN, severity="material", guide=GUIDE.id,
        citation=CITED.key, url=URL, opened=NOW, updated=NOW, summary="30 days → 14 days (Retention)",
        changes=(
            Change(
                before="We keep photos for 30 days.", after="We keep photos for 14 days.", drift=DriftKind.MATERIAL,
                reason="30 days → 14 days", heading="Retention",
            ),
        ),
        claims=(CLAIM,), basis=SnapshotId(1), now=SnapshotId(2),
        reports=(ReaderReport(words="It is 14 days now.", at=NOW),),
    )  # fmt: skip


def _line() -> GuideLine:
    view = CitationView(citation=CITED, verdict=None, checked=NOW, drift=DriftKind.MATERIAL)
    reason = Reason(
        kind="drift", summary="30 days → 14 days (Retention)", url=URL, drift=DriftKind.MATERIAL, finding=FindingId(7),
        claims=(CLAIM,), since=NOW,
    )  # fmt: skip
    return GuideLine(
        view=GuideView(guide=GUIDE, verified=DAY, citations=(view,), open_findings=()),
        state=GuideState(state=StateKind.STALE, since=NOW, reasons=(reason,)),
    )
