"""Atom feeds of open findings, and badges of guides."""

import hashlib
from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from guides.model import GuideId
from review.feed import atom
from review.model import GuideLine
from review.states import guide_state
from review.text import one_line
from review.web.access import may_follow
from review.web.outward import base_url, outward_of
from review.web.site import site_of

_ENTRIES = 60
_SECRET = "This needs a token for feeds: ?token=…, made by an admin.\n"  # noqa: S105


def routes() -> list[BaseRoute]:
    return [
        Route("/feeds/all.atom", every),
        Route("/feeds/tag/{tag}.atom", of_tag),
        Route("/feeds/guide/{name:path}.atom", of_guide),
        Route("/badge/{name:path}.svg", badge),
    ]


def every(request: Request) -> Response:
    return _feed(request, "What needs an editor", "/feeds/all.atom", None)


def of_tag(request: Request) -> Response:
    tag = request.path_params["tag"]
    guides = [each.id for each in site_of(request).shelf.guides().values() if tag in each.tags]
    title = f"What needs an editor: {one_line(tag, 60)}"
    return _feed(request, title, f"/feeds/tag/{_named(tag)}", guides)


def of_guide(request: Request) -> Response:
    name = GuideId(request.path_params["name"])
    guide = site_of(request).shelf.guides().get(name)
    title = f"What needs an editor: {one_line(guide.title, 100) if guide else ''}"
    return _feed(request, title, f"/feeds/guide/{_named(name)}", [name] if guide else [])


def _feed(request: Request, title: str, path: str, guides: Sequence[GuideId] | None) -> Response:
    outward = outward_of(request)
    if not may_follow(request, public=outward.settings.public_feeds):
        return PlainTextResponse(_SECRET, 401, headers={"X-No-Cookie": "1"})
    if guides is not None and not guides:
        raise HTTPException(404)
    findings = outward.box.newest_findings(_ENTRIES, guides=guides)
    known = site_of(request).shelf.guides()
    titles = {each.guide: known[each.guide].title for each in findings if each.guide in known}
    body = atom(findings, title=title, path=path, base=base_url(request), titles=titles)
    return cached(request, body, "application/atom+xml", "private, max-age=300")


def badge(request: Request) -> Response:
    outward, site = outward_of(request), site_of(request)
    if not may_follow(request, public=outward.settings.public_badges):
        return PlainTextResponse(_SECRET, 401, headers={"X-No-Cookie": "1"})
    guide = site.shelf.guides().get(GuideId(request.path_params["name"]))
    if guide is None:
        return PlainTextResponse("There is no such guide.\n", 404, headers={"X-No-Cookie": "1"})
    (view,) = site.bench.view([guide])
    line = GuideLine(view=view, state=guide_state(view, site.policy, today=site.today()))
    answer = cached(request, outward.badge(line).encode(), "image/svg+xml", "public, max-age=300")
    # Badges stand on other sites' pages.
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def cached(request: Request, body: bytes, kind: str, control: str) -> Response:
    """The body, or 304 where the asker has it already. Sets no cookie."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": control, "X-No-Cookie": "1"}
    held = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if tag in held or held == ["*"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers)


def _named(text: str) -> str:
    """A text as part of an id: what is no plain word becomes a digest."""
    plain = text if text.isascii() and text.replace("-", "").replace("_", "").isalnum() and len(text) < 80 else ""
    return plain or hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]
