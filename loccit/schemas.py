"""The JSON Schemas in schemas/, made from the models: `python -m loccit.schemas DIR` writes them."""

import json
import sys
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from guides.schema import DRAFT, guide_schema
from guides.settings import Ignore, Mapping
from loccit.described import described
from loccit.settings import SECTIONS

_DURATION: Final = {
    "type": ["string", "number"],
    "description": 'A length of time: "12h", "30d", "90m"; or seconds.',
}


def settings_schema() -> dict[str, Any]:
    """Of loccit.toml, from the dataclasses of its tables. Unknown keys are errors, as they are to loccit."""
    _, components = msgspec.json.schema_components(SECTIONS.values(), schema_hook=_hook, ref_template="#/$defs/{name}")
    defs = {name: _closed(schema) for name, schema in components.items()}
    for kind in (*SECTIONS.values(), Mapping, Ignore):
        for key, what in described(kind).items():
            if what:
                defs[kind.__name__]["properties"][key]["description"] = what
    tables = {name: {"$ref": f"#/$defs/{kind.__name__}"} for name, kind in SECTIONS.items()}
    mapping = defs.get("Mapping", {}).get("properties", {})
    for key in ("url", "text"):
        if key in mapping:
            mapping[key] = {"anyOf": [mapping[key], {"type": "string"}]}
    for item in fields(SECTIONS["schedule"]):
        if item.type is not timedelta:
            continue
        told = defs["Schedule"]["properties"][item.name]["description"]
        defs["Schedule"]["properties"][item.name] = {**_DURATION, "description": f"{told} {_DURATION['description']}"}
    return {
        "$schema": DRAFT,
        "$id": "loccit.schema.json",
        "title": "loccit.toml",
        "type": "object",
        "properties": tables,
        "additionalProperties": False,
        "$defs": defs,
    }


def schemas() -> dict[str, str]:
    """Every published schema's text, by its file's name."""
    made = {"guide.schema.json": guide_schema(), "loccit.schema.json": settings_schema()}
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in made.items()}


def _hook(kind: type) -> dict[str, Any]:
    if kind is timedelta:
        return _DURATION
    raise NotImplementedError


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "additionalProperties": False} if schema.get("type") == "object" else schema


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
