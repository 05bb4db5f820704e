"""The form posts: what was chosen, checked against what it was when it was seen, decided, and told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from guides.model import GuideId
from review.casework import (
    Action,
    Conflict,
    ConflictError,
    Decision,
    DecisionError,
    DecisionId,
    Entry,
    Expected,
    FileChange,
)
from review.model import FindingId
from review.people import Role
from review.ports import TakenBack, Writing
from review.queue import Card
from review.text import one_line
from review.web import masking, replacing
from review.web.board import Dealt
from review.web.render import done_words, fragment, page, taken_back_words
from review.web.security import Form, form_token, may, user_of
from review.web.site import Site, site_of
from review.web.words import state_words

_NOTE: Final = 2000
_NAME: Final = 80
_MOST: Final = 5000
"""Findings in one decision."""
_WAYS: Final = {each.value: each for each in Writing}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictView:
    """What the second of two editors is told."""

    finding: int
    summary: str
    words: str
    at: datetime | None
    open: bool


def decide(request: Request, form: Form) -> Response:
    """Every decision about findings comes here: from a card, from many, or from a finding's page."""
    site = site_of(request)
    do = one(form, "do")
    site.board.touch()
    try:
        expected = _chosen(site.board.dealt(), form)
        decision = _decide(request, form, do, expected)
    except ConflictError as error:
        return _conflict(request, form, error.conflicts)
    except DecisionError as error:
        return _refused(request, form, str(error))
    finally:
        site.board.touch()
    return _done(request, form, decision)


def one(form: Form, name: str, limit: int = 300) -> str:
    """A field of one line; "" where it was not sent."""
    return one_line((form.get(name) or [""])[0], limit)


def _decide(request: Request, form: Form, do: str, expected: Sequence[Expected]) -> Decision:
    site, by = site_of(request), user_of(request).name
    at, note = site.now().astimezone(UTC), one(form, "note", _NOTE)
    match do:
        case "stet":
            return _stet(site, form, expected, by=by, at=at, note=note)
        case "dismiss":
            masks = masking.chosen(site, form, expected)
            return site.bench.dismiss(expected, masks=masks, at=at, by=by, note=note)
        case "edit":
            return site.bench.assign(
                expected, to=one(form, "to", _NAME) or by, needs_edit=True, at=at, by=by, note=note
            )
        case "assign":
            return site.bench.assign(expected, to=one(form, "to", _NAME), needs_edit=False, at=at, by=by, note=note)
        case "mine":
            return site.bench.assign(expected, to=by, needs_edit=False, at=at, by=by, note=note)
        case "replace":
            return replacing.replace_url(site, form, expected, by=by, at=at, note=note)
        case _:
            raise HTTPException(400, "Choose what to do.")


def _stet(site: Site, form: Form, expected: Sequence[Expected], *, by: str, at: datetime, note: str) -> Decision:
    dealt = site.board.dealt()
    on = site.today()
    verify = whole_guides(dealt, {each.finding for each in expected})
    way = way_of(site, form)
    known = [dealt.guides[name] for name in verify if name in dealt.guides]
    files = site.scribe.verified(known, on) if way is not Writing.NONE else []
    title = f"Verified on {on.isoformat()}: " + ", ".join(guide.id for guide in known[:5])
    with site.shelf.held(), Writes(site, files, way=way, by=by, message=title) as written:
        return site.bench.let_stand(
            expected, verify=verify, on=on, at=at, by=by, note=note, files=files, written=written.words
        )


class Writes:
    """Files first, then the store: if the store refuses, the files are as they were."""

    def __init__(self, site: Site, files: Sequence[FileChange], *, way: Writing, by: str, message: str) -> None:
        self._site, self._files, self._way = site, files, way
        self._by, self._message = by, message
        self.words = ""

    def __enter__(self) -> "Writes":
        if self._files:
            self.words = self._site.scribe.write(self._files, way=self._way, by=self._by, message=self._message)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self._files:
            message = f"Take back: {self._message}"
            self._site.scribe.take_back(self._files, way=self._way, by=self._by, message=message)


def way_of(site: Site, form: Form, *, writes: bool = False) -> Writing:
    """How the guides' files are written: as was asked, where that is possible, else the preferred way.

    `writes`: the decision is nothing without the file, so that leaving it alone is no way.
    """
    ways = [way for way in site.scribe.ways() if not (writes and way is Writing.NONE)]
    asked = _WAYS.get(one(form, "way"))
    if asked is not None and ((asked is Writing.NONE and not writes) or asked in ways):
        return asked
    return ways[0] if ways else Writing.NONE


