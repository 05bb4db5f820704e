"""From a template and a context to a page. Every foreign string is escaped; dates are told with their instant."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from review.text import count, day, instant, link_target, moment, one_line, shortened
from review.web.assets import asset_path
from review.web.security import FIELD, form_token, user_of
from review.web.words import verdict_words

_TEMPLATES: Final = Path(__file__).parent / "templates"
_AGES: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


@lru_cache(maxsize=1)
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "time": time_tag,
        "day": day_tag,
        "ago": ago_tag,
        "line": one_line,
        "short": shortened,
        "verdict": verdict_words,
    }
    made.globals |= {"count": count, "asset": asset_path, "target": link_target, "plain_day": day}
    return made


def fragment(template: str, **context: Any) -> Markup:
    """A part of a page, as markup."""
    # The template escapes what it is given.
    return Markup(_template(template).render(**context))  # noqa: S704


@lru_cache(maxsize=64)
def _template(name: str) -> Template:
    return environment().get_template(name)


@lru_cache(maxsize=32)
def macro(template: str, name: str) -> Callable[..., Markup]:
    """A macro of a template: what is drawn many times costs a call, not a template's whole context."""
    made: Callable[..., Markup] = getattr(_template(template).module, name)
    return made


def page(request: Request, template: str, /, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A whole page, with what every page has: who asks, the token of its forms, and what was just done."""
    site = request.app.state.site
    text = _template(template).render(
        user=user_of(request),
        token=form_token(request),
        token_field=FIELD,
        path=request.url.path,
        site_name=site.name,
        open_count=site.board.open_count(),
        told=_told(request),
        now=site.now(),
        **context,
    )
    return HTMLResponse(text, status_code=status)


def _told(request: Request) -> Mapping[str, str] | None:
    """What the last form did (its decision's number travels in the address, never its words)."""
    number = request.query_params.get("done", "")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    decision = request.app.state.site.bench.decision(int(number))
    if decision is None:
        return None
    return {
        "id": number,
        "words": done_words(decision),
        "undone": "yes" if decision.undone else "",
        "by": one_line(decision.by, 60),
        "patch": "yes" if decision.written.startswith("patch") and not decision.undone else "",
        "written": taken_back_words(request.query_params.get("files", ""))
        if decision.undone
        else one_line(decision.written, 200),
    }


def taken_back_words(what: str) -> str:
    """What became of the guides' files when a decision was taken back (a value of `review.ports.TakenBack`)."""
    return _TAKEN_BACK.get(what, "")


_TAKEN_BACK: Final = {
    "files": "The guide’s file is as it was before.",
    "commit": "On the branch, another commit takes it back.",
    "left": "The guide’s file was changed since, or its branch is gone: what was written there stays.",
    "patch": "It had been given as a patch: whoever applied that has to take it back, for example by git apply -R.",
}


def done_words(decision: Any) -> str:
    """ "2 findings let stand"."""
    many = count(len(decision.findings), "finding")
    return {
        "stet": f"{many} let stand",
        "dismissed": f"{many} dismissed as noise",
        "needs-edit": f"{many} marked: needs an edit",
        "assigned": f"{many} assigned",
        "url-replaced": f"Address replaced; {many} resolved",
    }.get(decision.action.value, many)


@lru_cache(maxsize=4096)
def time_tag(at: datetime | None, words: str = "") -> Markup:
    """`<time>` with the exact instant on hover; a script tells it in the reader's zone."""
    if at is None:
        return Markup("never")
    exact = at.astimezone(UTC)
    shown = words or f"{day(exact.date())}, {exact:%H:%M} UTC"
    kind = "ago" if words else "moment"
    return _time(f'datetime="{instant(at)}" title="{moment(at)}" data-zone="{kind}"', shown)


@lru_cache(maxsize=4096)
def day_tag(on: date | datetime | None) -> Markup:
    if on is None:
        return Markup("never")
    if isinstance(on, datetime):
        shown = day(on.astimezone(UTC).date())
        return _time(f'datetime="{instant(on)}" title="{moment(on)}" data-zone="day"', shown)
    return _time(f'datetime="{on.isoformat()}"', day(on))


def _time(attributes: str, shown: str) -> Markup:
    """`attributes` are made of numbers and names of months."""
    return Markup(f"<time {attributes}>{escape(shown)}</time>")  # noqa: S704


def ago_tag(at: datetime | None, now: datetime) -> Markup:
    """ "3 days ago", or "in 2 hours"."""
    if at is None:
        return escape("never")
    return time_tag(at, words=ago_words(at, now))


def ago_words(at: datetime, now: datetime) -> str:
    seconds = (now - at).total_seconds()
    for size, name in _AGES:
        if abs(seconds) >= size:
            told = count(int(abs(seconds) // size), name)
            return f"{told} ago" if seconds > 0 else f"in {told}"
    return "just now"
