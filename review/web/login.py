"""Logging in and out, the links that set a password, and one's own account."""

from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from review.people import Account, hash_of, password_mistake
from review.text import count
from review.web.outward import Outward, outward_of
from review.web.render import page
from review.web.security import (
    Form,
    Rights,
    address_of,
    cookie,
    cookie_name,
    form_post,
    may,
    safe_next,
    user_of,
)
from review.web.sessions import SESSION

_WRONG: Final = "Name or password is wrong."
_OVER: Final = "This link holds no longer: it was used, or it is too old. Ask for another one."


def routes() -> list[BaseRoute]:
    return [
        Route("/login", login),
        Route("/login", form_post(log_in, role=None), methods=["POST"]),
        Route("/logout", form_post(log_out, role=Rights.VIEWER), methods=["POST"]),
        Route("/welcome/{secret}", welcome),
        Route("/welcome/{secret}", form_post(set_first, role=None), methods=["POST"]),
        Route("/account", account),
        Route("/account/password", form_post(change, role=Rights.VIEWER), methods=["POST"]),
    ]


def field(form: Form, name: str) -> str:
    """A field that is sent once; "" where it is missing."""
    return (form.get(name) or [""])[0]


def login(request: Request) -> Response:
    target = safe_next(request.query_params.get("next", "/"))
    if user_of(request).known:
        return RedirectResponse(target, 303)
    return _login_page(request, target)


def log_in(request: Request, form: Form) -> Response:
    outward = outward_of(request)
    name, password = field(form, "name").strip(), field(form, "password")
    target = safe_next(field(form, "next") or "/")
    wait = outward.door.too_many(name, address_of(request))
    if wait:
        answer = _login_page(request, target, wrong=f"Too many tries. Wait {_minutes(wait)}.", status=429)
        answer.headers["Retry-After"] = str(int(wait.total_seconds()) + 1)
        return answer
    found = outward.door.check(name, password, address_of(request))
    if found is None:
        return _login_page(request, target, wrong=_WRONG, status=401)
    outward.door.leave(request)
    return _enter(outward, found, target)


def log_out(request: Request, form: Form) -> Response:  # noqa: ARG001
    outward = outward_of(request)
    outward.door.leave(request)
    answer = RedirectResponse("/login", 303)
    name = cookie_name(SESSION, outward.door.secure)
    answer.headers.append("Set-Cookie", cookie(name, "", secure=outward.door.secure, seconds=0))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def welcome(request: Request) -> Response:
    return _welcome_page(request)


def set_first(request: Request, form: Form) -> Response:
    outward = outward_of(request)
    mark = hash_of(request.path_params["secret"])
    owner = outward.people.ticket_owner(mark, at=outward.door.now())
    if owner is None:
        return _welcome_page(request)
    password = field(form, "password")
    wrong = password_mistake(password, owner[1].name)
    if not wrong and password != field(form, "again"):
        wrong = "the two are not the same"
    if wrong:
        return _welcome_page(request, wrong=wrong, status=422)
    redeemed = outward.people.redeem(mark, outward.door.passwords.hashed(password), at=outward.door.now())
    if redeemed is None:
        return _welcome_page(request)
    outward.door.leave(request)
    return _enter(outward, redeemed, "/")


def account(request: Request) -> Response:
    return _account_page(request)


def change(request: Request, form: Form) -> Response:
    outward, user = outward_of(request), may(request, Rights.VIEWER)
    if user.account is None or user.way != "session":
        return _account_page(request, wrong="you did not log in with a password here", status=422)
    wait = outward.door.too_many(user.name, address_of(request))
    if wait:
        return _account_page(request, wrong=f"too many tries; wait {_minutes(wait)}", status=429)
    known = outward.door.check(user.name, field(form, "old"), address_of(request))
    password = field(form, "password")
    wrong = "the old password is wrong" if known is None else password_mistake(password, user.name)
    if not wrong and password != field(form, "again"):
        wrong = "the two new ones are not the same"
    if wrong or known is None:
        return _account_page(request, wrong=wrong, status=422)
    outward.people.set_password(known.id, outward.door.passwords.hashed(password), at=outward.door.now())
    return _enter(outward, known, "/account?changed=1")


def _enter(outward: Outward, found: Account, target: str) -> Response:
    secret = outward.door.enter(found)
    answer = RedirectResponse(target, 303)
    seconds = int(outward.door.rules.whole.total_seconds())
    name, secure = cookie_name(SESSION, outward.door.secure), outward.door.secure
    answer.headers.append("Set-Cookie", cookie(name, secret, secure=secure, seconds=seconds))
    return answer


def _login_page(request: Request, target: str, *, wrong: str = "", status: int = 200) -> Response:
    empty = outward_of(request).people.count() == 0
    return page(request, "login.html.j2", status=status, target=target, wrong=wrong, empty=empty)


def _welcome_page(request: Request, *, wrong: str = "", status: int = 200) -> Response:
    outward = outward_of(request)
    owner = outward.people.ticket_owner(hash_of(request.path_params["secret"]), at=outward.door.now())
    name = owner[1].name if owner else ""
    over = "" if owner else _OVER
    answer = page(request, "welcome.html.j2", status=status if owner else 410, name=name, wrong=wrong, over=over)
    # The address holds the secret: nobody else is told of it.
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _account_page(request: Request, *, wrong: str = "", status: int = 200) -> Response:
    changed = "changed" in request.query_params and not wrong
    return page(request, "account.html.j2", status=status, wrong=wrong, changed=changed)


def _minutes(wait: timedelta) -> str:
    return count(max(1, round(wait.total_seconds() / 60)), "minute")