def whole_guides(dealt: Dealt, findings: set[FindingId]) -> list[GuideId]:
    """The guides of these findings of which nothing else is open."""
    touched = {entry.guide for entry in entries_of(dealt, findings)}
    return sorted(name for name in touched if all(each.id in findings for each in dealt.by_guide.get(name, ())))


def entries_of(dealt: Dealt, findings: set[FindingId]) -> list[Entry]:
    keys = dict.fromkeys(dealt.by_finding[number] for number in findings if number in dealt.by_finding)
    return [entry for key in keys for entry in dealt.by_key[key].entries if entry.id in findings]


# ---------------------------------------------------------------- what was chosen


def _chosen(dealt: Dealt, form: Form) -> list[Expected]:
    """The findings of the cards and the single findings that the form names, as they were when they were seen."""
    found: dict[FindingId, Expected] = {}
    for version in form.get("card", ())[:1000]:
        for each in _of_card(dealt, version):
            found[each.finding] = each
    alone = one(form, "scope") == "one"
    named = [*form.get("only" if alone else "finding", ()), *form.get("sibling", ())]
    for written in named[: _MOST + 1]:
        number, _, seen = written.partition(".")
        if not (number.isascii() and number.isdigit() and seen.isascii() and seen.isdigit()) or len(written) > 40:
            raise HTTPException(400, "The form names a finding that cannot be read.")
        found[FindingId(int(number))] = Expected(finding=FindingId(int(number)), updated=_moment(int(seen)))
    if not found:
        raise DecisionError("Nothing was chosen. Tick a card first.")
    if len(found) > _MOST:
        raise DecisionError(f"These are {len(found):,} findings; decide about at most {_MOST:,} at once.")
    return list(found.values())


def _of_card(dealt: Dealt, version: str) -> list[Expected]:
    """A card's findings. One that is not as it was seen raises a ConflictError with what became of it."""
    key, _, rest = version.partition(".")
    many, _, seen = rest.partition(".")
    if not (many.isascii() and many.isdigit() and seen.isascii() and seen.isdigit()) or len(version) > 60:
        raise HTTPException(400, "The form names a card that cannot be read.")
    card = dealt.by_key.get(key)
    if card is None:
        raise DecisionError("Somebody has decided about this change already, or its source went back.")
    if card.version != version:
        raise DecisionError(_card_changed(card, int(many)))
    return [Expected(finding=entry.id, updated=entry.updated) for entry in card.entries]


def _card_changed(card: Card, many: int) -> str:
    work = max(
        (entry.work for entry in card.entries if entry.work.at), key=lambda each: each.at or _START, default=None
    )
    if work is not None and many == len(card.entries):
        what = (
            "marked it: needs an edit"
            if work.needs_edit
            else f"assigned it to {one_line(work.assignee, 40) or 'nobody'}"
        )
        return f"{one_line(work.by, 40)} has {what} meanwhile. Load the page again and look."
    return "This change is not what it was when you saw it. Load the page again and look."


