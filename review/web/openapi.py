"""The OpenAPI 3.1 document, made from the values of `review.api`."""

from functools import lru_cache
from typing import Any, Final

import msgspec

from review.api import DecisionIn, DecisionOut, FindingOut, FindingPage, GuideOut, GuidePage, Problem, ReportIn
from review.api import ReportTaken as Taken
from review.model import FindingKind, FindingState, StateKind

_REF: Final = "#/components/schemas/{name}"
_KINDS: Final = (FindingOut, FindingPage, GuideOut, GuidePage, DecisionIn, DecisionOut, ReportIn, Taken, Problem)


@lru_cache(maxsize=4)
def document(version: str, base: str) -> bytes:
    """The document as JSON; `base` is where the API is reached."""
    _, components = msgspec.json.schema_components(_KINDS, ref_template=_REF)
    made = {
        "openapi": "3.1.0",
        "info": {
            "title": "loccit",
            "version": version or "0",
            "description": "Findings, guides and decisions of a loccit store. Reading needs a token with the scope "
            "`read`, deciding one with `decide`; readers' reports need none.",
        },
        "servers": [{"url": base}],
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    return msgspec.json.encode(made, order="deterministic")


def _paths() -> dict[str, Any]:
    number = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
    name = {"name": "guide", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    return {
        "/api/v1/findings": {
            "get": _operation(
                "findings",
                "Findings in order of their numbers, page by page.",
                FindingPage,
                [
                    _query("state", [*FindingState, "any"]),
                    _query("kind", list(FindingKind)),
                    _query("severity"),
                    _query("guide"),
                    *_PAGED,
                ],
                also=(400,),
            )
        },
        "/api/v1/findings/{id}": {"get": _operation("finding", "One finding.", FindingOut, [number], also=(404,))},
        "/api/v1/findings/{id}/decision": {
            "post": _operation(
                "decide",
                "Let a finding stand, or dismiss it as noise. Guides' files are not touched.",
                DecisionOut,
                [number],
                body=DecisionIn,
                also=(400, 404, 409, 413),
            )
        },
        "/api/v1/guides": {
            "get": _operation(
                "guides",
                "Guides with their states, in order of their ids, page by page.",
                GuidePage,
                [_query("tag"), _query("state", list(StateKind)), *_PAGED],
                also=(400,),
            )
        },
        "/api/v1/guides/{guide}": {"get": _operation("guide", "One guide.", GuideOut, [name], also=(404,))},
        "/api/v1/reports": {
            "post": {
                **_operation(
                    "report",
                    "A reader says that a guide is incorrect.",
                    Taken,
                    [],
                    body=ReportIn,
                    also=(400, 404, 413, 422, 429),
                    status=202,
                ),
                "security": [],
            }
        },
    }


def _operation(
    name: str,
    summary: str,
    gives: type,
    parameters: list[dict[str, Any]],
    *,
    body: type | None = None,
    also: tuple[int, ...] = (),
    status: int = 200,
) -> dict[str, Any]:
    refused = {str(code): _answer(_WORDS[code], Problem) for code in sorted({401, 403, *also})}
    made: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "parameters": parameters,
        "responses": {str(status): _answer("Done.", gives), **refused},
    }
    if body is not None:
        made["requestBody"] = {"required": True, "content": _json(body)}
    return made


def _answer(words: str, kind: type) -> dict[str, Any]:
    return {"description": words, "content": _json(kind)}


def _json(kind: type) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(name=kind.__name__)}}}


def _query(name: str, words: list[Any] | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if words:
        schema["enum"] = [str(word) for word in words]
    return {"name": name, "in": "query", "required": False, "schema": schema}


_PAGED: Final = (
    {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string"}},
    {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer", "minimum": 1, "maximum": 200}},
)
_WORDS: Final = {
    400: "The request cannot be read.",
    401: "Without a good token.",
    403: "The token does not open this.",
    404: "There is no such thing.",
    409: "It is not as it was seen, or is decided already.",
    413: "Too large.",
    422: "Something in it is wrong.",
    429: "Too many.",
}
