"""The page on a guide's keys, from the schema that the reader of guides gives of itself."""

from typing import Any, Final

from generate.markdown import cell, code, table

from guides.schema import guide_schema

_LINKS: Final = {
    "sources": "list of [sources](#a-source-in-official-and-citations)",
    "place": "[place](#a-place)",
}


def guide_page() -> str:
    schema = guide_schema()
    definitions: dict[str, Any] = schema["$defs"]
    parts = [
        "# A guide's keys",
        "",
        "Front matter of Markdown, or the keys of a guide in YAML or JSON. All of them may be left out: a page without "
        "front matter is still a guide, with its first heading as title and its links as citations. Keys that are not "
        "listed belong to your site's generator and are let be. Published HTML pages are read, too.",
        "",
        _properties(schema),
        "",
        "## A source, in `official` and `citations`",
        "",
        "A plain address is enough; with more to say it is an object:",
        "",
        _properties(definitions["source"]),
        "",
        "## A place",
        "",
        "Where on the source's page the cited passage stands. Without one the page's main content counts. "
        "`{quote: …}` and `{heading: …}` outlive a new design of the page; a selector is exact while the design lasts.",
        "",
        table(
            ("form", "keys"),
            [
                (code(f"{{{form['required'][0]}: …}}"), ", ".join(code(key) for key in form["properties"]))
                for form in definitions["place"]["oneOf"]
            ],
        ),
        "",
        "`remove` leaves elements within the place out; `until` ends it before another element, `through` behind it.",
        "",
        "The JSON Schema is `schemas/guide.schema.json`; with YAML plugins of editors, write at a file's top "
        "`# yaml-language-server: $schema=…/guide.schema.json`.",
        "",
    ]
    return "\n".join(parts)


def _properties(schema: dict[str, Any]) -> str:
    return table(
        ("key", "value", "what it is"),
        [
            (code(key), cell(_value(told)), cell(told.get("description", "")))
            for key, told in schema["properties"].items()
        ],
    )


def _value(told: dict[str, Any]) -> str:
    if "enum" in told:
        return ", ".join(f"`{word}`" for word in told["enum"] if word is not None)
    if "anyOf" in told:
        return " or ".join(dict.fromkeys(_value(each) for each in told["anyOf"]))
    if "$ref" in told:
        name = str(told["$ref"]).rpartition("/")[2]
        return _LINKS.get(name, name)
    kinds = told.get("type", "anything")
    if kinds == "array":
        return f"list of {_value(told.get('items', {}))}"
    names = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    listed = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]
    return " or ".join(names.get(kind, kind) for kind in listed)
