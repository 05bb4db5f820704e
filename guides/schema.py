"""The JSON Schema of a guide's keys, made from the names that the reader knows: for editors' YAML plugins."""

from typing import Any, Final

from guides.frontmatter import CITATION_KEYS, DIFFICULTIES, GUIDE_KEYS, STATEMENT_KEYS
from guides.model import Render
from guides.places import PLACE_KINDS

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Final = {"type": "string"}
_NAME: Final = {"type": ["string", "integer"]}
_DATE: Final = {"type": "string", "description": "A date: 2025-11-08."}
_GUIDE: Final[dict[str, dict[str, Any]]] = {
    "id": {**_NAME, "description": "The guide's name; the file's stem where there is none."},
    "title": {**_TEXT, "description": "What the guide is called."},
    "service": {**_TEXT, "description": "The service that it is about."},
    "difficulty": {"enum": [*DIFFICULTIES, None]},
    "time": {**_NAME, "description": "How long it takes."},
    "verified": {**_DATE, "description": "The day on which somebody last saw that the guide holds."},
    "updated": _DATE,
    "method": {**_TEXT, "description": "How it was verified."},
    "tags": {"anyOf": [{"type": "array", "items": _NAME}, _TEXT]},
    "official": {"$ref": "#/$defs/sources"},
    "citations": {"$ref": "#/$defs/sources"},
    "inline": {"type": "boolean", "description": "false: links in the text are no citations."},
    **{key: {"description": "Statements that may rest on a source."} for key in STATEMENT_KEYS},
}
_CITATION: Final[dict[str, dict[str, Any]]] = {
    "id": {**_NAME, "description": "The number by which the text refers to it: [1]."},
    "title": _TEXT,
    "url": {**_TEXT, "pattern": r"^\s*(?:[A-Za-z][A-Za-z0-9+.-]*:)?//"},
    "supports": {"description": "What the guide says on its strength: the claim."},
    "place": {"$ref": "#/$defs/place"},
    "render": {"enum": [kind.value for kind in Render], "description": "Whether the page needs a real browser."},
}


def guide_schema() -> dict[str, Any]:
    """The schema. Keys that are not ours belong to the site's generator, and are let be."""
    return {
        "$schema": DRAFT,
        "$id": "guide.schema.json",
        "title": "A guide that loccit watches: front matter, or a YAML or JSON file",
        "type": "object",
        "properties": {key: _GUIDE[key] for key in GUIDE_KEYS},
        "$defs": {
            "sources": {"type": ["array", "null"], "items": {"anyOf": [_TEXT, {"$ref": "#/$defs/source"}]}},
            "source": {
                "type": "object",
                "properties": {key: _CITATION[key] for key in CITATION_KEYS},
                "required": ["url"],
            },
            "place": {
                "description": "Where on the source's page the cited passage stands.",
                "oneOf": [_place(kind, keys) for kind, keys in PLACE_KINDS.items()],
            },
        },
    }


def _place(kind: str, keys: tuple[str, ...]) -> dict[str, Any]:
    remove = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
    return {
        "type": "object",
        "properties": {key: remove if key == "remove" else _TEXT for key in keys},
        "required": [kind],
        "additionalProperties": False,
    }
