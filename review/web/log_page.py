"""The log of decisions, and the page of help and keys."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse

from review.text import one_line
from review.web.render import page
from review.web.security import user_of
from review.web.site import site_of
from review.web.words import action_words

_PAGE: Final = 50


def log(request: Request) -> HTMLResponse:
    """Every decision, newest first, with what takes it back."""
    site = site_of(request)
    text = request.query_params.get("from", "")
    start = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
    found = site.bench.decisions(skip=start, limit=_PAGE + 1)
    titles = site.shelf.guides()
    rows: list[dict[str, Any]] = [
        {
            "id": each.id,
            "by": one_line(each.by, 60) or "somebody",
            "words": action_words(each.action.value),
            "at": each.at,
            "note": one_line(each.note, 300),
            "findings": each.findings[:6],
            "more": max(0, len(each.findings) - 6),
            "guides": [
                (name, one_line(titles[name].title if name in titles else name, 80)) for name in each.guides[:3]
            ],
            "more_guides": max(0, len(each.guides) - 3),
            "written": one_line(each.written, 200),
            "undone": each.undone,
            "undone_by": one_line(each.undone_by, 60),
        }
        for each in found[:_PAGE]
    ]
    following = start + _PAGE if len(found) > _PAGE else 0
    return page(request, "log.html.j2", rows=rows, start=start, following=following, editor=user_of(request).may_decide)


def help_page(request: Request) -> HTMLResponse:
    return page(request, "help.html.j2")
