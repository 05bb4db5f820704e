"""Who may read what programs ask for: by a token in the request's head, a token in the address, or a login."""

from starlette.exceptions import HTTPException
from starlette.requests import Request

from review.people import Scope, Token, hash_of, opens
from review.web.outward import outward_of
from review.web.security import Rights, check_token, user_of

_LONGEST = 200


def who_reads(request: Request) -> str:
    """The name of who asks the API for reading. Raises 401 and 403."""
    return _who(request, Scope.READ, Rights.VIEWER)


def who_decides(request: Request) -> str:
    """The name of who decides through the API. A browser's login needs a form's token as well. Raises 401 and 403."""
    name = _who(request, Scope.DECIDE, Rights.EDITOR)
    if not request.headers.get("authorization"):
        check_token(request, request.headers.get("x-form-token", ""))
    return name


def _who(request: Request, scope: Scope, role: Rights) -> str:
    if request.headers.get("authorization"):
        token = _bearer(request)
        if token is None:
            raise HTTPException(401, "This token is not good (any more).", headers=_ASK)
        if not opens(token.scope, scope):
            raise HTTPException(403, f"This token opens “{token.scope}”; this needs “{scope}”.")
        return f"token: {token.label}"
    user = user_of(request)
    if not user.known:
        raise HTTPException(401, "Send a token: Authorization: Bearer …", headers=_ASK)
    if not user.role.include(role):
        raise HTTPException(403, f"This needs the rights of an {role}.")
    return user.name


def may_follow(request: Request, *, public: bool) -> bool:
    """Whether feeds and badges are shown: to anybody, who is logged in, or who has a token for them in the address."""
    if public or user_of(request).known:
        return True
    secret = request.query_params.get("token", "")
    token = _token(request, secret) if secret else _bearer(request)
    return token is not None and (token.scope is Scope.FEED or (not secret and opens(token.scope, Scope.READ)))


def _bearer(request: Request) -> Token | None:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return _token(request, secret.strip()) if scheme.lower() == "bearer" else None


def _token(request: Request, secret: str) -> Token | None:
    if not 0 < len(secret) <= _LONGEST:
        return None
    outward = outward_of(request)
    return outward.people.token(hash_of(secret), at=outward.door.now())


_ASK = {"WWW-Authenticate": 'Bearer realm="loccit"'}
