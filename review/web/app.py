"""The application: which address is answered by which page, and what errors look like."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from review.casework import DecisionError
from review.web import (
    decisions,
    finding_page,
    guide_page,
    log_page,
    overview_page,
    queue_page,
    source_page,
    stored_page,
)
from review.web.assets import static
from review.web.render import fragment, page
from review.web.security import LOOPBACK_NAMES, Endpoint, Security, form_post
from review.web.site import Site

_AT_ONCE: Final = 3
"""Pages made at the same time: more than the processor can, so that one waits for the database while others work."""


def routes() -> list[BaseRoute]:
    """Every page of the editors' desk, and every form on them."""
    return [
        Route("/", read(queue_page.queue), name="queue"),
        Route("/queue/news", read(queue_page.news)),
        Route("/decide", form_post(decisions.decide), methods=["POST"]),
        Route("/findings/{number:int}", read(finding_page.finding)),
        Route("/decisions/{number:int}/undo", form_post(decisions.undo), methods=["POST"]),
        Route("/decisions/{number:int}.patch", decisions.patch),
        Route("/log", read(log_page.log)),
        Route("/guides", read(guide_page.guides)),
        Route("/guides/{name:path}", read(guide_page.guide)),
        Route("/sources", source_page.sources),
        Route("/sources/{number:int}", read(source_page.source)),
        Route("/sources/{number:int}/compare", source_page.compare),
        Route("/hosts", source_page.hosts),
        Route("/hosts/{host}", source_page.host),
        Route("/overview", overview_page.overview),
        Route("/snapshots/{number:int}", stored_page.stored),
        Route("/help", log_page.help_page),
        Route("/static/{name}", static),
        Route("/healthz", healthz),
    ]


def read(handler: Callable[[Request], Response]) -> Endpoint:
    """An endpoint for a page that takes milliseconds: a few at a time, in the order in which they were asked for.

    Twenty threads at once would all finish last: Python runs one of them at a time, and hands over in between. What may
    take long (a search through all sources, a comparison of large pages) does not stand in this line.
    """

    async def endpoint(request: Request) -> Response:
        state = request.app.state
        if (line := getattr(state, "line", None)) is None:
            line = state.line = CapacityLimiter(_AT_ONCE)
        return await to_thread.run_sync(handler, request, limiter=line)

    return endpoint


def make_app(
    site: Site,
    *,
    more: Sequence[BaseRoute] = (),
    middleware: Sequence[Middleware] | None = None,
    outages: Sequence[type[Exception]] = (),
) -> Starlette:
    """The application over its ports. `outages`: what its ports raise, with a sentence for people, when the store is
    away or locked for long; the page says so, and nothing is logged as if it were a mistake of ours.
    """
    inner = [Middleware(Security, hosts=LOOPBACK_NAMES)] if middleware is None else list(middleware)
    handlers: dict[Any, Any] = {HTTPException: _error, DecisionError: _refused, Exception: _broken}
    handlers |= dict.fromkeys(outages, _away)
    app = Starlette(routes=[*more, *routes()], middleware=inner, exception_handlers=handlers)
    app.state.site = site
    return app


def healthz(request: Request) -> Response:
    """For whoever watches the server: the store answers. Anybody may ask, so nothing else is told."""
    request.app.state.site.bench.stamp()
    return JSONResponse({"status": "ok"})


async def _error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code < 400:
        return Response(status_code=error.status_code, headers=error.headers)
    told = error.detail if error.status_code != 404 else "There is nothing at this address."
    answer = page(request, "error.html.j2", status=error.status_code, code=error.status_code, words=told)
    answer.headers.update(error.headers or {})
    return answer


async def _refused(request: Request, error: Exception) -> Response:
    return page(request, "error.html.j2", status=409, code=409, words=str(error))


async def _away(request: Request, error: Exception) -> Response:  # noqa: ARG001
    words = "The store does not answer just now. Nothing was changed; please try again in a moment."
    if request.headers.get("hx-request") == "true":
        return HTMLResponse(fragment("conflict_stub.html.j2", conflicts=[], words=words), 409)
    answer = page(request, "error.html.j2", status=503, code=503, words=words)
    answer.headers["Retry-After"] = "10"
    return answer


async def _broken(request: Request, error: Exception) -> Response:  # noqa: ARG001
    # Starlette logs the error itself and raises it on; the reader is told without any of it.
    words = "Something went wrong here, and it was logged. Nothing was changed."
    return page(request, "error.html.j2", status=500, code=500, words=words)
