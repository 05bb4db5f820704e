"""The admins' page: accounts with their roles, and tokens for programs. What is secret is shown once."""

from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from review.people import Role, Scope, TicketKind, TokenId, hash_of, label_of, name_mistake, new_secret, new_token
from review.web.login import field
from review.web.outward import base_url, outward_of
from review.web.render import page
from review.web.security import Form, Rights, form_post, may, user_of

_MOST_DAYS: Final = 3650


def routes() -> list[BaseRoute]:
    return [
        Route("/people", people),
        Route("/people/invite", form_post(invite, role=Rights.ADMIN), methods=["POST"]),
        Route("/people/role", form_post(set_role, role=Rights.ADMIN), methods=["POST"]),
        Route("/people/remove", form_post(remove, role=Rights.ADMIN), methods=["POST"]),
        Route("/people/reset", form_post(reset, role=Rights.ADMIN), methods=["POST"]),
        Route("/people/token", form_post(make_token, role=Rights.ADMIN), methods=["POST"]),
        Route("/people/revoke", form_post(revoke, role=Rights.ADMIN), methods=["POST"]),
    ]


def people(request: Request) -> Response:
    may(request, Rights.ADMIN)
    return _people_page(request)


def invite(request: Request, form: Form) -> Response:
    outward, name = outward_of(request), field(form, "name").strip()
    role = _role(field(form, "role"))
    wrong = name_mistake(name)
    if not wrong and role is None:
        wrong = "choose a role"
    if not wrong and role is not Role.ADMIN and outward.people.count() == 0:
        wrong = "the first account must be an admin: nobody could keep the others else"
    if not wrong and outward.people.account(name) is not None:
        wrong = f"there is an account “{name}” already"
    if wrong or role is None:
        return _people_page(request, wrong=wrong, status=422)
    outward.people.add(name, role, at=outward.door.now(), by=user_of(request).name)
    return _ticket(request, name, TicketKind.INVITE)


def reset(request: Request, form: Form) -> Response:
    outward, name = outward_of(request), field(form, "name")
    if outward.people.account(name) is None:
        return _people_page(request, wrong="there is no such account", status=422)
    return _ticket(request, name, TicketKind.RESET)


def set_role(request: Request, form: Form) -> Response:
    outward, name, role = outward_of(request), field(form, "name"), _role(field(form, "role"))
    if role is None or outward.people.account(name) is None:
        return _people_page(request, wrong="there is no such account or role", status=422)
    if wrong := _only_admin(request, name) if role is not Role.ADMIN else "":
        return _people_page(request, wrong=wrong, status=409)
    outward.people.set_role(name, role, at=outward.door.now(), by=user_of(request).name)
    return RedirectResponse("/people", 303)


def remove(request: Request, form: Form) -> Response:
    outward, name = outward_of(request), field(form, "name")
    if outward.people.account(name) is None:
        return _people_page(request, wrong="there is no such account", status=422)
    if wrong := _only_admin(request, name):
        return _people_page(request, wrong=wrong, status=409)
    outward.people.remove(name, at=outward.door.now(), by=user_of(request).name)
    return RedirectResponse("/people", 303)


def make_token(request: Request, form: Form) -> Response:
    outward, label = outward_of(request), label_of(field(form, "label"))
    scope = next((each for each in Scope if each.value == field(form, "scope")), None)
    days = field(form, "days").strip() or "0"
    if not label or scope is None:
        return _people_page(request, wrong="a token has a label, and something that it opens", status=422)
    if not (days.isascii() and days.isdigit() and len(days) < 6 and int(days) <= _MOST_DAYS):
        return _people_page(request, wrong=f"days are a number up to {_MOST_DAYS}; empty for no end", status=422)
    secret, now = new_token(), outward.door.now()
    expires = now + timedelta(days=int(days)) if int(days) else None
    outward.people.add_token(label, scope, hash_of(secret), by=user_of(request).name, at=now, expires=expires)
    return _people_page(request, shown=secret, what=f"The token “{label}”", status=201)


def revoke(request: Request, form: Form) -> Response:
    number = field(form, "id")
    if number.isascii() and number.isdigit() and len(number) < 10:
        outward = outward_of(request)
        outward.people.revoke_token(TokenId(int(number)), at=outward.door.now(), by=user_of(request).name)
    return RedirectResponse("/people", 303)


def _ticket(request: Request, name: str, kind: TicketKind) -> Response:
    outward, secret = outward_of(request), new_secret()
    now = outward.door.now()
    expires = now + timedelta(hours=outward.settings.invite_hours)
    outward.people.ticket(name, kind, hash_of(secret), at=now, expires=expires)
    link = f"{base_url(request)}/welcome/{secret}"
    return _people_page(request, shown=link, what=f"The link for “{name}” to set a password", status=201)


def _only_admin(request: Request, name: str) -> str:
    """The store refuses as well; this says it on the page."""
    every = outward_of(request).people.accounts()
    admins = [each.name.casefold() for each in every if each.role is Role.ADMIN]
    return f"“{name}” is the only admin; make another one first" if admins == [name.casefold()] else ""


def _role(word: str) -> Role | None:
    return next((each for each in Role if each.value == word), None)


def _people_page(request: Request, *, wrong: str = "", shown: str = "", what: str = "", status: int = 200) -> Response:
    outward = outward_of(request)
    return page(
        request,
        "people.html.j2",
        status=status,
        accounts=outward.people.accounts(),
        tokens=outward.people.tokens(),
        roles=[each.value for each in Role],
        scopes=_SCOPES,
        wrong=wrong,
        shown=shown,
        what=what,
        hours=outward.settings.invite_hours,
    )


_SCOPES: Final = (
    (Scope.READ.value, "read the API"),
    (Scope.DECIDE.value, "read the API and decide"),
    (Scope.FEED.value, "feeds and badges, in their address"),
)
