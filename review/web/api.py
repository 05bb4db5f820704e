"""The JSON API: findings, guides and decisions, for programs. What it gives is described at /api/v1/openapi.json."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from datetime import UTC, timedelta
from typing import Any, Final, TypeAlias

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match, Route

from guides.model import Guide, GuideId
from review.api import DecisionIn, DecisionOut, FindingPage, GuidePage, finding_out, guide_out
from review.casework import ConflictError, DecisionError, Expected
from review.model import Finding, FindingId, FindingKind, FindingState, GuideLine, StateKind
from review.states import guide_state
from review.text import one_line
from review.web.access import who_decides, who_reads
from review.web.feeds import cached
from review.web.openapi import document
from review.web.outward import base_url, outward_of
from review.web.security import read_body
from review.web.site import Site, site_of

_LIMIT: Final = 50
_MOST: Final = 200
_MAX_BODY: Final = 20_000
_NOTE: Final = 2_000
_LONGEST: Final = 2_000
_AS_SEEN: Final = timedelta(seconds=1)

Handler: TypeAlias = Callable[[Request], Any]


def routes() -> list[BaseRoute]:
    return [
        Route("/api/v1/openapi.json", _shown(openapi)),
        Route("/api/v1/findings", _shown(findings)),
        Route("/api/v1/findings/{number:int}", _shown(one_finding)),
        Route("/api/v1/findings/{number:int}/decision", decide, methods=["POST"]),
        Route("/api/v1/guides", _shown(guides)),
        Route("/api/v1/guides/{name:path}", _shown(one_guide)),
        Route("/api/{rest:path}", nothing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]


def _shown(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that gives a value as JSON, with its ETag; mistakes are JSON as well."""

    async def endpoint(request: Request) -> Response:
        try:
            value = await run_in_threadpool(handler, request)
        except HTTPException as error:
            return problem(error)
        body = value if isinstance(value, bytes) else msgspec.json.encode(value)
        return await run_in_threadpool(cached, request, body, "application/json", "private, no-cache")

    return endpoint


def problem(error: HTTPException) -> Response:
    """A mistake as the API tells it."""
    headers = {**(error.headers or {}), "X-No-Cookie": "1"}
    return JSONResponse({"error": one_line(error.detail, 300)}, status_code=error.status_code, headers=headers)


async def nothing(request: Request) -> Response:
    for route in request.app.routes:
        if route.matches(request.scope)[0] is Match.PARTIAL:
            return problem(HTTPException(405, f"{request.method} is not for this address."))
    return problem(HTTPException(404, "There is nothing at this address."))


def openapi(request: Request) -> bytes:
    return document(outward_of(request).version, base_url(request))


# ---------------------------------------------------------------- findings


def findings(request: Request) -> FindingPage:
    who_reads(request)
    limit, guide = _limit(request), _word(request, "guide")
    state, kind = request.query_params.get("state", FindingState.OPEN.value), request.query_params.get("kind")
    states = list(FindingState) if state == "any" else [each for each in FindingState if each.value == state]
    kinds = [each for each in FindingKind if each.value == kind]
    if not states or (kind is not None and not kinds):
        raise HTTPException(400, "There is no such state or kind.")
    last = _cursor(request)
    if last and not (last.isascii() and last.isdigit() and len(last) < 11):
        raise HTTPException(400, "The cursor is none of ours.")
    after = min(int(last or 0), 2**31 - 1)
    found = outward_of(request).box.findings_after(
        after,
        limit + 1,
        states=states,
        kinds=kinds,
        severity=_word(request, "severity"),
        guide=GuideId(guide) if guide else None,
    )
    shown = found[:limit]
    more = _as_cursor(str(shown[-1].id)) if len(found) > limit else None
    return FindingPage(findings=[finding_out(each) for each in shown], next=more)


def one_finding(request: Request) -> Any:
    who_reads(request)
    return finding_out(_finding(request))