_START: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _moment(micro: int) -> datetime:
    if micro > 253_402_300_799_000_000:
        raise HTTPException(400, "The form names a moment that cannot be.")
    return datetime.fromtimestamp(micro // 1_000_000, UTC).replace(microsecond=micro % 1_000_000)


# ---------------------------------------------------------------- answers


def _done(request: Request, form: Form, decision: Decision) -> Response:
    if request.headers.get("hx-request") == "true":
        return HTMLResponse(_stub(request, decision))
    return RedirectResponse(with_done(back_to(form), decision.id), 303)


def _stub(request: Request, decision: Decision, **more: Any) -> str:
    return fragment(
        "done.html.j2",
        decision=decision,
        words=done_words(decision),
        written=one_line(decision.written, 200),
        token=form_token(request),
        patch=has_patch(decision),
        **more,
    )


def has_patch(decision: Decision) -> bool:
    return decision.written.startswith("patch") or decision.action is Action.REPLACE


def back_to(form: Form, default: str = "/") -> str:
    """Where the form says that it came from: a path of ours, never another site."""
    path = one(form, "back", 2000)
    if not path.startswith("/") or path.startswith("//") or "\\" in path:
        return default
    return path


def with_done(path: str, number: int, more: str = "") -> str:
    """The address with the number of what was just done, in front of its anchor."""
    rest, hash_, anchor = path.partition("#")
    base, _, query = rest.partition("?")
    kept = "&".join(part for part in query.split("&") if part and not part.startswith(("done=", "files=")))
    return f"{base}?{kept}{'&' if kept else ''}done={number}{more}{hash_}{anchor}"


def _conflict(request: Request, form: Form, conflicts: Sequence[Conflict]) -> Response:
    views = [conflict_view(each) for each in conflicts]
    if request.headers.get("hx-request") == "true":
        return HTMLResponse(fragment("conflict_stub.html.j2", conflicts=views, words=""), 409)
    return page(
        request, "conflict.html.j2", status=409, conflicts=views, words="", note=_typed(form), back=back_to(form)
    )


def _refused(request: Request, form: Form, words: str) -> Response:
    if request.headers.get("hx-request") == "true":
        return HTMLResponse(fragment("conflict_stub.html.j2", conflicts=[], words=words), 409)
    return page(
        request, "conflict.html.j2", status=409, conflicts=[], words=words, note=_typed(form), back=back_to(form)
    )


def _typed(form: Form) -> str:
    """What the editor wrote must not be lost with the decision."""
    return (form.get("note") or [""])[0][:_NOTE]


def conflict_view(conflict: Conflict) -> ConflictView:
    finding, work = conflict.finding, conflict.work
    if finding.state.value == "open":
        who = one_line(work.by, 60) if work.at else ""
        what = (
            "marked it: needs an edit"
            if work.needs_edit
            else f"assigned it to {one_line(work.assignee, 60) or 'nobody'}"
        )
        words = f"{who} has {what}" if who else "its source has changed again"
        at = work.at if who else finding.updated
    else:
        who = one_line(finding.by, 60) or "loccit"
        words, at = f"{who}: {state_words(finding.state.value)}", finding.closed
    return ConflictView(
        finding=finding.id,
        summary=one_line(finding.summary, 200),
        words=words,
        at=at,
        open=finding.state.value == "open",
    )


# ---------------------------------------------------------------- taking back


def undo(request: Request, form: Form) -> Response:
    site, by = site_of(request), user_of(request).name
    number = DecisionId(request.path_params["number"])
    told = TakenBack.NOTHING
    try:
        with site.shelf.held():
            decision, files = site.bench.undo(number, at=site.now().astimezone(UTC), by=by)
            if files:
                message = f"Take back decision {decision.id}: {done_words(decision)}"
                told = site.scribe.take_back(files, way=_way_written(decision), by=by, message=message)
    except DecisionError as error:
        return _refused(request, form, str(error))
    finally:
        site.board.touch()
    if request.headers.get("hx-request") == "true":
        return HTMLResponse(_card_again(request, decision, told))
    more = "" if told is TakenBack.NOTHING else f"&files={told.value}"
    return RedirectResponse(with_done(back_to(form), decision.id, more), 303)


def _way_written(decision: Decision) -> Writing:
    """How the decision had reached the guides' files, by what the scribe said of it."""
    first = decision.written.partition(" ")[0]
    return {"written": Writing.FILE, "committed": Writing.BRANCH, "patch": Writing.PATCH}.get(first, Writing.NONE)


def _card_again(request: Request, decision: Decision, told: TakenBack) -> str:
    """The card that a decision had taken away, in its place."""
    from review.web.queue_page import PLACEHOLDER, card_markup

    site = site_of(request)
    dealt = site.board.dealt()
    keys = dict.fromkeys(dealt.by_finding[number] for number in decision.findings if number in dealt.by_finding)
    cards = "".join(card_markup(dealt.by_key[key], dealt, decides=True) for key in list(keys)[:50])
    if not cards or told not in (TakenBack.NOTHING, TakenBack.FILES):
        words = taken_back_words(told.value)
        cards = str(fragment("undone.html.j2", words=done_words(decision), told=words)) + cards
    return cards.replace(PLACEHOLDER, form_token(request))


def patch(request: Request) -> Response:
    """The change to the guides' files that a decision asks for, as a patch."""
    may(request, Role.VIEWER)
    site = site_of(request)
    files = site.bench.files_of(DecisionId(request.path_params["number"]))
    if not files:
        raise HTTPException(404)
    name = f"loccit-{request.path_params['number']}.patch"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return PlainTextResponse(site.scribe.patch(files), headers=headers)
