"""Readers' reports: the public form, the same form for other sites to embed, and a place for sites that post by script.

Nobody logs in. Of the reader nothing is kept but the words; an address is only counted, as a keyed hash in memory.
"""

import json
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from guides.model import Guide, GuideId
from review.reported import MAX_WORDS, Step, steps_of, words_of
from review.text import one_line
from review.web.outward import Outward, outward_of
from review.web.render import fragment
from review.web.security import POLICY, Form, address_of, from_elsewhere, read_body, read_form
from review.web.site import site_of

TRAP: Final = "website"
"""A field that no person sees: whoever fills it in is a program."""
_MAX_REPORT: Final = 40_000
_SHORTEST: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a report. `wrong` is a sentence for the reader, "" where it was taken."""

    status: int
    wrong: str = ""
    retry: int = 0


_TAKEN: Final = Answer(status=200)


def routes() -> list[BaseRoute]:
    return [
        Route("/report", form_page, methods=["GET"]),
        Route("/report", form_sent, methods=["POST"]),
        Route("/embed/report", embedded_page, methods=["GET"]),
        Route("/embed/report", embedded_sent, methods=["POST"]),
        Route("/api/v1/reports", posted, methods=["POST"]),
        Route("/api/v1/reports", preflight, methods=["OPTIONS"]),
    ]


def take(request: Request, guide_id: str, step: str, words: str, trap: str) -> Answer:
    """Check a report and keep it. Runs in a thread."""
    outward = outward_of(request)
    guide = site_of(request).shelf.guides().get(GuideId(guide_id))
    if guide is None:
        return Answer(status=404, wrong="There is no such guide here.")
    kept = words_of(words)
    if len(kept) < _SHORTEST:
        return Answer(status=422, wrong="Say in a few words what is incorrect.")
    chosen, wrong = _step(guide, step)
    if wrong:
        return Answer(status=422, wrong=wrong)
    if trap.strip():
        # As if it had been taken: a program that is told otherwise tries another way.
        return _TAKEN
    now = outward.door.now()
    place = outward.veil(address_of(request), now)
    wait = max(outward.reports_here.wait(place, now), outward.reports_all.wait("", now))
    if wait:
        seconds = int(wait.total_seconds()) + 1
        return Answer(status=429, wrong="Too many reports came at once. Please try again later.", retry=seconds)
    outward.reports_here.count(place, now)
    outward.reports_all.count("", now)
    outward.box.report_incorrect(guide.id, chosen, kept, at=now)
    return _TAKEN


def _step(guide: Guide, number: str) -> tuple[Step | None, str]:
    if not number:
        return None, ""
    steps = steps_of(guide)
    if number.isascii() and number.isdigit() and len(number) < 5 and 1 <= int(number) <= len(steps):
        return steps[int(number) - 1], ""
    return None, "This guide has no such step."


# ---------------------------------------------------------------- the form, here and embedded


async def form_page(request: Request) -> Response:
    _on(request)
    return await _page(request, embedded=False)


async def form_sent(request: Request) -> Response:
    return await _sent(request, embedded=False)


async def embedded_page(request: Request) -> Response:
    _embeddable(request)
    return await _page(request, embedded=True)


async def embedded_sent(request: Request) -> Response:
    _embeddable(request)
    if from_elsewhere(request.headers, frozenset()):
        raise HTTPException(403, "This was sent by another site, and nothing was done.")
    return await _sent(request, embedded=True)


async def _sent(request: Request, *, embedded: bool) -> Response:
    _on(request)
    form = await read_form(request, _MAX_REPORT)
    guide, step, words = (_one(form, name) for name in ("guide", "step", "words"))
    answer = await run_in_threadpool(take, request, guide, step, words, _one(form, TRAP))
    return await _page(request, embedded=embedded, form=form, answer=answer)


async def _page(
    request: Request, *, embedded: bool, form: Form | None = None, answer: Answer | None = None
) -> Response:
    asked = _one(form, "guide") if form is not None else request.query_params.get("guide", "")
    step = _one(form, "step") if form is not None else request.query_params.get("step", "")
    guides = await run_in_threadpool(site_of(request).shelf.guides)
    guide = guides.get(GuideId(asked))
    done = answer is not None and not answer.wrong
    status = answer.status if answer is not None else (200 if guide else 404)
    text = fragment(
        "report.html.j2",
        action="/embed/report" if embedded else "/report",
        guide=guide.id if guide else "",
        title=one_line(guide.title, 200) if guide else "",
        steps=steps_of(guide) if guide else [],
        step=step,
        words=words_of(_one(form, "words")),
        wrong=answer.wrong if answer is not None else ("" if guide else "There is no such guide here."),
        done=done,
        trap=TRAP,
        most=MAX_WORDS,
    )
    headers = {"X-No-Cookie": "1"}
    if answer is not None and answer.retry:
        headers["Retry-After"] = str(answer.retry)
    if embedded:
        headers |= _frames(outward_of(request))
    return HTMLResponse(text, status_code=status, headers=headers)


def _frames(outward: Outward) -> dict[str, str]:
    """May be framed by the configured sites, and by no other."""
    allowed = " ".join(outward.settings.report_origins)
    policy = POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {allowed}")
    return {
        "Content-Security-Policy": policy,
        "X-Frame-Options": "",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Cross-Origin-Opener-Policy": "unsafe-none",
    }


def _on(request: Request) -> None:
    if not outward_of(request).settings.reports:
        raise HTTPException(404)


def _embeddable(request: Request) -> None:
    _on(request)
    if not outward_of(request).settings.report_origins:
        raise HTTPException(404)


def _one(form: Form | None, name: str) -> str:
    return ((form or {}).get(name) or [""])[0]


# ---------------------------------------------------------------- for sites that post themselves


async def posted(request: Request) -> Response:
    """JSON or a form: guide, step (optional), words."""
    _on(request)
    allowed = _origin(request)
    if allowed is None:
        return JSONResponse({"error": "this site may not post reports here"}, status_code=403, headers=_PLAIN)
    try:
        fields = await _fields(request)
    except HTTPException as error:
        return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=allowed)
    if fields is None:
        problem = {"error": "send guide, step and words as texts, in JSON or as a form"}
        return JSONResponse(problem, status_code=422, headers=allowed)
    guide, step, words, trap = fields
    answer = await run_in_threadpool(take, request, guide, step, words, trap)
    if answer.wrong:
        retry = {"Retry-After": str(answer.retry)} if answer.retry else {}
        return JSONResponse({"error": answer.wrong}, status_code=answer.status, headers={**allowed, **retry})
    return JSONResponse({"taken": True}, status_code=202, headers=allowed)


async def preflight(request: Request) -> Response:
    _on(request)
    allowed = _origin(request)
    if allowed is None or "Access-Control-Allow-Origin" not in allowed:
        return Response(status_code=403, headers=_PLAIN)
    more = {
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "content-type",
        "Access-Control-Max-Age": "600",
    }
    return Response(status_code=204, headers={**allowed, **more})


_PLAIN: Final = {"X-No-Cookie": "1", "Vary": "Origin"}


def _origin(request: Request) -> dict[str, str] | None:
    """The headers that let the asking site read the answer; None where it is none of the configured ones."""
    origin = request.headers.get("origin", "")
    if origin and origin in outward_of(request).settings.report_origins:
        return {**_PLAIN, "Access-Control-Allow-Origin": origin, "Cross-Origin-Resource-Policy": "cross-origin"}
    return None if from_elsewhere(request.headers, frozenset()) else dict(_PLAIN)


async def _fields(request: Request) -> tuple[str, str, str, str] | None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        form = await read_form(request, _MAX_REPORT)
        return _one(form, "guide"), _one(form, "step"), _one(form, "words"), _one(form, TRAP)
    body = await read_body(request, _MAX_REPORT)
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    step = said.get("step")
    step = "" if step is None else str(step) if isinstance(step, int) and not isinstance(step, bool) else step
    guide, words, trap = said.get("guide"), said.get("words"), said.get(TRAP, "")
    if not (isinstance(guide, str) and isinstance(words, str) and isinstance(step, str) and isinstance(trap, str)):
        return None
    return guide, step, words, trap