async def decide(request: Request) -> Response:
    try:
        by = await run_in_threadpool(who_decides, request)
        asked = _asked(await read_body(request, _MAX_BODY))
        made = await run_in_threadpool(_decide, request, asked, by)
    except HTTPException as error:
        return problem(error)
    except ConflictError:
        return problem(HTTPException(409, "The finding is not as it was seen; nothing was changed."))
    except DecisionError as error:
        return problem(HTTPException(409, str(error)))
    return Response(msgspec.json.encode(made), media_type="application/json", headers={"X-No-Cookie": "1"})


def _asked(body: bytes) -> DecisionIn:
    try:
        return msgspec.json.decode(body, type=DecisionIn)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise HTTPException(400, f"The request cannot be read: {error}") from None


def _decide(request: Request, asked: DecisionIn, by: str) -> DecisionOut:
    site, finding = site_of(request), _finding(request)
    seen = asked.updated
    if finding.state is not FindingState.OPEN:
        raise HTTPException(409, f"The finding is not open: it was {finding.state}.")
    if seen is not None:
        seen = seen if seen.tzinfo else seen.replace(tzinfo=UTC)
        if abs(finding.updated - seen) >= _AS_SEEN:
            raise HTTPException(409, "The finding is not as it was seen; nothing was changed.")
    expected = [Expected(finding=finding.id, updated=finding.updated)]
    at, note = site.now().astimezone(UTC), one_line(asked.note, _NOTE)
    if asked.action == "stet":
        done = site.bench.let_stand(expected, on=site.today(), at=at, by=by, note=note, files=())
    else:
        done = site.bench.dismiss(expected, masks=(), at=at, by=by, note=note)
    return DecisionOut(decision=done.id, finding=finding_out(_finding(request)))


def _finding(request: Request) -> Finding:
    number = request.path_params["number"]
    case = site_of(request).bench.case(FindingId(number)) if 0 < number < 2**31 else None
    if case is None:
        raise HTTPException(404, "There is no such finding.")
    return case.finding


# ---------------------------------------------------------------- guides


def guides(request: Request) -> GuidePage:
    """A page may hold fewer than asked for where a state is asked for: what is looked through is bounded."""
    who_reads(request)
    site, limit, tag = site_of(request), _limit(request), _word(request, "tag")
    state = request.query_params.get("state")
    if state is not None and state not in set(StateKind):
        raise HTTPException(400, "There is no such state.")
    last = _cursor(request)
    known = sorted(
        (each for each in site.shelf.guides().values() if each.id > last and (not tag or tag in each.tags)),
        key=lambda each: each.id,
    )
    shown = known[:limit]
    lines = [guide_out(line) for line in _lines(site, shown)]
    more = _as_cursor(shown[-1].id) if len(known) > limit else None
    return GuidePage(guides=[each for each in lines if state in (None, each.state)], next=more)


def one_guide(request: Request) -> Any:
    who_reads(request)
    site = site_of(request)
    guide = site.shelf.guides().get(GuideId(request.path_params["name"]))
    if guide is None:
        raise HTTPException(404, "There is no such guide.")
    return guide_out(_lines(site, [guide])[0])


def _lines(site: Site, wanted: list[Guide]) -> list[GuideLine]:
    today = site.today()
    views = site.bench.view(wanted) if wanted else []
    return [GuideLine(view=view, state=guide_state(view, site.policy, today=today)) for view in views]


# ---------------------------------------------------------------- what is asked for


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= _MOST):
        raise HTTPException(400, f"limit is a number from 1 to {_MOST}.")
    return int(text)


def _word(request: Request, name: str) -> str:
    text = request.query_params.get(name, "")
    if len(text) > _LONGEST:
        raise HTTPException(400, f"{name} is too long.")
    return text


def _as_cursor(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def _cursor(request: Request) -> str:
    """Where the page before ended; "" for the first one."""
    text = _word(request, "cursor")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise HTTPException(400, "The cursor is none of ours.") from None
